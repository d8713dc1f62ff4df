//! Queries as Go's `net/url` reads them: `+` is a space, `%XX` a byte, a wrong escape stays as it is.

/// The pairs of a query, decoded.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name, true), decoded(value, true))
    })
}

/// The first value of a name, where it is not empty.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(found, _)| found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// A segment of a path, decoded.
pub(crate) fn segment(text: &str) -> String {
    decoded(text, false)
}

fn decoded(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = after.first_chunk::<2>().and_then(|digits| hexadecimal(*digits));
        let (byte, after) = match (first, escape) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) if plus_is_space => (b' ', after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        assert_eq!(value("a=1&name=my%2Fweb+1", "name").as_deref(), Some("my/web 1"));
        assert_eq!(value("name=&name=x", "name"), None);
        assert_eq!(value("b=%zz%4", "b").as_deref(), Some("%zz%4"));
        assert_eq!(segment("a+b%3A1"), "a+b:1");
    }
}
