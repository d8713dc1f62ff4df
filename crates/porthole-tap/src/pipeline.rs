//! The exchanges of an HTTP/1 connection: answers come in the order of their requests.

use std::collections::VecDeque;

use porthole_model::{ExchangeEnd, Upgrade};
use porthole_wire::http::{AnswerHead, RequestHead, Side};

use crate::CloseReason;
use crate::named::Origin;
use crate::outbox::{Outbox, end_of};
use crate::track::Track;

/// The exchanges that are under way, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    open: VecDeque<Box<Track>>,
}

impl Pipeline {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn begin(&mut self, head: &RequestHead<'_>, outbox: &mut Outbox) {
        self.open.push_back(outbox.begin(head, Origin::default()));
    }

    /// Whether it is shown while it passes, too.
    pub(crate) fn request_body(&mut self, bytes: &[u8], is_shown: bool, outbox: &mut Outbox) {
        if let Some(track) = self.open.back_mut() {
            let may_be_shown = !track.is_upgraded() || outbox.shared.settings.client_input;
            outbox.request_body(track, bytes, is_shown && may_be_shown);
        }
    }

    pub(crate) fn request_end(&mut self, outbox: &mut Outbox) {
        if let Some(track) = self.open.back_mut() {
            track.request_is_whole = true;
        }
        self.finish_whole(outbox);
    }

    pub(crate) fn answer_head(&mut self, head: &AnswerHead<'_>, outbox: &mut Outbox) {
        if let Some(track) = self.open.front_mut() {
            outbox.answer_head(track, head);
        }
    }

    pub(crate) fn answer_body(&mut self, bytes: &[u8], is_shown: bool, outbox: &mut Outbox) {
        if let Some(track) = self.open.front_mut() {
            outbox.answer_body(track, bytes, is_shown);
        }
    }

    /// So much of a body passed that was not looked at.
    pub(crate) fn unseen(&mut self, side: Side, count: u64) {
        let track = match side {
            Side::Client => self.open.back_mut(),
            Side::Engine => self.open.front_mut(),
        };
        if let Some(track) = track {
            track.unseen(side, count);
        }
    }

    /// Whether what a side sends next is kept, hashed or searched.
    pub(crate) fn looks_at(&self, side: Side) -> bool {
        let track = match side {
            Side::Client => self.open.back(),
            Side::Engine => self.open.front(),
        };
        track.is_some_and(|track| track.looks_at(side))
    }

    pub(crate) fn answer_end(&mut self, outbox: &mut Outbox) {
        if let Some(track) = self.open.front_mut() {
            outbox.answer_end(track);
        }
        self.finish_whole(outbox);
    }

    /// Gives the exchange that was upgraded.
    pub(crate) fn upgrade(&mut self, upgrade: Upgrade, outbox: &mut Outbox) -> Option<&Track> {
        let track = self.open.front_mut()?;
        track.upgrade(upgrade.clone(), outbox.shared.settings.client_input);
        outbox.show_upgrade(upgrade);
        Some(track)
    }

    /// What has no answer yet gets none any more. An upgraded connection may go on in the other direction.
    pub(crate) fn give_up_answers(&mut self, end: ExchangeEnd, outbox: &mut Outbox) {
        if !self.open.front().is_some_and(|track| track.is_upgraded()) {
            self.finish_all(outbox, |_| end);
        }
    }

    /// Ends what is still under way.
    pub(crate) fn close(&mut self, reason: &CloseReason, outbox: &mut Outbox) {
        self.finish_all(outbox, |track| end_of(track, reason));
    }

    pub(crate) fn turn_opaque(&mut self, outbox: &mut Outbox) {
        self.finish_all(outbox, |_| ExchangeEnd::Opaque);
    }

    fn finish_all(&mut self, outbox: &mut Outbox, end: impl Fn(&Track) -> ExchangeEnd) {
        for track in self.open.drain(..) {
            let end = end(&track);
            outbox.finish(track, end);
        }
    }

    fn finish_whole(&mut self, outbox: &mut Outbox) {
        if let Some(track) = self.open.pop_front_if(|track| track.is_whole()) {
            outbox.finish(track, ExchangeEnd::Complete);
        }
    }
}
