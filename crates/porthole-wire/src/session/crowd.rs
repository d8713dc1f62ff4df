//! What is said of one command in many containers at once: one agent on the engine's host goes into all of them.

use serde::{Deserialize, Serialize};

use super::Message;

/// What the user's end says.
#[derive(Clone, Debug, PartialEq)]
pub enum ToCrowd {
    /// Where the command is to run; said once. Members are numbered in this order.
    Begin(Vec<CrowdMember>),
}

/// A container that the command is to run in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrowdMember {
    /// The container's full id.
    pub container: String,
    /// How to enter it, and what to run, in the words of the one that enters.
    pub entry: serde_json::Value,
}

/// What the agent says of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromCrowd {
    /// A line of standard output, without its end.
    Output {
        /// The member's number.
        member: u32,
        /// The line.
        line: Vec<u8>,
    },
    /// A line of standard error, without its end.
    Error {
        /// The member's number.
        member: u32,
        /// The line.
        line: Vec<u8>,
    },
    /// The command ended with this exit code; the last word on the member.
    Ended {
        /// The member's number.
        member: u32,
        /// The code, 128 + N after signal N.
        code: u8,
    },
    /// There was no way in, in words; the last word on the member.
    NotEntered {
        /// The member's number.
        member: u32,
        /// Why.
        reason: String,
    },
}

impl FromCrowd {
    /// The member that it is about.
    pub fn member(&self) -> u32 {
        match self {
            Self::Output { member, .. }
            | Self::Error { member, .. }
            | Self::Ended { member, .. }
            | Self::NotEntered { member, .. } => *member,
        }
    }
}

impl Message for ToCrowd {
    fn parts(&self) -> (u8, Vec<u8>) {
        let Self::Begin(members) = self;
        (b'b', serde_json::to_vec(members).unwrap_or_default())
    }

    fn of_parts(kind: u8, content: &[u8]) -> Option<Self> {
        if kind == b'b' { serde_json::from_slice(content).ok().map(Self::Begin) } else { None }
    }
}

impl Message for FromCrowd {
    fn parts(&self) -> (u8, Vec<u8>) {
        let (kind, content) = match self {
            Self::Output { line, .. } => (b'O', line.as_slice()),
            Self::Error { line, .. } => (b'E', line.as_slice()),
            Self::Ended { code, .. } => (b'X', std::slice::from_ref(code)),
            Self::NotEntered { reason, .. } => (b'F', reason.as_bytes()),
        };
        (kind, [&self.member().to_be_bytes(), content].concat())
    }

    fn of_parts(kind: u8, content: &[u8]) -> Option<Self> {
        let (member, content) = content.split_first_chunk()?;
        let member = u32::from_be_bytes(*member);
        match (kind, content) {
            (b'O', line) => Some(Self::Output { member, line: line.to_vec() }),
            (b'E', line) => Some(Self::Error { member, line: line.to_vec() }),
            (b'X', [code]) => Some(Self::Ended { member, code: *code }),
            (b'F', reason) => {
                Some(Self::NotEntered { member, reason: String::from_utf8_lossy(reason).into_owned() })
            }
            _ => None,
        }
    }
}
