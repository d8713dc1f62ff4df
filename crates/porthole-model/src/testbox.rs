//! A testbox that serves, and what became of its published ports.

use std::net::SocketAddr;

use crate::{Container, PortBinding};

/// A testbox that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestboxReport {
    /// Its container.
    pub container: Container,
    /// How long it took from the order to its first word, in milliseconds.
    pub ready_after: u128,
    /// Each published port, tried.
    pub ports: Vec<PortTrial>,
    /// Whether it stays when porthole ends.
    pub stays: bool,
}

/// A published port that porthole tried to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortTrial {
    /// The port.
    pub binding: PortBinding,
    /// What was connected to; `None` where the host has no address that porthole knows.
    pub tried: Option<SocketAddr>,
    /// What came of it.
    pub outcome: TrialOutcome,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The testbox answered.
    Answered,
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    Silent,
    /// Somebody took the connection and gave no answer of a testbox.
    NotTestbox,
    /// It could not be tried, for this reason.
    Failed(String),
}

impl TrialOutcome {
    /// What it means, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Answered => "answers".into(),
            Self::Refused => "refused: nothing listens on this address of the host".into(),
            Self::Silent => "no answer: a packet filter drops it, or it is routed elsewhere".into(),
            Self::NotTestbox => {
                "connected, but not to the testbox: something else has the port, or a proxy without its container"
                    .into()
            }
            Self::Failed(reason) => format!("not tried: {reason}"),
        }
    }
}
