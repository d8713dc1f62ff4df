//! What an entry's header has no room for: GNU's long names and the records of pax (POSIX.1-2001).

use porthole_model::TarEntry;

use super::header::{has_content, text};

/// What stood before a header, to be put in place of what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    name: Option<String>,
    link: Option<String>,
    user: Option<String>,
    group: Option<String>,
    size: Option<u64>,
    modified: Option<i64>,
}

impl Overrides {
    /// Reads the content of an entry of that letter.
    pub(super) fn read(&mut self, letter: u8, content: &[u8]) {
        match letter {
            b'L' => self.name = Some(text(content)),
            b'K' => self.link = Some(text(content)),
            _ => records(content).for_each(|(key, value)| self.record(key, value)),
        }
    }

    /// Puts it into the entry.
    pub(super) fn apply(self, entry: &mut TarEntry) {
        entry.name = self.name.unwrap_or_else(|| std::mem::take(&mut entry.name));
        entry.link = entry.link.take().map(|link| self.link.unwrap_or(link));
        entry.user = self.user.unwrap_or_else(|| std::mem::take(&mut entry.user));
        entry.group = self.group.unwrap_or_else(|| std::mem::take(&mut entry.group));
        entry.modified = self.modified.unwrap_or(entry.modified);
        entry.size = self.size.filter(|_| has_content(entry.kind)).unwrap_or(entry.size);
    }

    fn record(&mut self, key: &[u8], value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        match key {
            b"path" => self.name = Some(text.into_owned()),
            b"linkpath" => self.link = Some(text.into_owned()),
            b"uname" => self.user = Some(text.into_owned()).filter(|name| !name.is_empty()),
            b"gname" => self.group = Some(text.into_owned()).filter(|name| !name.is_empty()),
            b"size" => self.size = text.parse().ok(),
            // A fraction of a second may follow.
            b"mtime" => self.modified = text.split('.').next().and_then(|seconds| seconds.parse().ok()),
            _ => {}
        }
    }
}

/// `LENGTH KEY=VALUE\n`, where the length is that of the whole record; ends at the first that is not so.
fn records(mut content: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let blank = content.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&content[..blank]).ok()?.parse().ok()?;
        let record = content.get(blank + 1..length)?.strip_suffix(b"\n")?;
        content = &content[length..];
        let equals = record.iter().position(|byte| *byte == b'=')?;
        Some((&record[..equals], &record[equals + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_until_one_is_broken() {
        let found: Vec<_> = records(b"11 path=\xc3\xa4\n18 mtime=12.5\nabc\n99 a=b\n").collect();
        assert_eq!(found, [(&b"path"[..], "ä".as_bytes()), (b"mtime", b"12.5\nabc")]);
        for broken in [&b""[..], b"5", b"x a=b\n", b"0 a=b\n", b"3 a=b\n", b"99999999999999999999 a=b\n"] {
            assert_eq!(records(broken).count(), 0, "{broken:?}");
        }
    }
}
