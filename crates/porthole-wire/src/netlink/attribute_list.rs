//! Attributes being written, one inside the other, as `nf_tables` takes them: numbers in network byte order.

use super::aligned;

/// `NLA_F_NESTED`: the value is attributes.
const NESTED: u16 = 0x8000;

/// `NFTA_LIST_ELEM`, the type of whatever stands in a list.
const LIST_ELEMENT: u16 = 1;

/// A run of attributes being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeList {
    bytes: Vec<u8>,
}

impl AttributeList {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With bytes.
    #[must_use]
    pub fn bytes(self, kind: u16, value: &[u8]) -> Self {
        self.with(kind, value)
    }

    /// With a text, which ends with a NUL.
    #[must_use]
    pub fn text(self, kind: u16, value: &str) -> Self {
        self.with(kind, &[value.as_bytes(), &[0]].concat())
    }

    /// With a 32-bit number.
    #[must_use]
    pub fn number(self, kind: u16, value: u32) -> Self {
        self.with(kind, &value.to_be_bytes())
    }

    /// With attributes in an attribute.
    #[must_use]
    pub fn nested(self, kind: u16, inner: &Self) -> Self {
        self.with(kind | NESTED, &inner.bytes)
    }

    /// With one more element of a list.
    #[must_use]
    pub fn element(self, inner: &Self) -> Self {
        self.nested(LIST_ELEMENT, inner)
    }

    /// The bytes, aligned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    #[allow(clippy::cast_possible_truncation, reason = "what is written here has some hundred bytes")]
    fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(&(value.len() as u16 + 4).to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(aligned(self.bytes.len()), 0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::attribute::Attributes;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let inner = AttributeList::new().text(1, "cmp").number(2, 7);
        let bytes = AttributeList::new().element(&inner).bytes(9, &[1, 2, 3]).into_bytes();
        let attributes = Attributes::check("list", &bytes).unwrap();
        let element = attributes.find(LIST_ELEMENT).unwrap().nested("element").unwrap();
        assert_eq!(element.find(1).unwrap().text(), "cmp");
        assert_eq!(element.find(2).unwrap().value, 7u32.to_be_bytes());
        assert_eq!(attributes.find(9).unwrap().value, [1, 2, 3]);
    }
}
