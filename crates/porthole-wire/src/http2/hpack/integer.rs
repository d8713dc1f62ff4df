//! Integers that begin within a byte (RFC 7541, section 5.1).

/// Larger ones are of no use to any field, and not taken.
const LARGEST: usize = 1 << 24;

/// Takes an integer, whose first bits are the lowest `bits` of the first byte, from the front of `block`.
pub(super) fn read(block: &mut &[u8], bits: u32) -> Option<usize> {
    let (first, mut rest) = block.split_first()?;
    let most = (1 << bits) - 1;
    let mut value = usize::from(*first) & most;
    let mut goes_on = value == most;
    let mut shift = 0;
    while goes_on {
        let (byte, after) = rest.split_first()?;
        value += usize::from(byte & 0x7f) << shift;
        goes_on = byte & 0x80 != 0;
        shift += 7;
        rest = after;
        if value > LARGEST || shift > 28 {
            return None;
        }
    }
    *block = rest;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_appendix_c_1() {
        assert_eq!(read(&mut &[0b1110_1010][..], 5), Some(10));
        let mut long: &[u8] = &[0b0001_1111, 0b1001_1010, 0b0000_1010, 7];
        assert_eq!((read(&mut long, 5), long), (Some(1337), &[7][..]));
        assert_eq!(read(&mut &[42][..], 8), Some(42));
    }

    #[test]
    fn what_is_cut_off_or_without_end_is_refused() {
        assert_eq!(read(&mut &[][..], 5), None);
        assert_eq!(read(&mut &[0x1f, 0x80][..], 5), None);
        assert_eq!(read(&mut &[0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f][..], 5), None);
        assert_eq!(read(&mut &[0x1f, 0x80, 0x80, 0x80, 0x80, 0x80, 0][..], 5), None);
    }
}
