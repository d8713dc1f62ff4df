//! The docker CLI's own options, which stand before the plugin's name and are handed on as they were typed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::NAME;
use crate::error::CommandError;

/// What becomes of one of the CLI's options (`cli/flags/options.go`).
enum Meaning {
    /// It is porthole's, too.
    Own(&'static str),
    /// It says what a variable of the environment says.
    Variable(&'static str),
    /// It names this file of the certificates.
    Certificate(&'static str),
    /// It says nothing to porthole; whether a value follows.
    Nothing(bool),
}

type Split = (Vec<OsString>, BTreeMap<String, String>);

/// The words for porthole, and the variables that the CLI's options stand for.
pub(super) fn split(words: Vec<OsString>) -> Result<Split, CommandError> {
    let mut words = words.into_iter();
    let (mut own, mut environment) = (Vec::new(), BTreeMap::new());
    while let Some(word) = words.next() {
        if word == NAME {
            break;
        }
        let text = word.to_string_lossy().into_owned();
        let (name, attached) = parts(&text);
        let Some(meaning) = meaning(name) else {
            // Not called by the CLI but by a person, without the name.
            own.push(word);
            break;
        };
        let mut value = || attached.clone().or_else(|| Some(words.next()?.to_string_lossy().into_owned()));
        match meaning {
            Meaning::Own(option) => own.extend([option.into(), value().unwrap_or_default().into()]),
            Meaning::Variable(variable @ "DOCKER_CONFIG") => {
                environment.insert(variable.to_owned(), value().unwrap_or_default());
            }
            Meaning::Variable(variable) => {
                if attached.as_deref() != Some("false") {
                    environment.insert(variable.to_owned(), "1".to_owned());
                }
            }
            Meaning::Certificate(file) => {
                let directory = directory(&value().unwrap_or_default(), file)?;
                if environment
                    .insert("DOCKER_CERT_PATH".to_owned(), directory.clone())
                    .is_some_and(|other| other != directory)
                {
                    return Err(scattered(file));
                }
            }
            Meaning::Nothing(true) => drop(value()),
            Meaning::Nothing(false) => {}
        }
    }
    own.extend(words);
    Ok((own, environment))
}

fn meaning(name: &str) -> Option<Meaning> {
    Some(match name {
        "-H" | "--host" => Meaning::Own("--host"),
        "-c" | "--context" => Meaning::Own("--context"),
        "--config" => Meaning::Variable("DOCKER_CONFIG"),
        "--tls" => Meaning::Variable("DOCKER_TLS"),
        "--tlsverify" => Meaning::Variable("DOCKER_TLS_VERIFY"),
        "--tlscacert" => Meaning::Certificate("ca.pem"),
        "--tlscert" => Meaning::Certificate("cert.pem"),
        "--tlskey" => Meaning::Certificate("key.pem"),
        "-l" | "--log-level" => Meaning::Nothing(true),
        "-D" | "--debug" => Meaning::Nothing(false),
        _ => return None,
    })
}

/// `--host=x` is a name and a value, and so is `-Hx`.
fn parts(word: &str) -> (&str, Option<String>) {
    if word.starts_with("--") {
        let (name, value) = word.split_once('=').unzip();
        return (name.unwrap_or(word), value.map(str::to_owned));
    }
    match word.split_at_checked(2) {
        Some((name, value)) if name.starts_with('-') && !value.is_empty() => {
            (name, Some(value.strip_prefix('=').unwrap_or(value).to_owned()))
        }
        _ => (word, None),
    }
}

/// porthole takes certificates as the CLI names them, all in one directory.
fn directory(path: &str, file: &str) -> Result<String, CommandError> {
    let path = Path::new(path);
    let directory = path.parent().filter(|_| path.file_name().is_some_and(|name| name == file));
    directory.map(|directory| directory.to_string_lossy().into_owned()).ok_or_else(|| scattered(file))
}

fn scattered(file: &str) -> CommandError {
    CommandError::new(format!("porthole looks for {file} beside the other certificates"))
        .hint("put ca.pem, cert.pem and key.pem into one directory and name it with DOCKER_CERT_PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> (Vec<String>, Vec<String>) {
        let (own, environment) = split(words.iter().map(OsString::from).collect()).unwrap();
        let own = own.into_iter().map(|word| word.into_string().unwrap()).collect();
        (own, environment.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    fn is(words: &[&str], own: &[&str], environment: &[&str]) {
        let (found, variables) = of(words);
        assert_eq!(
            (found, variables),
            (
                own.iter().map(ToString::to_string).collect(),
                environment.iter().map(ToString::to_string).collect()
            )
        );
    }

    #[test]
    fn options_before_the_name_are_the_cli_s_and_those_behind_it_are_ours() {
        is(&["porthole", "doctor"], &["doctor"], &[]);
        is(&["--context", "prod", "porthole", "doctor"], &["--context", "prod", "doctor"], &[]);
        is(&["-cprod", "-D", "-l", "debug", "porthole", "gc"], &["--context", "prod", "gc"], &[]);
        is(&["-H=unix:///x", "porthole", "-c", "y"], &["--host", "unix:///x", "-c", "y"], &[]);
        is(&["--config", "/etc/d", "porthole"], &[], &["DOCKER_CONFIG=/etc/d"]);
        is(&["doctor", "--help"], &["doctor", "--help"], &[]);
    }

    #[test]
    fn certificates_in_one_directory() {
        let words =
            ["--tlsverify", "--tlscacert=/c/ca.pem", "--tlscert", "/c/cert.pem", "porthole", "doctor"];
        is(&words, &["doctor"], &["DOCKER_CERT_PATH=/c", "DOCKER_TLS_VERIFY=1"]);
        is(&["--tlsverify=false", "porthole"], &[], &[]);
        for words in
            [&["--tlscert", "/c/mine.pem"][..], &["--tlscert", "/c/cert.pem", "--tlskey", "/d/key.pem"]]
        {
            assert!(split(words.iter().map(OsString::from).collect()).is_err());
        }
    }
}
