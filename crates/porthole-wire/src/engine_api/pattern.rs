//! Fitting a path to a route's pattern.

use porthole_model::ResourceKind;

/// How a path fits a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit<'a> {
    /// The pattern has no place for a name.
    Plain,
    /// What stood in that place.
    Named(ResourceKind, &'a str),
}

/// How `path` fits `pattern`, if it does.
pub(super) fn fit<'a>(pattern: &'static str, path: &'a str) -> Option<Fit<'a>> {
    let Some((before, word, after)) = split(pattern) else {
        return (pattern == path).then_some(Fit::Plain);
    };
    let rest = path.strip_prefix(before)?;
    let name = match after.strip_suffix('*') {
        Some(between) => rest.split_once(between).filter(|(_, last)| !last.is_empty())?.0,
        None => rest.strip_suffix(after)?,
    };
    let kind = kind(word);
    let fits = !name.is_empty() && (may_hold_slashes(kind) || !name.contains('/'));
    fits.then_some(Fit::Named(kind, name))
}

fn split(pattern: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (before, rest) = pattern.split_once('{')?;
    let (word, after) = rest.split_once('}')?;
    Some((before, word, after))
}

/// References to images and plugins are paths of a registry.
fn may_hold_slashes(kind: ResourceKind) -> bool {
    matches!(kind, ResourceKind::Image | ResourceKind::Plugin)
}

fn kind(word: &str) -> ResourceKind {
    match word {
        "exec" => ResourceKind::Exec,
        "image" => ResourceKind::Image,
        "network" => ResourceKind::Network,
        "volume" => ResourceKind::Volume,
        "plugin" => ResourceKind::Plugin,
        "node" => ResourceKind::Node,
        "service" => ResourceKind::Service,
        "task" => ResourceKind::Task,
        "secret" => ResourceKind::Secret,
        "config" => ResourceKind::Config,
        _ => ResourceKind::Container,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_empty() {
        assert_eq!(fit("/networks/{network}", "/networks/"), None);
        assert_eq!(fit("/images/{image}/json", "/images/json"), None);
        assert_eq!(fit("/networks/{network}", "/networks/a"), Some(Fit::Named(ResourceKind::Network, "a")));
    }

    #[test]
    fn a_star_stands_for_a_second_name() {
        let pattern = "/containers/{container}/checkpoints/*";
        let web = Some(Fit::Named(ResourceKind::Container, "web"));
        assert_eq!(fit(pattern, "/containers/web/checkpoints/first"), web);
        assert_eq!(fit(pattern, "/containers/web/checkpoints/"), None);
    }
}
