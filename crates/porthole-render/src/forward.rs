//! A forward for people: where it listens, and each connection when it ends.

use std::time::Duration;

use porthole_model::{Pid, Timestamp};

use crate::doc::{Doc, Line, Style};
use crate::{moment, units};

/// A forward, by its two ends: `127.0.0.1:8080` and `web:80`.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    /// Where clients connect.
    pub from: &'a str,
    /// Where they come out.
    pub to: &'a str,
}

/// A connection, or what one client sent by UDP, when it ended.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// When.
    pub at: Timestamp,
    /// The forward.
    pub ends: Ends<'a>,
    /// The client's address.
    pub client: &'a str,
    /// How long it was open.
    pub duration: Duration,
    /// Bytes that the client sent.
    pub from_client: u64,
    /// Bytes that the container sent.
    pub from_container: u64,
    /// What went wrong.
    pub cause: Option<&'a str>,
}

/// It listens.
pub fn listening(ends: Ends<'_>) -> Line {
    Line::of(Style::Code, ends.from).plain(" → ").with(Style::Name, ends.to)
}

/// A connection ended.
pub fn passed(passed: &Passed<'_>) -> Line {
    let mut line = Line::of(Style::Faint, &format!("{}  ", moment::time_of_day(passed.at)));
    line.append(listening(passed.ends));
    let line = line.plain(&format!(
        "  {}  {}: {} sent, {} received",
        passed.client,
        units::time(passed.duration),
        units::size(passed.from_client),
        units::size(passed.from_container)
    ));
    passed.cause.into_iter().fold(line, |line, cause| line.plain("; ").with(Style::Warning, cause))
}

/// Other machines can connect.
pub fn exposed(from: &str) -> Doc {
    crate::error::warning(&format!("{from} can be reached from other machines, by whoever reaches this one"))
}

/// The container has another first process.
pub fn moved(container: &str, pid: Pid) -> Doc {
    let mut doc = Doc::new();
    let line =
        Line::of(Style::Name, container).plain(&format!(" was started anew: its process is {pid} now"));
    doc.paragraph(line);
    doc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn example() -> Passed<'static> {
        Passed {
            at: Timestamp(1_772_366_400_250),
            ends: Ends { from: "127.0.0.1:8080", to: "web:80" },
            client: "127.0.0.1:51000",
            duration: Duration::from_millis(1200),
            from_client: 78,
            from_container: 104_857_600,
            cause: Some("nothing listens on port 80"),
        }
    }

    #[test]
    fn a_connection_for_people() {
        assert_eq!(listening(example().ends).text(), "127.0.0.1:8080 → web:80");
        let line = passed(&example()).text();
        let end = "127.0.0.1:51000  1.2s: 78B sent, 105MB received; nothing listens on port 80";
        assert!(line.contains("127.0.0.1:8080 → web:80") && line.ends_with(end), "{line}");
    }

    #[test]
    fn a_connection_for_programs() {
        let line = json::forward_passed(&example());
        for part in ["\"event\":\"closed\"", "\"duration_us\":1200000", "\"from_container\":104857600"] {
            assert!(line.contains(part), "{line}");
        }
        let line = json::forward_listening(example().ends);
        assert_eq!(line, r#"{"schema_version":1,"from":"127.0.0.1:8080","to":"web:80","event":"listening"}"#);
    }
}
