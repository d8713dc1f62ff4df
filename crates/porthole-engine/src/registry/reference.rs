//! What the name of an image says of its registry (distribution/reference, `splitDockerDomain`).

/// The registry of the docker CLI's own choice, as it calls it in its configuration.
pub(super) const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The registry that an image of this name is pulled from, as a user names it to `docker login`.
pub fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// What the docker CLI's configuration calls a registry.
pub(super) fn configured_name(registry: &str) -> &str {
    if matches!(registry, "docker.io" | "index.docker.io") { DOCKER_HUB } else { registry }
}

/// The host alone of what a configuration calls a registry: older ones have it as a URL.
pub(super) fn host_of(name: &str) -> &str {
    let name = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    name.split('/').next().unwrap_or(name)
}

/// A digest counts as a tag; the port of a registry does not.
pub(crate) fn has_tag(name: &str) -> bool {
    name.contains('@') || name.rsplit('/').next().is_some_and(|last| last.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_a_host_or_docker_s_own() {
        for (image, registry) in [
            ("alpine", "docker.io"),
            ("library/alpine:3", "docker.io"),
            ("docker.io/library/alpine", "docker.io"),
            ("localhost/tools", "localhost"),
            ("localhost:5000/tools@sha256:00", "localhost:5000"),
            ("ghcr.io/a/b:1", "ghcr.io"),
        ] {
            assert_eq!(registry_of(image), registry, "{image}");
        }
        assert_eq!(configured_name("docker.io"), DOCKER_HUB);
        assert_eq!(host_of("https://ghcr.io/v2/"), "ghcr.io");
    }

    #[test]
    fn a_registry_s_port_is_no_tag() {
        assert!(!has_tag("localhost:5000/tools"));
        assert!(has_tag("localhost:5000/tools:1"));
        assert!(has_tag("tools@sha256:00"));
        assert!(!has_tag("tools"));
    }
}
