//! Text that may hold a credential: masked before it can reach a screen, a file or a page.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether credentials are kept or masked; a deliberate act of the user decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Secrets {
    /// Replace what looks like a credential.
    #[default]
    Mask,
    /// Keep it.
    Show,
}

/// What stands in place of a credential.
const MASK: &str = "********";

/// Words in the name of a variable, option or label whose value is a credential.
const TELLTALE: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "private_key",
    "private-key",
    "credential",
    "auth",
];

/// Text that has passed the mask. It can only be made through it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaskedText(String);

impl MaskedText {
    /// `NAME=value`: the value is masked when the name tells of a credential, and so are the passwords of URLs and
    /// such assignments further on in the text.
    pub fn assignment(text: &str, secrets: Secrets) -> Self {
        match secrets {
            Secrets::Show => Self(text.to_owned()),
            Secrets::Mask => Self(without_credentials(text)),
        }
    }

    /// The value of a name, such as a label.
    pub fn value(name: &str, value: &str, secrets: Secrets) -> Self {
        match secrets {
            Secrets::Show => Self(value.to_owned()),
            Secrets::Mask if tells_of_credential(name) => Self(MASK.to_owned()),
            Secrets::Mask => Self(without_credentials(value)),
        }
    }

    /// The arguments of a command: `--password=x`, `--password x` and `https://user:x@host` are masked.
    pub fn arguments<'a>(arguments: impl IntoIterator<Item = &'a str>, secrets: Secrets) -> Vec<Self> {
        let mut masked = Vec::new();
        let mut value_is_credential = false;
        for argument in arguments {
            let is_option = argument.starts_with('-');
            masked.push(if value_is_credential && !is_option {
                Self::value("password", argument, secrets)
            } else {
                Self::assignment(argument, secrets)
            });
            value_is_credential = is_option && !argument.contains('=') && tells_of_credential(argument);
        }
        masked
    }

    /// The text, masked or kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn tells_of_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLTALE.iter().any(|word| name.contains(word))
}

fn without_credentials(text: &str) -> String {
    without_assigned(&without_url_password(text))
}

/// Masks what telling names are set to: to the end of the text behind a name that begins it, else to the end of the
/// parameter or word.
fn without_assigned(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let (before, value) = rest.split_at(equals + 1);
        let name = name_at_end(&before[..equals]);
        kept.push_str(before);
        rest = value;
        if tells_of_credential(name) && !value.is_empty() {
            kept.push_str(MASK);
            let is_whole = kept.len() == name.len() + 1 + MASK.len();
            let end = value.find(['&', ';', ' ', '"', '\'', '#']).filter(|_| !is_whole);
            rest = &value[end.unwrap_or(value.len())..];
        }
    }
    kept.push_str(rest);
    kept
}

fn name_at_end(text: &str) -> &str {
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    text.rfind(|letter| !is_name(letter)).map_or(text, |end| {
        let letter = text[end..].chars().next().map_or(0, char::len_utf8);
        &text[end + letter..]
    })
}

/// RFC 3986's userinfo: what stands between `:` and `@` of an authority is masked.
fn without_url_password(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, authority) = rest.split_at(start + 3);
        kept.push_str(before);
        let end = authority.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(authority.len());
        rest = match authority[..end].rfind('@').and_then(|at| Some((at, authority[..at].find(':')?))) {
            Some((at, colon)) => {
                kept.push_str(&authority[..=colon]);
                kept.push_str(MASK);
                &authority[at..]
            }
            None => authority,
        };
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        MaskedText::assignment(text, Secrets::Mask).to_string()
    }

    #[test]
    fn values_of_telling_names_are_masked() {
        assert_eq!(masked("POSTGRES_PASSWORD=hunter2"), "POSTGRES_PASSWORD=********");
        assert_eq!(masked("GITHUB_TOKEN=ghp=x"), "GITHUB_TOKEN=********");
        assert_eq!(masked("PATH=/usr/bin"), "PATH=/usr/bin");
    }

    #[test]
    fn passwords_in_urls_are_masked() {
        assert_eq!(masked("DSN=postgres://app:p@ss@db:5432/x"), "DSN=postgres://app:********@db:5432/x");
        assert_eq!(masked("A=http://h/p B=ftp://u:x@y"), "A=http://h/p B=ftp://u:********@y");
        assert_eq!(masked("URL=http://host:80/"), "URL=http://host:80/");
    }

    #[test]
    fn telling_parameters_further_on_are_masked() {
        assert_eq!(
            masked("DSN=http://h/?user=a&password=b&x=1"),
            "DSN=http://h/?user=a&password=********&x=1"
        );
        assert_eq!(masked("postgres://u:p=1@h/d?api-key=x"), "postgres://u:********@h/d?api-key=********");
        assert_eq!(masked("exec mysql --password=x -u root"), "exec mysql --password=******** -u root");
        assert_eq!(masked("TOKEN=a b&c"), "TOKEN=********");
        assert_eq!(masked("TOKEN="), "TOKEN=");
    }

    #[test]
    fn an_option_masks_the_argument_behind_it() {
        let arguments = ["mysql", "--password", "x1", "-u", "root", "--token=y2"];
        let masked = MaskedText::arguments(arguments, Secrets::Mask);
        let masked: Vec<_> = masked.iter().map(MaskedText::as_str).collect();
        assert_eq!(masked, ["mysql", "--password", "********", "-u", "root", "--token=********"]);
    }

    #[test]
    fn showing_is_a_deliberate_act() {
        assert_eq!(MaskedText::assignment("TOKEN=1", Secrets::Show).as_str(), "TOKEN=1");
    }
}
