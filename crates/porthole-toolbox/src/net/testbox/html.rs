//! The page for browsers: one file, which asks for nothing from elsewhere.

use super::page::Page;
use super::text;
use crate::net::http::escaped;

const STYLE: &str = include_str!("page.css");

/// The page as HTML.
pub(super) fn page(page: &Page) -> String {
    let (testbox, request) = (&page.testbox, &page.request);
    let title = escaped(testbox.name.as_deref().unwrap_or(&testbox.hostname));
    let interfaces: Vec<String> = testbox.interfaces.iter().map(text::interface).collect();
    let asked = format!("{} {} {}", request.method, request.target, request.version);
    let headers: Vec<String> =
        request.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
    let here = [
        row("Container", testbox.name.as_slice()),
        row("Hostname", std::slice::from_ref(&testbox.hostname)),
        row("Engine", testbox.engine.as_slice()),
        row("Network", testbox.network.as_slice()),
        row("Published", &testbox.published),
        row("Interfaces", &interfaces),
        row("Default route", &testbox.default_routes),
        row("resolv.conf", &testbox.resolver),
    ];
    let seen = [
        row("From", std::slice::from_ref(&request.peer)),
        row("To", std::slice::from_ref(&request.local)),
        row("Request", &[asked]),
        row("Headers", &headers),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title} – porthole testbox</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><span class=\"glass\"></span><div><h1>It works.</h1>\n\
         <p>This is <b>{title}</b>, a testbox of porthole {}.</p></div></header>\n\
         <section class=\"reached\"><h2>How you came here</h2>\n<p>{}.</p></section>\n\
         <section><h2>What was seen of your request</h2>\n<dl>{}</dl></section>\n\
         <section><h2>Where this runs</h2>\n<dl>{}</dl></section>\n\
         <footer>The same as <a href=\"?format=text\">text</a> or <a href=\"?format=json\">JSON</a>. \
         TCP and UDP port 7 echo.</footer>\n</main>\n</body>\n</html>\n",
        escaped(testbox.porthole),
        escaped(&capitalized(request.reached.words)),
        seen.concat(),
        here.concat(),
    )
}

/// A term with a line for each value; nothing where there is none.
fn row(term: &str, values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = values.iter().map(|value| format!("<code>{}</code>", escaped(value))).collect();
    format!("<dt>{}</dt><dd>{}</dd>\n", escaped(term), lines.join("<br>"))
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sends_is_no_markup() {
        let shown = row("Headers", &["x: <script>alert('&')</script>".to_owned()]);
        assert!(shown.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"), "{shown}");
    }
}
