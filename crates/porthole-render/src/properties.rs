//! What holds for every input: widths, escapes, and JSON that parses.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::sockets::SocketRow;
use crate::text::{self, TextSettings};
use crate::{html, json, samples, topology};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_.-]{0,40}",
        "[a-z 日本語🐳é\u{1b}\u{202e}<&\"]{0,40}",
        "(👩‍👩‍👧|🇩🇪|x){0,12}",
        "(<script>|</svg>|\"'>|&lt;|]]>){0,4}",
    ]
}

fn table(rows: Vec<[String; 4]>) -> Table {
    let mut table = Table::new(vec![
        Column::new("NAME").elide(6),
        Column::new("NOTE").wrap(6),
        Column::new("N").right().elide(4).may_drop(1),
        Column::new("EXTRA").may_drop(2),
    ]);
    for cells in rows {
        table.row(cells.iter().map(|cell| Line::of(Style::Name, cell)).collect());
    }
    table
}

fn printed(doc: &Doc, width: Option<usize>) -> String {
    let mut out = Vec::new();
    text::print(doc, &TextSettings { width, color: false }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

proptest! {
    #[test]
    fn a_table_is_never_wider_than_its_terminal(
        rows in prop::collection::vec([name(), name(), name(), name()], 0..6),
        width in 14_usize..120,
    ) {
        let mut doc = Doc::new();
        doc.table(table(rows));
        for line in printed(&doc, Some(width)).lines() {
            prop_assert!(line.width() <= width, "{} > {width}: {line}", line.width());
        }
    }

    #[test]
    fn a_pipe_gets_a_line_a_row(rows in prop::collection::vec([name(), name(), name(), name()], 0..6)) {
        let mut doc = Doc::new();
        let count = rows.len();
        doc.table(table(rows));
        prop_assert_eq!(printed(&doc, None).lines().count(), count + 1);
    }

    #[test]
    fn no_name_steers_the_terminal(text in any::<String>(), width in 1_usize..60) {
        let mut doc = Doc::new();
        doc.paragraph(text.as_str()).list(vec![text.as_str().into()]).code([text.as_str()]).table(table(vec![[text.clone(), text.clone(), text.clone(), text.clone()]]));
        let printed = printed(&doc, Some(width));
        prop_assert!(!printed.chars().any(|character| character.is_control() && character != '\n'));
    }

    #[test]
    fn no_name_becomes_markup(text in name(), title in name()) {
        let mut topology = samples::topology();
        topology.rows[0].containers[0].0.clone_from(&text);
        topology.bridges[0].end.name.clone_from(&text);
        let mut doc = topology::tree(&topology);
        doc.paragraph(text.as_str()).code([text.as_str()]).append(topology::table(&topology));
        let page = html::page(&title, &doc);
        prop_assert!(!page.contains("<script") && !page.contains("</svg"));
        let picture = topology::svg(&topology);
        prop_assert!(!picture.contains("<script"));
        prop_assert_eq!(picture.matches("</svg").count(), 1);
    }

    #[test]
    fn a_stream_of_sockets_parses(places in prop::collection::vec(any::<Option<String>>(), 0..20)) {
        let sockets = samples::sockets();
        let mut out = Vec::new();
        let mut stream = json::SocketStream::new(&mut out).unwrap();
        for (place, socket) in places.iter().zip(sockets.iter().cycle()) {
            stream.row(SocketRow { place: place.as_deref(), socket }).unwrap();
        }
        stream.finish().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let rows = document["sockets"].as_array().unwrap();
        prop_assert_eq!(rows.len(), places.len());
        for (row, place) in rows.iter().zip(&places) {
            prop_assert_eq!(row["container"].as_str(), place.as_deref());
        }
    }
}
