//! What an engine says happened, for people: a line each.

use porthole_model::{EngineEvent, EngineTime, EventGap, EventNews, MaskedText};

use crate::doc::{Doc, Line, Style};
use crate::{error, moment, units};

/// What engines themselves say of an object; all else are its labels, which JSON has.
const OWN_ATTRIBUTES: [&str; 14] = [
    "image",
    "exitCode",
    "signal",
    "oldName",
    "container",
    "driver",
    "destination",
    "height",
    "width",
    "execDuration",
    "reference",
    "state.old",
    "state.new",
    "resource",
];

/// A line for an event, words beside the lines for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something happened.
    Line(Line),
    /// About following itself.
    Beside(Doc),
}

/// What there is to tell.
pub fn told(news: &EventNews) -> Told {
    match news {
        EventNews::Event(event) => Told::Line(line(event)),
        EventNews::Lost { cause } => Told::Beside(error::warning(&format!(
            "events come no longer; the engine is tried again: {cause}"
        ))),
        EventNews::Back { away } => {
            Told::Beside(error::note(&format!("events come again, after {}", units::time(*away))))
        }
        EventNews::Gap(gap) => Told::Beside(error::warning(&gap_words(*gap))),
        EventNews::ClockSetBack { by } => Told::Beside(error::warning(&format!(
            "the engine's clock was set back by {}: from here on, a time that is earlier may have come later",
            units::time(*by)
        ))),
        EventNews::Dropped { events } => Told::Beside(error::warning(&format!(
            "{events} events came faster than they were taken, and are not shown"
        ))),
    }
}

fn line(event: &EngineEvent) -> Line {
    let name = event.name().unwrap_or_else(|| short(&event.id));
    let line = Line::of(Style::Faint, &format!("{}  ", time_of_day(event.at)))
        .with(Style::Note, &format!("{:<9} ", event.kind))
        .with(style(event), &format!("{:<12} ", event.action.as_str()))
        .with(Style::Name, name);
    let attributes = OWN_ATTRIBUTES.iter().filter_map(|name| Some((name, event.attributes.get(*name)?)));
    let attributes = attributes.filter(|(_, value)| !value.as_str().is_empty());
    attributes.fold(line, |line, (name, value)| {
        line.with(Style::Faint, &format!("  {name}=")).plain(short(value.as_str()))
    })
}

/// By what it means for who depends on the object.
fn style(event: &EngineEvent) -> Style {
    let code = event.attributes.get("exitCode").map(MaskedText::as_str);
    match event.verb() {
        "die" if code != Some("0") => Style::Error,
        "oom" => Style::Error,
        "health_status" if event.action.as_str().ends_with("unhealthy") => Style::Error,
        "start" | "unpause" | "connect" | "health_status" => Style::Good,
        "die" | "kill" | "stop" | "pause" | "destroy" | "disconnect" | "delete" => Style::Warning,
        _ => Style::Plain,
    }
}

/// Ids as the docker CLI shows them.
fn short(text: &str) -> &str {
    let is_id = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { text.get(..12).unwrap_or(text) } else { text }
}

fn gap_words(gap: EventGap) -> String {
    let before = gap.before.map_or_else(|| "now".to_owned(), time_of_day);
    let Some(after) = gap.after.map(time_of_day) else {
        return format!(
            "it cannot be known whether something else happened before {before}: nothing was seen yet"
        );
    };
    format!(
        "the engine does not remember what happened between {after} and {before}: it was started anew, or more \
         happened than it keeps"
    )
}

fn time_of_day(at: EngineTime) -> String {
    moment::time_of_day(at.moment())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use porthole_model::Secrets;

    use super::*;
    use crate::text::{self, TextSettings};

    fn event(action: &str, attributes: &[(&str, &str)]) -> EventNews {
        let masked = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), MaskedText::value(name, value, Secrets::Mask))
        };
        EventNews::Event(EngineEvent {
            at: EngineTime(1_700_000_000_250_000_000),
            kind: "container".to_owned(),
            action: MaskedText::assignment(action, Secrets::Mask),
            id: "ab".repeat(32),
            attributes: attributes.iter().map(masked).collect(),
            scope: "local".to_owned(),
        })
    }

    fn words(news: &EventNews) -> String {
        match told(news) {
            Told::Line(line) => line.text(),
            Told::Beside(doc) => {
                let mut out = Vec::new();
                text::print(&doc, &TextSettings { width: None, color: false }, &mut out).unwrap();
                String::from_utf8_lossy(&out).into_owned()
            }
        }
    }

    #[test]
    fn an_event_is_a_line_without_labels() {
        let died =
            event("die", &[("name", "web"), ("exitCode", "137"), ("image", "bb:1"), ("tier", "front")]);
        assert_eq!(words(&died), "22:13:20.250  container die          web  image=bb:1  exitCode=137");
        assert_eq!(words(&event("start", &[])), "22:13:20.250  container start        abababababab");
    }

    #[test]
    fn what_happens_to_the_stream_is_said_in_words() {
        let gap = EventGap { after: Some(EngineTime(1_700_000_000_000_000_000)), before: None };
        assert!(words(&EventNews::Gap(gap)).contains("between 22:13:20.000 and now"));
        let unknown = EventGap { after: None, before: Some(EngineTime(1_700_000_000_000_000_000)) };
        assert!(words(&EventNews::Gap(unknown)).contains("happened before 22:13:20.000"));
        let by = Duration::from_hours(1);
        assert!(words(&EventNews::ClockSetBack { by }).contains("set back by 1h00m"));
        assert!(words(&EventNews::Back { away: Duration::from_secs(3) }).contains("after 3"));
    }
}
