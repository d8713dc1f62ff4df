//! The framing of netlink: building a request, and taking a datagram of answers apart (RFC 3549, section 2).

use super::{NetlinkError, aligned, u16_at, u32_at};

/// The size of `struct nlmsghdr`.
const HEADER: usize = 16;

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// A request being built.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// A request for everything of a kind.
    pub fn dump(message_type: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST | NLM_F_DUMP)
    }

    /// A request for one thing.
    pub fn get(message_type: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST)
    }

    /// A request that changes something, with flags such as `NLM_F_CREATE`.
    pub fn change(message_type: u16, flags: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST | flags)
    }

    /// A request to do something, whose success is acknowledged.
    pub fn act(message_type: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST | NLM_F_ACK)
    }

    /// A request to make something that is not there yet, which is acknowledged.
    pub fn make(message_type: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    }

    /// A request to make something, in the place of what may be there, which is acknowledged.
    pub fn put(message_type: u16) -> Self {
        Self::new(message_type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    }

    fn new(message_type: u16, flags: u16) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&message_type.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        Self { bytes }
    }

    /// With the fixed part of its kind.
    #[must_use]
    pub fn with_fixed(mut self, fixed: &[u8]) -> Self {
        self.bytes.extend_from_slice(fixed);
        self.align();
        self
    }

    /// With an attribute.
    ///
    /// # Panics
    /// When the value has more than 65,531 bytes, which no attribute can hold.
    #[must_use]
    pub fn with_attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).expect("an attribute's value fits its length field");
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.align();
        self
    }

    /// The bytes to send, under the number that the answers will carry.
    #[allow(clippy::cast_possible_truncation, reason = "a request has some hundred bytes")]
    pub fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }

    fn align(&mut self) {
        self.bytes.resize(aligned(self.bytes.len()), 0);
    }
}

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it says.
    pub body: Body<'a>,
    /// The number of the request that it answers.
    pub sequence: u32,
    /// Whether the kernel noticed a change during the dump (`NLM_F_DUMP_INTR`), so that rows may be missing.
    pub interrupted: bool,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// One thing of a dump, or the answer to a request.
    Data {
        /// The type of the message: `RTM_NEWLINK`, ….
        message_type: u16,
        /// What follows the header.
        payload: &'a [u8],
    },
    /// The end of a dump; an error number when the kernel broke it off.
    Done(i32),
    /// The answer to a request that gives nothing: an error number, 0 for success.
    Error(i32),
    /// Nothing.
    Noop,
}

/// The messages of one datagram.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// The messages of `datagram`.
    pub fn of(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    fn take(&mut self) -> Result<Message<'a>, NetlinkError> {
        let (what, found) = ("message", self.rest.len());
        if found < HEADER {
            return Err(NetlinkError::Short { what, wanted: HEADER, found });
        }
        let length = u32_at(self.rest, 0) as usize;
        let bytes = self.rest.get(..length).filter(|bytes| bytes.len() >= HEADER);
        let bytes = bytes.ok_or(NetlinkError::Overrun { what })?;
        self.rest = self.rest.get(aligned(length)..).unwrap_or_default();
        Ok(message(bytes))
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, NetlinkError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_err() {
            self.rest = &[];
        }
        Some(taken)
    }
}

fn message(bytes: &[u8]) -> Message<'_> {
    let (header, payload) = bytes.split_at(HEADER);
    let code = || u32_at(payload, 0).cast_signed().saturating_neg();
    let body = match u16_at(header, 4) {
        NLMSG_NOOP => Body::Noop,
        NLMSG_ERROR => Body::Error(code()),
        NLMSG_DONE => Body::Done(code().max(0)),
        message_type => Body::Data { message_type, payload },
    };
    let interrupted = u16_at(header, 6) & NLM_F_DUMP_INTR != 0;
    Message { body, sequence: u32_at(header, 8), interrupted }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_carries_its_number() {
        let mut bytes = Request::get(NLMSG_ERROR).with_fixed(&(-95i32).to_ne_bytes()).finish(7);
        bytes.extend(Request::get(NLMSG_DONE).with_fixed(&0i32.to_ne_bytes()).finish(8));
        let messages: Vec<_> = Messages::of(&bytes).map(Result::unwrap).collect();
        assert_eq!(messages[0], Message { body: Body::Error(95), sequence: 7, interrupted: false });
        assert_eq!(messages[1], Message { body: Body::Done(0), sequence: 8, interrupted: false });
    }

    #[test]
    fn a_message_longer_than_its_datagram_is_an_error_and_the_end() {
        let mut bytes = Request::dump(18).with_fixed(&[1; 16]).finish(1);
        bytes.truncate(20);
        let results: Vec<_> = Messages::of(&bytes).collect();
        assert_eq!(results, [Err(NetlinkError::Overrun { what: "message" })]);
    }

    #[test]
    fn an_interrupted_dump_says_so() {
        let bytes = Request::new(16, NLM_F_DUMP_INTR).finish(1);
        assert!(Messages::of(&bytes).next().unwrap().unwrap().interrupted);
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            prop_assert!(Messages::of(&bytes).count() <= bytes.len() / HEADER + 1);
        }

        #[test]
        fn requests_come_back(message_type in 16u16.., fixed: [u8; 12], sequence: u32) {
            let bytes = Request::dump(message_type).with_fixed(&fixed).finish(sequence);
            let message = Messages::of(&bytes).next().unwrap().unwrap();
            prop_assert_eq!(message.body, Body::Data { message_type, payload: &fixed });
            prop_assert_eq!(message.sequence, sequence);
        }
    }
}
