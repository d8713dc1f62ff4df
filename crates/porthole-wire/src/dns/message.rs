//! DNS messages (RFC 1035), through hickory-proto, whose types stay in here.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode as Code};
use hickory_proto::rr::{Name, RData, RecordType};
use porthole_model::{DnsAnswer, DnsQuestion, RecordKind, ResponseCode};
use thiserror::Error;

/// What a datagram may hold where a question carries EDNS: no path on the Internet cuts less (DNS flag day 2020).
const DATAGRAM: u16 = 1232;

/// A question that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name:?} cannot be asked for: {problem}")]
pub struct MessageError {
    name: String,
    problem: String,
}

/// What a message is to one who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// An answer to the question of this number.
    Answer {
        /// The number that the question had.
        id: u16,
        /// The question that it repeats; servers that refuse may leave it out.
        question: Option<DnsQuestion>,
        /// What it says.
        answer: DnsAnswer,
    },
    /// Something else, in words; with the number where it has one.
    Garbage(Option<u16>, String),
}

/// The bytes of a question with this number, which asks the server to find out.
pub fn question(id: u16, question: &DnsQuestion, edns: bool) -> Result<Vec<u8>, MessageError> {
    let wrong = |error: hickory_proto::ProtoError| MessageError {
        name: question.name.clone(),
        problem: error.to_string(),
    };
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(full_name(&question.name).map_err(wrong)?, record_type(question.kind)));
    if edns {
        let mut extension = Edns::new();
        extension.set_max_payload(DATAGRAM);
        message.set_edns(extension);
    }
    message.to_vec().map_err(wrong)
}

/// What these bytes are.
pub fn answer(bytes: &[u8]) -> Received {
    let id = bytes.first_chunk().map(|id| u16::from_be_bytes(*id));
    let message = match Message::from_vec(bytes) {
        Ok(message) => message,
        Err(error) => {
            return Received::Garbage(id, format!("{} bytes that are no DNS message: {error}", bytes.len()));
        }
    };
    if message.metadata.message_type != MessageType::Response {
        return Received::Garbage(id, "a question came back instead of an answer".to_owned());
    }
    let asked = message.queries.first();
    let kind = asked.and_then(|query| record_kind(query.query_type()));
    let repeated = asked.zip(kind).map(|(query, kind)| DnsQuestion { name: plain(query.name()), kind });
    Received::Answer { id: message.metadata.id, question: repeated, answer: said(&message, kind) }
}

fn said(message: &Message, kind: Option<RecordKind>) -> DnsAnswer {
    let (mut addresses, mut aliases) = (Vec::new(), Vec::new());
    for record in &message.answers {
        match &record.data {
            RData::A(address) if kind != Some(RecordKind::Aaaa) => addresses.push(IpAddr::V4(address.0)),
            RData::AAAA(address) if kind != Some(RecordKind::A) => addresses.push(IpAddr::V6(address.0)),
            RData::CNAME(name) => aliases.push(plain(&name.0)),
            _ => {}
        }
    }
    DnsAnswer {
        code: code(message.metadata.response_code),
        addresses,
        aliases,
        truncated: message.metadata.truncation,
    }
}

/// Underscores, which compose puts into names, are taken as they are; other alphabets as the browser would.
fn full_name(name: &str) -> Result<Name, hickory_proto::ProtoError> {
    let mut full = if name.is_ascii() { Name::from_ascii(name) } else { Name::from_utf8(name) }?;
    full.set_fqdn(true);
    Ok(full)
}

fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
    }
}

fn record_kind(record: RecordType) -> Option<RecordKind> {
    match record {
        RecordType::A => Some(RecordKind::A),
        RecordType::AAAA => Some(RecordKind::Aaaa),
        _ => None,
    }
}

fn code(code: Code) -> ResponseCode {
    match code {
        Code::NoError => ResponseCode::NoError,
        Code::FormErr => ResponseCode::FormatError,
        Code::ServFail => ResponseCode::ServerFailure,
        Code::NXDomain => ResponseCode::NoSuchName,
        Code::NotImp => ResponseCode::NotImplemented,
        Code::Refused => ResponseCode::Refused,
        other => ResponseCode::Other(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(name: &str) -> DnsQuestion {
        DnsQuestion { name: name.to_owned(), kind: RecordKind::A }
    }

    /// A question of ours with the answer bit set, a code, and what stands behind the question.
    fn answered(name: &str, flags: [u8; 2], answers: u16, records: &[u8]) -> Vec<u8> {
        let mut bytes = question(7, &asked(name), false).unwrap();
        bytes[2..4].copy_from_slice(&flags);
        bytes[6..8].copy_from_slice(&answers.to_be_bytes());
        bytes.extend_from_slice(records);
        bytes
    }

    #[test]
    fn a_question_as_rfc_1035_has_it() {
        let expected = b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03db_\x04test\x00\x00\x01\x00\x01";
        assert_eq!(question(7, &asked("db_.test"), false).unwrap(), expected);
        let with_edns = question(7, &asked("db_.test"), true).unwrap();
        assert!(with_edns.ends_with(b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"), "{with_edns:?}");
        assert!(question(7, &asked(&"x".repeat(64)), false).is_err());
        assert!(question(7, &asked("a..b"), false).is_err());
    }

    #[test]
    fn an_answer_with_an_alias() {
        let alias = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x05\x00\x06\x03api\xc0\x0f";
        let address = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x00\x00\x01";
        let bytes = answered("db.test", [0x81, 0x80], 2, &[&alias[..], address].concat());
        let Received::Answer { id, question, answer } = answer(&bytes) else { panic!("garbage") };
        assert_eq!((id, question), (7, Some(asked("db.test"))));
        assert_eq!(answer.addresses, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!((answer.aliases, answer.code), (vec!["api.test".to_owned()], ResponseCode::NoError));
    }

    #[test]
    fn codes_and_the_truncation() {
        for (low, expected) in
            [(1, ResponseCode::FormatError), (3, ResponseCode::NoSuchName), (5, ResponseCode::Refused)]
        {
            let Received::Answer { answer, .. } = answer(&answered("x", [0x83, 0x80 | low], 0, b"")) else {
                panic!("garbage")
            };
            assert_eq!((answer.code, answer.truncated), (expected, true));
        }
    }

    #[test]
    fn what_is_no_answer() {
        let own = question(7, &asked("db"), false).unwrap();
        assert!(matches!(answer(&own), Received::Garbage(Some(7), words) if words.contains("question")));
        assert!(matches!(answer(b"\x01"), Received::Garbage(None, _)));
        assert!(matches!(answer(b"HTTP/1.1 400 Bad Request\r\n"), Received::Garbage(Some(_), _)));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = answer(&bytes);
        }

        #[test]
        fn an_altered_answer_gives_no_panic(index in 0..60_usize, byte: u8) {
            let mut bytes = answered("db.test", [0x81, 0x80], 1, b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x00\x00\x01");
            if let Some(place) = bytes.get_mut(index) {
                *place = byte;
            }
            let _ = answer(&bytes);
        }

        #[test]
        fn any_name_is_asked_or_refused(name in ".{0,80}") {
            let _ = question(1, &asked(&name), true);
        }
    }
}
