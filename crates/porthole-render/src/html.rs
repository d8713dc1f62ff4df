//! A document as one page that needs nothing beside itself: no script, no font, no other file.

use std::fmt::{self, Write};

use crate::doc::{Align, Block, Column, Doc, Line, Span, Style, Table, TreeNode};
use crate::escape::escaped;
use crate::harmless::harmless;

/// The skin: light and dark, and narrow screens.
const SKIN: &str = include_str!("page.css");

/// A page of a document.
pub fn page(title: &str, doc: &Doc) -> String {
    let mut page = String::with_capacity(16 * 1024);
    // Writing to a String cannot fail.
    let _infallible = write_page(&mut page, &escaped(&harmless(title)), doc);
    page
}

fn write_page(page: &mut String, title: &str, doc: &Doc) -> fmt::Result {
    writeln!(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(page, "<meta name=\"color-scheme\" content=\"light dark\">")?;
    writeln!(page, "<title>{title}</title>\n<style>\n{SKIN}</style>\n</head>")?;
    writeln!(page, "<body>\n<main>\n<h1>{title}</h1>")?;
    blocks(page, doc)?;
    writeln!(page, "</main>\n</body>\n</html>")
}

fn blocks(page: &mut String, doc: &Doc) -> fmt::Result {
    doc.blocks.iter().try_for_each(|item| block(page, item))
}

fn block(page: &mut String, block: &Block) -> fmt::Result {
    match block {
        Block::Heading(line) => element(page, "h2", line),
        Block::Paragraph(line) => element(page, "p", line),
        Block::List(lines) => list(page, "ul", lines),
        Block::Steps(lines) => list(page, "ol", lines),
        Block::Definitions(terms) => definitions(page, terms),
        Block::Table(table) => self::table(page, table),
        Block::Tree(roots) => tree(page, roots, "tree"),
        Block::Code(lines) => writeln!(page, "<pre><code>{}</code></pre>", escaped(&lines.join("\n"))),
        Block::Content(lines) => content(page, lines),
        Block::Nested(inner) if inner.is_empty() => Ok(()),
        Block::Nested(inner) => within(page, "div", "nested", inner),
        Block::Card(style, inner) => within(page, "section", &format!("card {}", class(*style)), inner),
        Block::Picture(picture) => writeln!(page, "<figure class=\"wide\">\n{}</figure>", picture.svg),
        Block::Blank => Ok(()),
    }
}

fn within(page: &mut String, tag: &str, class: &str, inner: &Doc) -> fmt::Result {
    writeln!(page, "<{tag} class=\"{class}\">")?;
    blocks(page, inner)?;
    writeln!(page, "</{tag}>")
}

fn element(page: &mut String, tag: &str, line: &Line) -> fmt::Result {
    write!(page, "<{tag}>")?;
    words(page, line)?;
    writeln!(page, "</{tag}>")
}

fn list(page: &mut String, tag: &str, lines: &[Line]) -> fmt::Result {
    writeln!(page, "<{tag}>")?;
    lines.iter().try_for_each(|line| element(page, "li", line))?;
    writeln!(page, "</{tag}>")
}

fn content(page: &mut String, lines: &[Line]) -> fmt::Result {
    write!(page, "<pre>")?;
    for line in lines {
        words(page, line)?;
        writeln!(page)?;
    }
    writeln!(page, "</pre>")
}

fn definitions(page: &mut String, terms: &[(Line, Line)]) -> fmt::Result {
    writeln!(page, "<dl>")?;
    for (term, meaning) in terms {
        element(page, "dt", term)?;
        element(page, "dd", meaning)?;
    }
    writeln!(page, "</dl>")
}

fn table(page: &mut String, table: &Table) -> fmt::Result {
    writeln!(page, "<div class=\"wide\">\n<table>\n<thead>")?;
    let titles: Vec<Line> = table.columns.iter().map(|column| column.title.as_str().into()).collect();
    row(page, "th", table, &titles)?;
    writeln!(page, "</thead>\n<tbody>")?;
    table.rows.iter().try_for_each(|cells| row(page, "td", table, cells))?;
    writeln!(page, "</tbody>\n</table>\n</div>")
}

fn row(page: &mut String, tag: &str, table: &Table, cells: &[Line]) -> fmt::Result {
    write!(page, "<tr>")?;
    cells.iter().zip(&table.columns).try_for_each(|(line, column)| cell(page, tag, column, line))?;
    writeln!(page, "</tr>")
}

fn cell(page: &mut String, tag: &str, column: &Column, line: &Line) -> fmt::Result {
    let class = if column.align == Align::Right { " class=\"right\"" } else { "" };
    write!(page, "<{tag}{class}>")?;
    words(page, line)?;
    write!(page, "</{tag}>")
}

fn tree(page: &mut String, nodes: &[TreeNode], class: &str) -> fmt::Result {
    writeln!(page, "<ul class=\"{class}\">")?;
    for node in nodes {
        write!(page, "<li>")?;
        words(page, &node.line)?;
        if !node.children.is_empty() {
            writeln!(page)?;
            tree(page, &node.children, "branch")?;
        }
        writeln!(page, "</li>")?;
    }
    writeln!(page, "</ul>")
}

fn words(page: &mut String, line: &Line) -> fmt::Result {
    line.spans().iter().try_for_each(|span| word(page, span))
}

fn word(page: &mut String, span: &Span) -> fmt::Result {
    let text = escaped(span.text());
    match span.style() {
        Style::Plain => page.write_str(&text),
        Style::Strong => write!(page, "<strong>{text}</strong>"),
        Style::Code => write!(page, "<code>{text}</code>"),
        style => write!(page, "<span class=\"{}\">{text}</span>", class(style)),
    }
}

fn class(style: Style) -> &'static str {
    match style {
        Style::Plain => "plain",
        Style::Strong => "strong",
        Style::Faint => "faint",
        Style::Code => "code",
        Style::Good => "good",
        Style::Note => "note",
        Style::Warning => "warning",
        Style::Error => "error",
        Style::Name => "name",
    }
}
