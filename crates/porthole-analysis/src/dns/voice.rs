//! What several questions to one server say together of that server.

use std::fmt;
use std::net::SocketAddr;

use porthole_model::{DnsOutcome, DnsProbe, ResponseCode};

/// What a server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// It says what it knows, the quickest answer after so many microseconds.
    Knows(u64),
    /// It answers, and says that it does not find out or does not want to.
    Declines(ResponseCode),
    /// No answer in time, in microseconds.
    Silent(u64),
    /// Nobody listens there.
    Refused,
    /// Questions do not get there.
    Unreachable(String),
    /// It is no name server.
    Garbage(String),
    /// Somebody else answers.
    Stranger(SocketAddr),
}

impl Voice {
    /// Whether anything came that is an answer.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self, Self::Knows(_) | Self::Declines(_))
    }

    /// Whether the server does what it is for.
    pub(super) fn knows(&self) -> bool {
        matches!(self, Self::Knows(_))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Knows(_) => 0,
            Self::Declines(_) => 1,
            Self::Garbage(_) => 2,
            Self::Stranger(_) => 3,
            Self::Refused => 4,
            Self::Unreachable(_) => 5,
            Self::Silent(_) => 6,
        }
    }
}

impl fmt::Display for Voice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Knows(took) => write!(formatter, "answers in {}", Milliseconds(*took)),
            Self::Declines(code) => write!(formatter, "answers {code}"),
            Self::Silent(took) => write!(formatter, "no answer in {}", Milliseconds(*took)),
            Self::Refused => write!(formatter, "refused: nobody listens there"),
            Self::Unreachable(words) => write!(formatter, "not reached: {words}"),
            Self::Garbage(words) => write!(formatter, "no DNS answer: {words}"),
            Self::Stranger(address) => {
                write!(formatter, "the answer came from {address}, which was not asked")
            }
        }
    }
}

/// Microseconds in words.
pub(super) struct Milliseconds(pub(super) u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0 / 100;
        if self.0 >= 100_000 {
            write!(formatter, "{} ms", self.0 / 1000)
        } else {
            write!(formatter, "{}.{} ms", tenths / 10, tenths % 10)
        }
    }
}

/// The best of what the probes came to; `None` where none was made.
pub(super) fn voice<'a>(probes: impl Iterator<Item = &'a DnsProbe>) -> Option<Voice> {
    let mut voices: Vec<Voice> = probes.filter_map(of_probe).collect();
    voices.sort_by_key(|voice| (voice.rank(), if let Voice::Knows(took) = voice { *took } else { 0 }));
    voices.into_iter().next()
}

/// What came of one question, in words.
pub(crate) fn outcome_words(outcome: &DnsOutcome, took: u64) -> String {
    match (outcome, of_outcome(outcome, took)) {
        (_, Some(voice)) => voice.to_string(),
        (DnsOutcome::NotAsked(gap), None) => format!("not asked: {}", gap.cause),
        (_, None) => String::new(),
    }
}

fn of_probe(probe: &DnsProbe) -> Option<Voice> {
    of_outcome(&probe.outcome, probe.took)
}

fn of_outcome(outcome: &DnsOutcome, took: u64) -> Option<Voice> {
    Some(match outcome {
        outcome if outcome.is_knowledge() => Voice::Knows(took),
        DnsOutcome::Answered(answer) => Voice::Declines(answer.code),
        DnsOutcome::Silent => Voice::Silent(took),
        DnsOutcome::Refused => Voice::Refused,
        DnsOutcome::Unreachable(words) => Voice::Unreachable(words.clone()),
        DnsOutcome::Garbage(words) => Voice::Garbage(words.clone()),
        DnsOutcome::Stranger(address) => Voice::Stranger(*address),
        DnsOutcome::NotAsked(_) => return None,
    })
}
