//! Names that a program says it did not find, in the words that C libraries, languages and common tools have for it.

/// What stands before the name.
const BEFORE: [&str; 15] = [
    "could not resolve host: ",
    "could not resolve host ",
    "couldn't resolve host ",
    "could not resolve hostname ",
    "could not translate host name ",
    "unable to resolve host address ",
    "unable to resolve host ",
    "failed to resolve ",
    "can't resolve ",
    "host not found in upstream ",
    "bad address ",
    "enotfound ",
    "eai_again ",
    "unknown mysql server host ",
    "unknownhostexception: ",
];

/// What stands behind the name.
const BEHIND: [&str; 4] = [
    ": name or service not known",
    ": temporary failure in name resolution",
    ": name does not resolve",
    ": no address associated with hostname",
];

/// What Go says, `lookup db on 127.0.0.11:53: no such host`.
const LOOKUP: &str = "lookup ";
const LOOKUP_ENDS: [&str; 2] = [": no such host", ": server misbehaving"];

/// The names of a line of a program's output that it did not find, in small letters.
pub(crate) fn missed_names(line: &str) -> Vec<String> {
    let line = line.to_ascii_lowercase();
    let mut names: Vec<String> = Vec::new();
    let mut take = |name: &str| {
        let name = name.trim_end_matches('.');
        if !name.is_empty() && !names.iter().any(|each| each == name) {
            names.push(name.to_owned());
        }
    };
    for words in BEFORE {
        line.match_indices(words).for_each(|(at, _)| take(leading(&line[at + words.len()..])));
    }
    for words in BEHIND {
        line.match_indices(words).for_each(|(at, _)| take(trailing(&line[..at])));
    }
    for (at, _) in line.match_indices(LOOKUP) {
        let rest = &line[at + LOOKUP.len()..];
        if LOOKUP_ENDS.iter().any(|end| rest.contains(end)) {
            take(leading(rest));
        }
    }
    names
}

fn leading(text: &str) -> &str {
    let text = text.trim_start_matches(is_quote);
    &text[..text.find(|character| !is_of_name(character)).unwrap_or(text.len())]
}

fn trailing(text: &str) -> &str {
    let text = text.trim_end_matches(is_quote);
    text.rfind(|character| !is_of_name(character)).map_or(text, |at| {
        let after = text[at..].chars().next().map_or(0, char::len_utf8);
        &text[at + after..]
    })
}

fn is_quote(character: char) -> bool {
    "'\"`‘’“”(".contains(character)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_words_of_many_programs() {
        for line in [
            "wget: bad address 'db'",
            "curl: (6) Could not resolve host: db",
            "Error: getaddrinfo ENOTFOUND db",
            "getaddrinfo EAI_AGAIN db",
            "dial tcp: lookup db on 127.0.0.11:53: no such host",
            "dial tcp: lookup db: no such host",
            "psql: error: could not translate host name \"db\" to address: Name or service not known",
            "ping: db: Name or service not known",
            "ping: db: Temporary failure in name resolution",
            "nginx: [emerg] host not found in upstream \"db\" in /etc/nginx/conf.d/default.conf:3",
            "ERROR 2005 (HY000): Unknown MySQL server host 'db' (-2)",
            "java.net.UnknownHostException: db",
            "wget: unable to resolve host address ‘db’",
            "Failed to resolve 'db' ([Errno -2] Name or service not known)",
            "ssh: Could not resolve hostname db: Name does not resolve",
        ] {
            assert!(missed_names(line).contains(&"db".to_owned()), "{line}: {:?}", missed_names(line));
        }
    }

    #[test]
    fn other_words_name_nothing() {
        for line in [
            "db: ready",
            "{\"service\":\"db\",\"error\":\"connection refused\"}",
            "lookup db in cache",
            "php_network_getaddresses: getaddrinfo failed: Name or service not known",
            "db | Could not resolve host: ",
            "bad address",
        ] {
            assert!(!missed_names(line).contains(&"db".to_owned()), "{line}");
        }
        assert_eq!(missed_names("db | curl: Could not resolve host: example.com."), ["example.com"]);
    }

    proptest! {
        #[test]
        fn any_line_gives_no_panic(line in ".{0,60}(bad address |: name does not resolve|lookup |: no such host)?.{0,20}") {
            let _ = missed_names(&line);
        }
    }
}
