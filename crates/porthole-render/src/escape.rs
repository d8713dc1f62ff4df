//! Text inside HTML and SVG.

use pulldown_cmark_escape::escape_html;

/// `text` so that it is neither markup nor the end of an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _infallible = escape_html(&mut markup, text);
    markup
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_and_quotes_are_text() {
        assert_eq!(escaped("<b title=\"x\">&</b>"), "&lt;b title=&quot;x&quot;&gt;&amp;&lt;/b&gt;");
    }
}
