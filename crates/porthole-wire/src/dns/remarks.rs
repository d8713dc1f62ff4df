//! The comments in the resolv.conf that Docker 26 and newer write, as moby's `internal/resolvconf` makes them.

use porthole_model::{EngineRemarks, NotedForwarder};

use super::name_server;

/// Takes what one comment says; most of them say nothing to us.
pub(super) fn note(remarks: &mut EngineRemarks, comment: &str) {
    if let Some(list) = comment.strip_prefix("ExtServers:") {
        remarks.forwarders = Some(listed(list).filter_map(forwarder).collect());
    } else if let Some(list) = comment.strip_prefix("Overrides:") {
        remarks.overrides = listed(list).map(str::to_owned).collect();
    } else if let Some(path) = comment.strip_prefix("Based on host file:") {
        remarks.based_on = path.split('\'').nth(1).map(str::to_owned);
    } else if comment.starts_with("NO EXTERNAL NAMESERVERS DEFINED") {
        remarks.has_no_server = true;
    } else if comment.starts_with("Used default nameservers") {
        remarks.used_default_servers = true;
    }
}

/// Go's print of a list: `[one two]`.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    inner.split_ascii_whitespace()
}

/// `host(ADDRESS)` is asked from the engine's network namespace.
fn forwarder(word: &str) -> Option<NotedForwarder> {
    let of_host = word.strip_prefix("host(").and_then(|rest| rest.strip_suffix(')'));
    Some(NotedForwarder { server: name_server(of_host.unwrap_or(word))?, from_host: of_host.is_some() })
}
