//! hosts(5): names that need no server.

use porthole_model::HostsEntry;

use crate::proc_error::lines;

/// The entries, in the order of the file; lines that have no address and name are passed over, as a C library does.
pub fn hosts_file(text: &[u8]) -> Vec<HostsEntry> {
    lines(text).filter_map(entry).collect()
}

fn entry(line: &[u8]) -> Option<HostsEntry> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split('#').next()?.split_ascii_whitespace();
    let address = words.next()?.split('%').next()?.parse().ok()?;
    let names: Vec<String> = words.map(str::to_owned).collect();
    (!names.is_empty()).then_some(HostsEntry { address, names })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entries_and_what_is_none() {
        let entries = hosts_file(b"127.0.0.1\tlocalhost\n# 1.2.3.4 no\n172.18.0.2 web web.test # us\nfe80::1%lo0 x\n1.2.3.4\nx y\n");
        let words: Vec<_> =
            entries.iter().map(|each| (each.address.to_string(), each.names.join(" "))).collect();
        let expected = [("127.0.0.1", "localhost"), ("172.18.0.2", "web web.test"), ("fe80::1", "x")];
        assert_eq!(words, expected.map(|(address, names)| (address.to_owned(), names.to_owned())));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = hosts_file(&bytes);
        }
    }
}
