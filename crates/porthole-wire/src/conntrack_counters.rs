//! `/proc/net/stat/nf_conntrack`: a line of names, and a line of hexadecimal numbers for each processor.

use porthole_model::ConntrackCounters;

use crate::proc_error::{ProcError, lines, words};

const FILE: &str = "/proc/net/stat/nf_conntrack";

/// Sums the counters over all processors. The columns differ between kernels and are told by their names.
pub fn parse(text: &[u8]) -> Result<ConntrackCounters, ProcError> {
    let mut lines = lines(text);
    let names: Vec<_> = words(lines.next().unwrap_or_default()).collect();
    let column = |name: &str| {
        let found = names.iter().position(|each| *each == name.as_bytes());
        found.ok_or_else(|| ProcError::new(FILE, format!("no column {name:?}")))
    };
    let (drop, early_drop) = (column("drop")?, column("early_drop")?);
    let mut sum = ConntrackCounters::default();
    for line in lines {
        let numbers: Vec<_> = words(line).collect();
        let number = |column: usize| hexadecimal(numbers.get(column)?);
        let of_line = number(drop).zip(number(early_drop)).ok_or_else(|| ProcError::line(FILE, line))?;
        sum.drop = sum.drop.saturating_add(of_line.0);
        sum.early_drop = sum.early_drop.saturating_add(of_line.1);
    }
    Ok(sum)
}

fn hexadecimal(word: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn processors_are_summed() {
        let text = b"entries  clashres found insert_failed drop early_drop icmp_error\n\
                     00000004  00000000 00000000 00000000 0000000a 00000001 00000000\n\
                     00000004  00000000 00000000 00000000 00000010 00000002 00000000\n";
        assert_eq!(parse(text), Ok(ConntrackCounters { drop: 26, early_drop: 3 }));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(parse(b"").is_err());
        assert!(parse(b"entries drop early_drop\n0 0\n").is_err());
        assert!(parse(b"entries drop early_drop\n0 0 xyz\n").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes).is_ok();
        }
    }
}
