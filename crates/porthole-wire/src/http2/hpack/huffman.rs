//! Strings in the Huffman code of RFC 7541, appendix B.
//!
//! The code is canonical: among codes of one length, and from one length to the next, they count up in the order of
//! their symbols. So the symbols of each length say everything.

/// How long a code is, and its symbols in order. The end-of-string symbol, the last of 30 bits, is left out: it must
/// not occur (section 5.2).
const SYMBOLS: [(u32, &[u8]); 21] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\0$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
    (19, b"\\\xc3\xd0"),
    (20, b"\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"),
    (21, b"\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"),
    (
        22,
        b"\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8\xe9",
    ),
    (
        23,
        b"\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\
          \xc5\xe7\xef",
    ),
    (24, b"\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"),
    (25, b"\xc7\xcf\xea\xeb"),
    (26, b"\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"),
    (27, b"\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"),
    (
        28,
        b"\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\
          \x7f\xdc\xf9",
    ),
    (30, b"\x0a\x0d\x16"),
];

/// The text of a coded string; `None` where it breaks the rules.
pub(super) fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(coded.len() * 8 / 5);
    let mut bits = Bits { bytes: coded, window: 0, count: 0 };
    while !bits.is_padding() {
        text.push(bits.symbol()?);
    }
    Some(text)
}

/// The bits that are left, the next ones at the top of a window.
struct Bits<'a> {
    bytes: &'a [u8],
    window: u64,
    count: u32,
}

impl Bits<'_> {
    /// Whether what is left only fills up the last byte: fewer than eight bits, all of them ones.
    fn is_padding(&mut self) -> bool {
        self.fill();
        self.count < 8 && self.window.leading_ones() >= self.count
    }

    /// The codes of a length lie below a limit, those of longer ones above it.
    fn symbol(&mut self) -> Option<u8> {
        let mut code = 0;
        let mut before = 0;
        for (length, symbols) in SYMBOLS {
            code <<= length - before;
            before = length;
            let offset = (self.window >> (64 - length)) - code;
            if let Some(symbol) = usize::try_from(offset).ok().and_then(|offset| symbols.get(offset)) {
                return self.take(length).then_some(*symbol);
            }
            code += symbols.len() as u64;
        }
        None
    }

    fn take(&mut self, length: u32) -> bool {
        if length > self.count {
            return false;
        }
        self.window <<= length;
        self.count -= length;
        true
    }

    fn fill(&mut self) {
        while self.count <= 56
            && let Some((byte, rest)) = self.bytes.split_first()
        {
            self.window |= u64::from(*byte) << (56 - self.count);
            self.count += 8;
            self.bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every symbol with its code, counted up from the table in another way.
    fn encode(text: &[u8]) -> Vec<u8> {
        let mut bits = String::new();
        for wanted in text {
            let (mut code, mut before) = (0_u64, 0);
            for (length, symbols) in SYMBOLS {
                code <<= length - before;
                before = length;
                if let Some(place) = symbols.iter().position(|symbol| symbol == wanted) {
                    let digits = format!("{:0width$b}", code + place as u64, width = length as usize);
                    bits.push_str(&digits);
                }
                code += symbols.len() as u64;
            }
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        let byte = |start| u8::from_str_radix(&bits[start..start + 8], 2).unwrap();
        (0..bits.len()).step_by(8).map(byte).collect()
    }

    #[test]
    fn every_symbol_has_a_code_that_is_read_again() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all.clone()));
        for symbol in all {
            assert_eq!(decode(&encode(&[symbol])), Some(vec![symbol]));
        }
    }

    #[test]
    fn codes_at_the_ends_of_the_table_are_those_of_appendix_b() {
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xf3]), Some(b"\n".to_vec()), "0x3ffffffc of 30 bits");
        assert_eq!(decode(&[0b1111_1000, 0xff]), None, "eight ones are no padding");
        assert_eq!(decode(&[0b1111_1000]), Some(b"&".to_vec()), "0xf8 of 8 bits");
        assert_eq!(decode(&[0xff, 0xc7]), Some(vec![0]), "0x1ff8 of 13 bits");
    }

    #[test]
    fn padding_is_short_and_of_ones() {
        assert_eq!(decode(&[]), Some(Vec::new()));
        assert_eq!(decode(&[0b0000_0111]), Some(b"0".to_vec()));
        assert_eq!(decode(&[0b0000_0110]), None, "a code of five bits needs more than three");
        assert_eq!(decode(&[0b0000_0111, 0xff]), None, "a byte of padding alone");
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff]), None, "the end of the string must not be spelt out");
    }
}
