//! `/etc/passwd` and `/etc/group`: the names of users and groups (passwd(5), group(5)).

use crate::proc_error::lines;

/// The name that stands for the number, in either file: both have `name:password:number:…`.
pub fn name_of(text: &[u8], number: u32) -> Option<String> {
    lines(text).find_map(|line| entry(line).filter(|entry| entry.1 == number)).map(|entry| entry.0)
}

fn entry(line: &[u8]) -> Option<(String, u32)> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let number = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
    Some((String::from_utf8_lossy(name).into_owned(), number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_entry_of_a_number_counts() {
        let text = b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\ndocker:x:998:alice,bob\n";
        assert_eq!(name_of(text, 0).as_deref(), Some("root"));
        assert_eq!(name_of(text, 998).as_deref(), Some("docker"));
        assert_eq!(name_of(text, 1), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = name_of(&bytes, 0);
        }
    }
}
