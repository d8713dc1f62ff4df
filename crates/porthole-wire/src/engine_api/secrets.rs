//! What in a call is a credential: headers, queries and whole bodies.

use porthole_model::{MaskedText, Secrets};

use super::query;

/// What stands in place of a credential.
pub const SECRET_MASK: &str = "********";

/// Headers whose value is a credential.
const HEADERS: [&str; 6] =
    ["x-registry-auth", "x-registry-config", "authorization", "proxy-authorization", "cookie", "set-cookie"];

/// Operations whose bodies are credentials.
const OPERATIONS: [&str; 11] = [
    "SystemAuth",
    "SwarmInspect",
    "SwarmInit",
    "SwarmJoin",
    "SwarmUpdate",
    "SwarmUnlock",
    "SwarmUnlockkey",
    "SecretCreate",
    "SecretUpdate",
    "Session",
    // A build's session within a call of its own, as buildx has it.
    "moby.buildkit.v1.Control/Session",
];

/// Whether the value of that header is a credential.
pub fn is_secret_header(name: &str) -> bool {
    HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Whether the bodies of that operation, or the stream that it turns into, carry credentials.
pub fn carries_secrets(operation: &str) -> bool {
    OPERATIONS.contains(&operation)
}

/// The target without build arguments, which often are tokens, and without passwords in URLs.
pub fn masked_target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    format!("{path}?{}", masked_form(query))
}

/// The same for a form, such as a query without its path.
pub fn masked_form(form: &str) -> String {
    let pairs: Vec<String> = form.split('&').map(masked_pair).collect();
    pairs.join("&")
}

fn masked_pair(pair: &str) -> String {
    let decoded = query::pairs(pair).next().filter(|(_, value)| !value.is_empty());
    let Some((name, value)) = decoded else { return pair.to_owned() };
    let hidden = name == "buildargs" && value != "{}";
    let written = pair.split_once('=').map_or(pair, |(written, _)| written);
    let masked = MaskedText::value(&name, &value, Secrets::Mask);
    match masked.as_str() {
        _ if hidden => format!("{written}={SECRET_MASK}"),
        same if same == value => pair.to_owned(),
        masked => format!("{written}={masked}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_arguments_and_passwords_in_urls_are_masked() {
        assert_eq!(
            masked_target("/build?t=app&buildargs=%7B%22TOKEN%22%3A%22x%22%7D&rm=1"),
            "/build?t=app&buildargs=********&rm=1"
        );
        assert_eq!(
            masked_target("/build?remote=https%3A%2F%2Fu%3Asecret%40host%2Frepo.git"),
            "/build?remote=https://u:********@host/repo.git"
        );
    }

    #[test]
    fn what_is_no_secret_stays_as_it_was_written() {
        for target in ["/info", "/a?", "/a?&&b", "/events?filters=%7B%7D&x=a+b", "/build?buildargs=%7B%7D"] {
            assert_eq!(masked_target(target), target);
        }
    }

    #[test]
    fn headers_are_known_in_any_case() {
        assert!(is_secret_header("X-Registry-Auth"));
        assert!(is_secret_header("AUTHORIZATION"));
        assert!(!is_secret_header("Host"));
    }
}
