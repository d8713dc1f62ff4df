//! Pieces of an answer to events: JSON values, whatever stands between them.

use std::collections::BTreeMap;

use porthole_model::{EngineEvent, EngineTime, MaskedText, Secrets};

use crate::raw::{RawMap, raw};

/// The most bytes that one event may take.
const LONGEST: usize = 16 << 20;

raw! {
    RawEvent {
        kind: String = "Type",
        action: String = "Action",
        actor: RawActor = "Actor",
        scope: String = "scope",
        time: i64 = "time",
        nanoseconds: i64 = "timeNano",
    }
    RawActor {
        id: String = "ID",
        attributes: RawMap<String> = "Attributes",
    }
}

/// What came and is not an event yet.
pub(super) struct Decoder {
    pending: Vec<u8>,
    secrets: Secrets,
}

impl Decoder {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { pending: Vec::new(), secrets }
    }

    /// The events that end in `piece`; why it is none, in words.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<EngineEvent>, String> {
        self.pending.extend_from_slice(piece);
        let mut events = Vec::new();
        let mut done = 0;
        loop {
            done += separators(self.pending.get(done..).unwrap_or_default());
            let rest = self.pending.get(done..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<RawEvent>();
            match values.next() {
                None => break,
                Some(Ok(raw)) => {
                    done += values.byte_offset();
                    events.push(raw.noun(self.secrets));
                }
                Some(Err(error)) if error.is_eof() => break,
                Some(Err(error)) => return Err(error.to_string()),
            }
        }
        self.pending.drain(..done);
        if self.pending.len() > LONGEST {
            return Err(format!("an event of more than {LONGEST} bytes"));
        }
        Ok(events)
    }
}

/// White space, and the record separator of JSON text sequences (RFC 7464), which newer engines may send.
fn separators(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x1e).count()
}

impl RawEvent {
    fn noun(self, secrets: Secrets) -> EngineEvent {
        let at =
            if self.nanoseconds == 0 { self.time.saturating_mul(1_000_000_000) } else { self.nanoseconds };
        let masked = |(name, value): (String, String)| {
            let value = MaskedText::value(&name, &value, secrets);
            (name, value)
        };
        EngineEvent {
            at: EngineTime(at),
            kind: self.kind,
            action: MaskedText::assignment(&self.action, secrets),
            id: self.actor.id,
            attributes: self.actor.attributes.into_iter().map(masked).collect::<BTreeMap<_, _>>(),
            scope: self.scope,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"status":"start","id":"c1","Type":"container","Action":"start","Actor":{"ID":"c1","Attributes":{"image":"bb:1","name":"web"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}"#;

    fn decoder() -> Decoder {
        Decoder::new(Secrets::Mask)
    }

    #[test]
    fn events_come_in_pieces_of_any_size() {
        let stream = format!("{START}\n\x1e{START}\r\n{START}");
        for size in [1, 7, 1000] {
            let mut decoder = decoder();
            let events: Vec<_> =
                stream.as_bytes().chunks(size).flat_map(|piece| decoder.take(piece).unwrap()).collect();
            assert_eq!(events.len(), 3);
            assert_eq!(events[0].at, EngineTime(1_700_000_000_123_456_789));
            assert_eq!(events[0].name(), Some("web"));
            assert_eq!((events[0].kind.as_str(), events[0].verb()), ("container", "start"));
        }
    }

    #[test]
    fn garbage_is_no_event() {
        assert!(decoder().take(b"<html>").is_err());
        assert!(decoder().take(br#"{"Type": 5}"#).is_err());
        assert_eq!(decoder().take(b"{\"Type\":\"container\"").unwrap(), []);
    }

    #[test]
    fn credentials_are_masked() {
        let event = r#"{"Type":"container","Action":"exec_create: env DB_PASSWORD=hunter2 sh","Actor":{"ID":"c","Attributes":{"api_token":"hunter2","name":"web"}},"time":5}"#;
        let events = decoder().take(event.as_bytes()).unwrap();
        assert!(!format!("{events:?}").contains("hunter2"), "{events:?}");
        assert_eq!(events[0].at, EngineTime(5_000_000_000));
        assert_eq!(events[0].verb(), "exec_create");
    }
}
