//! Which Debian mirror the machine's own package sources name.

use std::fs;
use std::path::{Path, PathBuf};

/// The mirror that serves this machine's own Debian release, if it is a Debian and says so.
///
/// `etc` is the machine's `/etc`.
pub(crate) fn debian_mirror(etc: &Path) -> Option<String> {
    let codename = debian_codename(&fs::read_to_string(etc.join("os-release")).ok()?)?;
    source_files(&etc.join("apt")).iter().find_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        if path.extension().is_some_and(|extension| extension == "sources") {
            mirror_in_stanzas(&text, &codename)
        } else {
            mirror_in_lines(&text, &codename)
        }
    })
}

fn debian_codename(os_release: &str) -> Option<String> {
    let value = |key: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .map(|value| value.trim_matches('"').to_owned())
    };
    (value("ID=")? == "debian").then(|| value("VERSION_CODENAME="))?
}

fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut files = vec![apt.join("sources.list")];
    let entries = fs::read_dir(apt.join("sources.list.d")).into_iter().flatten().flatten();
    files.extend(entries.map(|entry| entry.path()));
    files.sort();
    files
}

/// One-line style of sources.list(5): `deb [options] URI suite component…`.
fn mirror_in_lines(text: &str, codename: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.split('#').next()?.trim().strip_prefix("deb ")?.trim_start();
        let line = match line.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => line,
        };
        let mut words = line.split_whitespace();
        let uri = words.next().filter(|uri| is_usable(uri))?;
        let suite = words.next()?;
        (suite == codename && words.any(|component| component == "main")).then(|| uri.to_owned())
    })
}

/// deb822 style of sources.list(5), read as a run of `Key: value` lines in which each `Types:` begins a stanza:
/// that also reads files with an empty line where none belongs.
fn mirror_in_stanzas(text: &str, codename: &str) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let fields: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    fields
        .chunk_by(|_, (key, _)| !key.eq_ignore_ascii_case("types"))
        .find_map(|stanza| mirror_in_stanza(stanza, codename))
}

fn mirror_in_stanza(stanza: &[(&str, &str)], codename: &str) -> Option<String> {
    let words = |wanted: &str| {
        let values = stanza.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(wanted));
        values.flat_map(|(_, value)| value.split_whitespace()).collect::<Vec<_>>()
    };
    let serves = words("types").contains(&"deb")
        && words("suites").contains(&codename)
        && words("components").contains(&"main");
    serves.then(|| words("uris").into_iter().find(|uri| is_usable(uri)).map(str::to_owned))?
}

fn is_usable(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_sources() {
        let text = "# deb http://old.example/debian bookworm main
                    deb http://tools.example/apt stable main
                    deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian bookworm main contrib
";
        assert_eq!(mirror_in_lines(text, "bookworm").as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror_in_lines(text, "trixie"), None);
    }

    #[test]
    fn stanzas_even_with_an_empty_line_inside() {
        let text = "Types: deb\nURIs: http://security.example/debian\nSuites: bookworm-security\nComponents: main\n\n\
                    Types: deb\n\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";
        assert_eq!(mirror_in_stanzas(text, "bookworm").as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror_in_stanzas(text, "noble"), None);
    }

    #[test]
    fn only_a_debian_has_a_debian_mirror() {
        assert_eq!(debian_codename("ID=ubuntu\nVERSION_CODENAME=noble\n"), None);
        assert_eq!(debian_codename("VERSION_CODENAME=bookworm\nID=debian\n").as_deref(), Some("bookworm"));
    }
}
