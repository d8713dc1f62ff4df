//! The decoder of a connection: frames of both sides to the events of each stream.

use super::frame::{self, ACK, END_HEADERS, END_STREAM, FrameHead};
use super::hpack::{Decompressor, Field};
use super::reader::{LONGEST_KEPT, Piece, Reader};
use super::streams::{Stream, Streams};
use super::{ErrorCode, Event, StreamId, head};
use crate::http::{Headers, Opaque, Side};

/// Identifiers of settings (RFC 9113, section 6.5.2).
const HEADER_TABLE_SIZE: u16 = 1;
const MAX_FRAME_SIZE: u16 = 5;

/// Reads a copy of both directions of a connection, from its first byte. Keeps the tables of compressed headers, at
/// most one header block for each direction, and a few words for each open stream.
#[derive(Debug, Default)]
pub struct Decoder {
    client: Direction,
    engine: Direction,
    asker: Option<Side>,
    streams: Streams,
    is_opaque: bool,
}

/// What is kept of what a side sends.
#[derive(Debug, Default)]
struct Direction {
    reader: Reader,
    decompressor: Decompressor,
    block: Option<Block>,
}

/// A header block, perhaps still without its end.
#[derive(Debug)]
struct Block {
    stream: StreamId,
    promised: Option<StreamId>,
    ends_stream: bool,
    fragments: Vec<u8>,
    /// The bytes of its frames.
    size: usize,
}

impl Decoder {
    /// Reads what a side sent next.
    pub fn sent(&mut self, side: Side, bytes: &[u8], mut emit: impl FnMut(Event<'_>)) {
        if self.is_opaque {
            return;
        }
        if let Err(reason) = self.read(side, bytes, &mut emit) {
            *self = Self { is_opaque: true, ..Self::default() };
            emit(Event::Opaque(reason));
        }
    }

    /// Whether no stream is open.
    pub fn is_idle(&self) -> bool {
        !self.is_opaque && self.streams.is_empty()
    }

    fn read(&mut self, side: Side, mut bytes: &[u8], emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        while let Some(piece) = self.direction(side).reader.next(&mut bytes)? {
            let is_within_block = self.direction(side).block.is_some();
            match piece {
                Piece::Frame(head, payload) => self.frame(side, head, &payload, emit)?,
                _ if is_within_block => return Err(Opaque::Frame),
                Piece::Preface => self.preface(side, emit)?,
                Piece::Content(stream, content) => self.content(side, StreamId(stream), content, emit)?,
                Piece::ContentEnd(stream) => self.end(side, StreamId(stream), emit)?,
            }
        }
        Ok(())
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Engine => &mut self.engine,
        }
    }

    fn preface(&mut self, side: Side, emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        if self.asker.is_some() {
            return Err(Opaque::NoHttp2);
        }
        self.asker = Some(side);
        emit(Event::Asker(side));
        Ok(())
    }

    /// Whether what that side says are requests.
    fn asks(&self, side: Side) -> Result<bool, Opaque> {
        self.asker.map(|asker| asker == side).ok_or(Opaque::NoHttp2)
    }

    fn frame(
        &mut self,
        side: Side,
        head: FrameHead,
        payload: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        if self.direction(side).block.is_some() != (head.kind == frame::CONTINUATION) {
            return Err(Opaque::Frame);
        }
        match head.kind {
            frame::SETTINGS => self.settings(side, head, payload),
            frame::RST_STREAM => self.reset(side, head, payload, emit),
            frame::GOAWAY => self.go_away(side, payload, emit),
            _ => self.fragment(side, head, payload, emit),
        }
    }

    /// What a side takes is a limit of what the other one sends.
    fn settings(&mut self, side: Side, head: FrameHead, payload: &[u8]) -> Result<(), Opaque> {
        if head.stream != 0 || head.has(ACK) && !payload.is_empty() {
            return Err(Opaque::Frame);
        }
        let other = self.direction(side.other());
        for (identifier, value) in frame::settings(payload)? {
            match identifier {
                HEADER_TABLE_SIZE => other.decompressor.permit(value as usize),
                MAX_FRAME_SIZE => other.reader.permit(value as usize),
                _ => {}
            }
        }
        Ok(())
    }

    fn reset(
        &mut self,
        side: Side,
        head: FrameHead,
        mut payload: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        let code = ErrorCode(frame::take_number(&mut payload)?);
        let id = StreamId(head.stream);
        if !payload.is_empty() {
            return Err(Opaque::Frame);
        }
        if !self.streams.has_been(id) {
            return Err(Opaque::Stream);
        }
        if self.streams.close(id) {
            emit(Event::Reset(id, side, code));
        }
        Ok(())
    }

