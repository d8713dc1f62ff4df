//! What a check is about: its code, its title and its documentation.

use porthole_model::CheckCode;

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::markdown;

/// The documentation of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The check's code.
    pub code: CheckCode,
    /// Its title.
    pub title: &'a str,
    /// Headings and what stands below them, in Markdown: paragraphs, `code`, lists, fenced code.
    pub sections: Vec<(&'a str, &'a str)>,
}

/// One explanation, whole.
pub fn doc(explanation: &Explanation<'_>) -> Doc {
    let mut doc = Doc::new();
    let code = explanation.code.to_string();
    doc.heading(Line::of(Style::Name, &code).plain(" ").plain(explanation.title));
    for (heading, text) in &explanation.sections {
        doc.blank().heading(*heading);
        doc.nested(markdown::doc(text));
    }
    doc
}

/// The codes and titles of many.
pub fn list(explanations: &[Explanation<'_>]) -> Doc {
    let mut table = Table::new(vec![Column::new("CODE"), Column::new("TITLE").wrap(20)]);
    for explanation in explanations {
        table.row(vec![Line::of(Style::Name, &explanation.code.to_string()), explanation.title.into()]);
    }
    let mut doc = Doc::new();
    doc.table(table);
    doc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html;
    use crate::json;
    use crate::text::{self, TextSettings};

    const TEXT: &str = "The kernel drops a packet that it may not **forward**. It reads\n`net.ipv4.ip_forward`.\n\n\
        - bridge networks\n- overlay networks,\n  too\n\n1. first\n2. second\n\n```sh\nsysctl net.ipv4.ip_forward\n  indented <b>\n```\n\n\
        Then <script>alert(1)</script> & more.";

    fn explanation() -> Explanation<'static> {
        let sections = vec![("What it checks", TEXT), ("Why it matters", "Nothing works without it.")];
        Explanation { code: CheckCode(1), title: "The host forwards packets", sections }
    }

    fn printed(doc: &Doc, width: usize) -> String {
        let mut out = Vec::new();
        text::print(doc, &TextSettings { width: Some(width), color: false }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_explanation_in_every_format() {
        insta::assert_snapshot!("text_60", printed(&doc(&explanation()), 60));
        insta::assert_snapshot!("html", html::page("PH001", &doc(&explanation())));
        insta::assert_snapshot!("json", json::explanations(&[explanation()]));
        insta::assert_snapshot!("list_30", printed(&list(&[explanation()]), 30));
    }
}
