//! What is asked for: `TEMPLATE:FILE`, read and found to be possible before anything is written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::CommandError;

/// A template and the file that is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendering {
    /// The template.
    pub(crate) template: PathBuf,
    /// The file.
    pub(crate) file: PathBuf,
}

/// What to do, and how.
#[derive(Debug)]
pub(in crate::commands::events) struct Order {
    pub(in crate::commands::events) renderings: Vec<Rendering>,
    /// Which containers, as `docker ps --filter` takes them.
    pub(in crate::commands::events) filters: Vec<(String, String)>,
    pub(in crate::commands::events) notify: Option<NotifyOrder>,
    /// How long nothing must happen before the containers are looked at.
    pub(in crate::commands::events) quiet: Duration,
    /// Whether it ends after the first time.
    pub(in crate::commands::events) once: bool,
}

/// What is run after a change.
#[derive(Clone, Debug)]
pub(in crate::commands::events) struct NotifyOrder {
    /// For `sh -c`.
    pub(in crate::commands::events) command: String,
    /// How long it may take.
    pub(in crate::commands::events) limit: Duration,
}

impl Rendering {
    /// `TEMPLATE:FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let form = "it is TEMPLATE:FILE, such as haproxy.cfg.j2:/etc/haproxy/haproxy.cfg";
        let (template, file) =
            text.split_once(':').ok_or_else(|| format!("there is no colon in it: {form}"))?;
        if template.is_empty() || file.is_empty() {
            return Err(format!("one side of the colon is empty: {form}"));
        }
        if file.contains(':') {
            return Err(format!("there are two colons in it, so the paths cannot be told apart: {form}"));
        }
        Ok(Self { template: template.into(), file: file.into() })
    }
}

/// Two templates cannot make the same file, and none makes itself.
pub(super) fn check_distinct(renderings: &[Rendering]) -> Result<(), CommandError> {
    for (number, one) in renderings.iter().enumerate() {
        let file = one.file.display();
        if renderings.iter().any(|other| is_same(&other.template, &one.file)) {
            return Err(CommandError::new(format!("{file} is a template, and is to be written")));
        }
        if renderings.iter().skip(number + 1).any(|other| is_same(&other.file, &one.file)) {
            return Err(CommandError::new(format!("{file} is to be made of two templates")));
        }
    }
    Ok(())
}

/// What is not there yet is compared by its name.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_and_a_file() {
        let rendering = Rendering { template: "a.j2".into(), file: "/etc/a".into() };
        assert_eq!(Rendering::parse("a.j2:/etc/a"), Ok(rendering));
        for (wrong, word) in [
            ("a.j2", "no colon"),
            (":a", "empty"),
            ("a:", "empty"),
            ("a:b:c", "two colons"),
            ("", "no colon"),
        ] {
            assert!(Rendering::parse(wrong).unwrap_err().contains(word), "{wrong}");
        }
    }
}
