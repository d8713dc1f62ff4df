//! `/proc/PID/mountinfo`: the files that network namespaces are bound to (`proc_pid_mountinfo(5)`).

use porthole_model::NetnsId;

use crate::proc_error::{lines, words};

/// A network namespace that is bound to a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedNamespace {
    /// The namespace.
    pub id: NetnsId,
    /// The file, as processes of that mount namespace see it.
    pub path: String,
}

/// The network namespaces among the mounts. Other mounts are skipped, whatever they look like.
pub fn network_namespaces(text: &[u8]) -> impl Iterator<Item = NamedNamespace> + '_ {
    lines(text).filter_map(named_namespace)
}

/// The fields: mount, parent, device, root (`net:[4026532281]`), mount point, ….
fn named_namespace(line: &[u8]) -> Option<NamedNamespace> {
    let mut fields = words(line).skip(3);
    let root = std::str::from_utf8(fields.next()?).ok()?;
    let id = root.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()?;
    Some(NamedNamespace { id: NetnsId(id), path: unescaped(fields.next()?) })
}

/// The kernel writes space, tab, newline and backslash as three octal digits (`mangle` in `fs/proc_namespace.c`).
fn unescaped(path: &[u8]) -> String {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        let octal = if *first == b'\\' { behind.first_chunk::<3>().copied().and_then(octal) } else { None };
        plain.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &behind[3..] } else { behind };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_network_namespaces_are_taken() {
        let text = b"22 1 0:21 / /proc rw shared:5 - proc proc rw\n\
            99 22 0:4 net:[4026532281] /run/netns/a\\040b rw shared:9 - nsfs nsfs rw\n\
            98 22 0:4 mnt:[4026532282] /run/x rw - nsfs nsfs rw\n";
        let found: Vec<_> = network_namespaces(text).collect();
        assert_eq!(found, [NamedNamespace { id: NetnsId(4_026_532_281), path: "/run/netns/a b".into() }]);
    }

    #[test]
    fn a_backslash_without_digits_stays() {
        assert_eq!(unescaped(b"/a\\9\\134\\"), "/a\\9\\\\");
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = network_namespaces(&[b"1 2 3 net:[5] ", &bytes[..]].concat()).count();
        }
    }
}
