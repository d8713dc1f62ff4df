//! What came of one question, in a cell.

use std::net::IpAddr;

use porthole_model::{DnsOutcome, ResponseCode};

use crate::doc::{Line, Style};

/// The addresses, or why there are none.
pub(super) fn line(outcome: Option<&DnsOutcome>) -> Line {
    match outcome {
        None => Line::of(Style::Faint, "not asked"),
        Some(DnsOutcome::Answered(answer)) if !answer.addresses.is_empty() => {
            let addresses = Line::of(Style::Good, &joined(&answer.addresses));
            if answer.truncated { addresses.with(Style::Faint, " (cut off: TCP has all)") } else { addresses }
        }
        Some(DnsOutcome::Answered(answer)) if answer.code == ResponseCode::NoError => {
            Line::of(Style::Faint, if answer.truncated { "cut off: TCP has it" } else { "none" })
        }
        Some(DnsOutcome::Answered(answer)) => {
            let style = if answer.code == ResponseCode::NoSuchName { Style::Note } else { Style::Error };
            Line::of(style, &answer.code.to_string())
        }
        Some(outcome) => Line::of(Style::Error, word(outcome)),
    }
}

fn word(outcome: &DnsOutcome) -> &'static str {
    match outcome {
        DnsOutcome::Answered(_) => "answered",
        DnsOutcome::Silent => "no answer",
        DnsOutcome::Refused => "refused",
        DnsOutcome::Unreachable(_) => "not reached",
        DnsOutcome::Garbage(_) => "no DNS answer",
        DnsOutcome::Stranger(_) => "somebody else answers",
        DnsOutcome::NotAsked(_) => "not asked",
    }
}

pub(super) fn joined<'a>(addresses: impl IntoIterator<Item = &'a IpAddr>) -> String {
    addresses.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
