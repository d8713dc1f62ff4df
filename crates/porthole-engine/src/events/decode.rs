//! Pieces of an answer to events: JSON values, whatever stands between them.

use std::collections::BTreeMap;

use porthole_model::{EngineEvent, EngineTime, MaskedText, Secrets};

use crate::raw::{RawMap, raw};

/// The most bytes that one event may take.
const LONGEST: usize = 4 << 20;

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

    /// Adds the events that end in `piece`; why what follows them is none, in words.
    pub(super) fn take(&mut self, piece: &[u8], events: &mut Vec<EngineEvent>) -> Result<(), String> {
        self.pending.extend_from_slice(piece);
        self.pending.drain(..separators(&self.pending));
        // Nothing ends without it, and what has not ended is not read over and over.
        if !piece.contains(&b'}') && !self.begins_wrongly() {
            return self.is_bearable();
        }
        let mut done = 0;
        let read = loop {
            done += separators(self.pending.get(done..).unwrap_or_default());
            let rest = self.pending.get(done..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<RawEvent>();
            match values.next() {
                None => break Ok(()),
                Some(Ok(raw)) if raw.is_event() => {
                    done += values.byte_offset();
                    events.push(raw.noun(self.secrets));
                }
                Some(Ok(_)) => break Err(format!("{} is no event", beginning(rest, self.secrets))),
                Some(Err(error)) if error.is_eof() => break Ok(()),
                Some(Err(error)) => break Err(format!("{error}, in {}", beginning(rest, self.secrets))),
            }
        };
        self.pending.drain(..done);
        read.and_then(|()| self.is_bearable())
    }

    /// Whether what waits cannot become an event, whatever follows.
    fn begins_wrongly(&self) -> bool {
        self.pending.first().is_some_and(|first| *first != b'{')
    }

    fn is_bearable(&self) -> Result<(), String> {
        if self.pending.len() > LONGEST {
            return Err(format!("an event of more than {LONGEST} bytes"));
        }
        Ok(())
    }
}

/// The first characters of what is not understood.
fn beginning(bytes: &[u8], secrets: Secrets) -> String {
    let text = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes));
    let first: String = text.trim().chars().take(60).collect();
    format!("{:?}", MaskedText::assignment(&first, secrets).as_str())
}

/// White space, and the record separator of JSON text sequences (RFC 7464), which newer engines may send.
fn separators(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x1e).count()
}

impl RawEvent {
    /// An engine says of each what happened to what and when; any other JSON is something else.
    fn is_event(&self) -> bool {
        !self.kind.is_empty() && !self.action.is_empty() && (self.time > 0 || self.nanoseconds > 0)
    }

    fn noun(self, secrets: Secrets) -> EngineEvent {
        let at =
            if self.nanoseconds == 0 { self.time.saturating_mul(1_000_000_000) } else { self.nanoseconds };
        let masked = |(name, value): (String, String)| {
            let value = MaskedText::value(&name, &value, secrets);
            (name, value)
        };
        // Podman gives volumes a name alone.
        let name = self.actor.attributes.get("name").filter(|_| self.actor.id.is_empty());
        let id = name.cloned().unwrap_or(self.actor.id);
        EngineEvent {
            at: EngineTime(at),
            kind: self.kind,
            action: MaskedText::assignment(&self.action, secrets),
            id,
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

    /// The events of one piece, and whether all of it was understood.
    fn taken(decoder: &mut Decoder, piece: &[u8]) -> (Vec<EngineEvent>, Result<(), String>) {
        let mut events = Vec::new();
        let read = decoder.take(piece, &mut events);
        (events, read)
    }

    #[test]
    fn events_come_in_pieces_of_any_size() {
        let stream = format!("{START}\n\x1e{START}\r\n{START}");
        for size in [1, 7, 1000] {
            let mut decoder = decoder();
            let mut events = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                decoder.take(piece, &mut events).unwrap();
            }
            assert_eq!(events.len(), 3);
            assert_eq!(events[0].at, EngineTime(1_700_000_000_123_456_789));
            assert_eq!(events[0].name(), Some("web"));
            assert_eq!((events[0].kind.as_str(), events[0].verb()), ("container", "start"));
        }
    }

    #[test]
    fn what_has_no_id_is_called_by_its_name() {
        let event =
            r#"{"Type":"volume","Action":"create","Actor":{"ID":"","Attributes":{"name":"data"}},"time":5}"#;
        assert_eq!(taken(&mut decoder(), event.as_bytes()).0[0].id, "data");
    }

    #[test]
    fn garbage_is_no_event() {
        let other_json = ["{}", "[]", "null", "5", r#"{"message":"the engine is on fire"}"#, r#"{"Type":5}"#];
        for garbage in other_json.into_iter().chain(["<html>", "\u{fffd}\0", "}"]) {
            let (events, read) = taken(&mut decoder(), garbage.as_bytes());
            assert!(events.is_empty() && read.is_err(), "{garbage}: {events:?}");
        }
        let why = taken(&mut decoder(), b"<html><body>502 Bad Gateway").1.unwrap_err();
        assert!(why.contains("502 Bad Gateway"), "{why}");
        assert_eq!(taken(&mut decoder(), b"{\"Type\":\"container\""), (Vec::new(), Ok(())));
    }

    #[test]
    fn what_came_before_garbage_is_taken() {
        let (events, read) = taken(&mut decoder(), format!("{START}\n{START}\nxyzzy").as_bytes());
        assert!(events.len() == 2 && read.is_err(), "{events:?}");
    }

    #[test]
    fn an_event_without_an_end_is_not_kept_forever() {
        let mut decoder = decoder();
        let mut pieces = 0;
        while decoder.take(&vec![b'{'; 65536], &mut Vec::new()).is_ok() {
            pieces += 1;
            assert!(pieces < 100);
        }
    }

    #[test]
    fn credentials_are_masked() {
        let event = r#"{"Type":"container","Action":"exec_create: env DB_PASSWORD=hunter2 sh","Actor":{"ID":"c","Attributes":{"api_token":"hunter2","name":"web"}},"time":5}"#;
        let events = taken(&mut decoder(), event.as_bytes()).0;
        assert!(!format!("{events:?}").contains("hunter2"), "{events:?}");
        assert_eq!(events[0].at, EngineTime(5_000_000_000));
        assert_eq!(events[0].verb(), "exec_create");
    }
}
