//! nsswitch.conf(5): where glibc looks for the names of hosts.

use crate::proc_error::lines;

/// The words of the last `hosts` line, such as `files` and `dns`; `None` where there is none.
pub fn hosts_services(text: &[u8]) -> Option<Vec<String>> {
    lines(text).filter_map(services).last()
}

fn services(line: &[u8]) -> Option<Vec<String>> {
    let line = String::from_utf8_lossy(line);
    let (database, services) = line.split('#').next()?.split_once(':')?;
    (database.trim() == "hosts").then(|| services.split_ascii_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hosts_line_alone() {
        let text = b"passwd: files\nhosts:\tfiles mdns4_minimal [NOTFOUND=return] dns # x\n#hosts: no\n";
        assert_eq!(hosts_services(text).unwrap(), ["files", "mdns4_minimal", "[NOTFOUND=return]", "dns"]);
        assert_eq!(hosts_services(b"passwd: files\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = hosts_services(&bytes);
        }
    }
}
