//! The calls of the engine's API, and what they take.

use porthole_model::{ApiEndpoint, ApiParameter, ParameterPlace};

use crate::doc::{Doc, Line, Style};

/// Where a parameter may stand, in the order in which a call is written.
const PLACES: [(ParameterPlace, &str); 3] =
    [(ParameterPlace::Query, "query"), (ParameterPlace::Header, "header"), (ParameterPlace::Body, "body")];

/// Each call with its purpose, and below it what it takes.
pub fn list(endpoints: &[ApiEndpoint]) -> Doc {
    let mut doc = Doc::new();
    for endpoint in endpoints {
        doc.paragraph(head(endpoint));
        let mut inner = Doc::new();
        let taken: Vec<_> = PLACES.iter().filter_map(|(place, word)| taken(endpoint, *place, word)).collect();
        if !taken.is_empty() {
            inner.definitions(taken);
            doc.nested(inner);
        }
    }
    doc
}

fn head(endpoint: &ApiEndpoint) -> Line {
    let style = if endpoint.changes { Style::Warning } else { Style::Note };
    let line = Line::of(style, &format!("{:6}", endpoint.method)).plain(" ").with(Style::Name, endpoint.path);
    if endpoint.summary.is_empty() {
        line.with(Style::Faint, &format!("  {}", endpoint.operation))
    } else {
        line.with(Style::Faint, &format!("  {}", endpoint.summary))
    }
}

fn taken(endpoint: &ApiEndpoint, place: ParameterPlace, word: &str) -> Option<(Line, Line)> {
    let mut line = Line::new();
    for parameter in endpoint.parameters.iter().filter(|parameter| parameter.place == place) {
        if !line.is_empty() {
            line.push(Style::Plain, "  ");
        }
        line.append(written(parameter));
    }
    (!line.is_empty()).then(|| (Line::of(Style::Faint, word), line))
}

/// `tail=string[all]`, `term=string*`
fn written(parameter: &ApiParameter) -> Line {
    let mut line = Line::of(Style::Code, parameter.name).with(Style::Faint, &format!("={}", parameter.kind));
    if !parameter.default.is_empty() {
        line.push(Style::Faint, &format!("[{}]", parameter.default));
    }
    if parameter.is_required {
        line.push(Style::Warning, "*");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{self, TextSettings};

    fn shown(endpoint: ApiEndpoint) -> String {
        let mut out = Vec::new();
        text::print(&list(&[endpoint]), &TextSettings { width: None, color: false }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const GET: ApiEndpoint = ApiEndpoint {
        method: "GET",
        path: "/images/search",
        operation: "ImageSearch",
        summary: "Search images",
        changes: false,
        parameters: Vec::new(),
    };

    #[test]
    fn what_must_be_given_and_what_holds_otherwise_is_marked() {
        let term = ApiParameter {
            name: "term",
            place: ParameterPlace::Query,
            kind: "string",
            default: "",
            is_required: true,
            since: None,
        };
        let limit =
            ApiParameter { name: "limit", kind: "integer", default: "25", is_required: false, ..term };
        let shown = shown(ApiEndpoint { parameters: vec![term, limit], ..GET });
        let expected = "GET    /images/search  Search images\n  query  term=string*  limit=integer[25]\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn without_a_purpose_the_name_stands() {
        assert_eq!(shown(ApiEndpoint { summary: "", ..GET }), "GET    /images/search  ImageSearch\n");
    }
}
