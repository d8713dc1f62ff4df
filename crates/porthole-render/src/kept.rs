//! Sessions that are kept.

use porthole_model::{KeptSession, SessionWay};

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::gc::Collected;
use crate::moment::for_people;
use crate::shell::quoted;

/// A list of them.
pub fn list(sessions: &[KeptSession]) -> Doc {
    let mut doc = Doc::new();
    if sessions.is_empty() {
        doc.paragraph(Line::of(Style::Good, "No session is kept."));
        return doc;
    }
    let mut columns: Vec<_> =
        ["NAME", "TARGET", "WAY", "SINCE", "STATE"].into_iter().map(Column::new).collect();
    columns.push(Column::new("COMMAND").elide(12));
    let mut table = Table::new(columns);
    for session in sessions {
        table.row(vec![
            Line::of(Style::Name, &session.name),
            session.target.as_str().into(),
            way(session.way).into(),
            for_people(session.began).into(),
            state(session),
            command(session).into(),
        ]);
    }
    doc.table(table);
    doc
}

/// Those that were ended.
pub fn removed(names: &[String]) -> Doc {
    crate::gc::doc(&Collected { sessions: names, ..Collected::default() })
}

fn way(way: SessionWay) -> &'static str {
    match way {
        SessionWay::Local => "local",
        SessionWay::Sidecar => "sidecar",
    }
}

fn state(session: &KeptSession) -> Line {
    match (&session.ended, &session.attached) {
        (Some(end), _) => Line::of(Style::Faint, &format!("ended with {}", end.code)),
        (None, Some(attached)) => Line::of(Style::Good, &format!("attached by uid {}", attached.user.0)),
        (None, None) => "detached".into(),
    }
}

fn command(session: &KeptSession) -> String {
    match session.command.as_slice() {
        [] => "sh".to_owned(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    }
}
