//! Verdicts as they are put together, and the commands that mend.

use porthole_model::{DnsRungKind, DnsVerdict, Evidence, Remedy, Severity};

use crate::checks::client_of;
use crate::dns::case::Case;
use crate::shell::word;

/// What is said of something that is wrong.
pub(super) struct Words {
    summary: String,
    evidence: Vec<Evidence>,
    remedies: Vec<Remedy>,
}

impl Words {
    pub(super) fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), evidence: Vec::new(), remedies: Vec::new() }
    }

    /// The same under another summary.
    pub(super) fn renamed(self, summary: String) -> Self {
        Self { summary, ..self }
    }

    /// The same, and what it rests on.
    pub(super) fn seen(mut self, source: impl Into<String>, observed: impl Into<String>) -> Self {
        self.evidence.push(Evidence { source: source.into(), observed: observed.into() });
        self
    }

    /// The same, and a way to mend it.
    pub(super) fn mend(mut self, explanation: impl Into<String>, commands: Vec<String>) -> Self {
        self.remedies.push(Remedy::by_hand(explanation, commands));
        self
    }
}

/// The verdict on a rung.
pub(super) fn verdict(rung: DnsRungKind, severity: Severity, words: Words) -> DnsVerdict {
    let Words { summary, evidence, remedies } = words;
    DnsVerdict { rung, severity, summary, evidence, remedies }
}

/// The command that makes the container anew with an option.
pub(super) fn recreate(case: &Case<'_>, option: &str) -> String {
    let network = match case.named_networks().next() {
        Some(network) => format!("--network {} ", word(network)),
        None => String::new(),
    };
    format!("{} run {network}{option} …", client(case))
}

/// Starts the container anew, which lays its resolver's rules and reads the host's servers again.
pub(super) fn restart(case: &Case<'_>) -> Vec<String> {
    let client = client(case);
    case.subject.container.iter().map(|name| format!("{client} restart {}", word(name))).collect()
}

/// The engine's command-line client.
pub(super) fn client(case: &Case<'_>) -> &'static str {
    case.subject.engine.as_ref().map_or("docker", |engine| client_of(engine.kind))
}

/// What the engine is told of name servers.
pub(super) fn engine_settings() -> String {
    "put {\"dns\": [\"ADDRESS\"]} into /etc/docker/daemon.json and restart the engine, then the containers"
        .to_owned()
}
