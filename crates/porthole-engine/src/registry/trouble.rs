//! Why an image could not be pulled, told from an engine's words: there is no code for it.

/// What kind of reason there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullTrouble {
    /// The registry wants to know who asks, or refuses who does.
    Refused,
    /// The registry has no such image.
    NoSuchImage,
    /// The engine's host does not get to the registry.
    OutOfReach,
    /// Anything else.
    Other,
}

/// Registries often say the same of what is not there and of what one may not see; then the first of these counts.
const WORDS: [(PullTrouble, &[&str]); 3] = [
    (
        PullTrouble::Refused,
        &["unauthorized", "authentication required", "no basic auth credentials", "denied"],
    ),
    (
        PullTrouble::NoSuchImage,
        &["manifest unknown", "not found", "name unknown", "repository does not exist"],
    ),
    (
        PullTrouble::OutOfReach,
        &[
            "no such host",
            "server misbehaving",
            "i/o timeout",
            "connection refused",
            "network is unreachable",
            "no route to host",
            "timeout",
            "Client.Timeout",
            "context deadline exceeded",
        ],
    ),
];

/// What an engine's words say.
pub fn pull_trouble(message: &str) -> PullTrouble {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    WORDS.iter().find(|(_, words)| says(words)).map_or(PullTrouble::Other, |(trouble, _)| *trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_engines() {
        for (trouble, message) in [
            (
                PullTrouble::Refused,
                "Get \"http://127.0.0.1:5000/v2/tools/manifests/1\": no basic auth credentials",
            ),
            (PullTrouble::Refused, "Head \"https://r.test/v2/\": unauthorized: authentication required"),
            (
                PullTrouble::Refused,
                "pull access denied for tools, repository does not exist or may require 'docker login'",
            ),
            (PullTrouble::NoSuchImage, "manifest for 127.0.0.1:5000/tools:2 not found: manifest unknown"),
            (
                PullTrouble::OutOfReach,
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.77.0.1:53: no such host",
            ),
            (PullTrouble::OutOfReach, "dial tcp 127.0.0.1:5001: connect: connection refused"),
            (PullTrouble::Other, "no space left on device"),
        ] {
            assert_eq!(pull_trouble(message), trouble, "{message}");
        }
    }
}