    /// A side says which is the last of the other's streams that it deals with.
    fn go_away(
        &mut self,
        side: Side,
        mut payload: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        let last = frame::take_number(&mut payload)? & 0x7fff_ffff;
        let code = ErrorCode(frame::take_number(&mut payload)?);
        let were_asked = !self.asks(side)?;
        for id in self.streams.close_behind(last, were_asked) {
            emit(Event::Reset(id, side, code));
        }
        Ok(())
    }

    /// A header block comes in one frame, or in one and its continuations with nothing in between.
    fn fragment(
        &mut self,
        side: Side,
        head: FrameHead,
        payload: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        let mut block = match self.direction(side).block.take() {
            Some(block) if block.stream.0 != head.stream => return Err(Opaque::Frame),
            Some(mut block) => {
                block.fragments.extend_from_slice(payload);
                block
            }
            None => Block::begin(head, payload)?,
        };
        block.size += frame::HEAD + payload.len();
        if block.size > LONGEST_KEPT {
            return Err(Opaque::LongHead);
        }
        if head.has(END_HEADERS) {
            return self.block(side, &block, emit);
        }
        self.direction(side).block = Some(block);
        Ok(())
    }

    fn block(&mut self, side: Side, block: &Block, emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        let fields = self.direction(side).decompressor.fields(&block.fragments)?;
        let asks = self.asks(side)?;
        match block.promised {
            Some(_) if asks => return Err(Opaque::Frame),
            Some(promised) => {
                self.streams.promise(promised)?;
                request_head(promised, &fields, block.size, emit)?;
                emit(Event::RequestEnd(promised));
                return Ok(());
            }
            None if asks => self.ask(block, &fields, emit)?,
            None => self.answer(block, &fields, emit)?,
        }
        if block.ends_stream { self.end(side, block.stream, emit) } else { Ok(()) }
    }

    /// Headers behind a request's body are passed over.
    fn ask(
        &mut self,
        block: &Block,
        fields: &[Field],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        if self.streams.has_been(block.stream) {
            return if block.ends_stream { Ok(()) } else { Err(Opaque::Frame) };
        }
        self.streams.ask(block.stream)?;
        request_head(block.stream, fields, block.size, emit)
    }

    fn answer(
        &mut self,
        block: &Block,
        fields: &[Field],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        let Some(stream) = self.streams.get(block.stream)? else { return Ok(()) };
        let headers = head::headers(fields)?;
        if stream.has_answer {
            emit(Event::AnswerTrailers(block.stream, Headers(&headers)));
            return if block.ends_stream { Ok(()) } else { Err(Opaque::Frame) };
        }
        let head = head::answer(fields, &headers, block.size + stream.interim)?;
        if matches!(head.status, 100..=199) {
            stream.interim = head.size;
        } else {
            stream.has_answer = true;
            emit(Event::AnswerHead(block.stream, head));
        }
        Ok(())
    }

    fn content(
        &mut self,
        side: Side,
        id: StreamId,
        content: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        let asks = self.asks(side)?;
        let Some(stream) = self.streams.get(id)? else { return Ok(()) };
        stream.check_may_go_on(asks)?;
        emit(if asks { Event::RequestBody(id, content) } else { Event::AnswerBody(id, content) });
        Ok(())
    }

    fn end(&mut self, side: Side, id: StreamId, emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        let asks = self.asks(side)?;
        let Some(stream) = self.streams.get(id)? else { return Ok(()) };
        stream.check_may_go_on(asks)?;
        if asks {
            stream.request_has_ended = true;
            emit(Event::RequestEnd(id));
        } else {
            stream.answer_has_ended = true;
            emit(Event::AnswerEnd(id));
        }
        self.streams.close_if_whole(id);
        Ok(())
    }
}

impl Stream {
    /// A side says no more on a stream that it has ended, and has no body before its head.
    fn check_may_go_on(&self, asks: bool) -> Result<(), Opaque> {
        let may = if asks { !self.request_has_ended } else { self.has_answer && !self.answer_has_ended };
        if may { Ok(()) } else { Err(Opaque::Frame) }
    }
}

impl Block {
    fn begin(head: FrameHead, payload: &[u8]) -> Result<Self, Opaque> {
        let mut fragment = frame::fragment(head, payload)?;
        let is_promise = head.kind == frame::PUSH_PROMISE;
        let promised = is_promise.then(|| frame::take_number(&mut fragment)).transpose()?;
        Ok(Self {
            stream: StreamId(head.stream),
            promised: promised.map(|id| StreamId(id & 0x7fff_ffff)),
            ends_stream: !is_promise && head.has(END_STREAM),
            fragments: fragment.to_vec(),
            size: 0,
        })
    }
}

fn request_head(
    id: StreamId,
    fields: &[Field],
    size: usize,
    emit: &mut impl FnMut(Event<'_>),
) -> Result<(), Opaque> {
    let headers = head::headers(fields)?;
    emit(Event::RequestHead(id, head::request(fields, &headers, size)?));
    Ok(())
}
