//! The thread that writes one place: gathers what comes, seals it into lines, and goes on after the place had failed.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use porthole_model::ConnectionId;
use tokio::sync::oneshot;

use super::call::{Answer, Call};
use super::chain::{Chain, Torn};
use super::line::{After, Line, Opened, Word, rfc3339};
use super::trail::Gauge;
use crate::track::Moment;

/// Lines that are written and made durable together.
const MOST_LINES: usize = 1000;

/// Lines that wait with one of a refused call among them, which nothing else bounds; more are not kept.
const MOST_REFUSED: usize = 4096;

/// How long lines may be gathered when nobody waits for them.
const INTERVAL: Duration = Duration::from_millis(100);

/// The pause before a place that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Where lines go. What it returned `Ok` for is durable, as far as the place can promise it.
pub(super) trait Place: Send {
    /// Makes it ready; gives what the first line is to say where none was written since it was opened. A place that
    /// holds a chain already sets `chain` to it.
    fn prepare(&mut self, chain: &mut Chain) -> io::Result<Option<Opening>>;

    /// Writes all of the lines, or none that counts.
    fn write(&mut self, lines: &[Sealed<'_>]) -> io::Result<()>;

    /// Whether it is no longer where it was, so that it is to be opened anew.
    fn is_moved(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    /// Lets go of what is open.
    fn leave(&mut self) {}
}

/// What the first line is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) after: After,
    pub(super) torn: Option<Torn>,
}

/// A line, and what it says.
#[derive(Debug)]
pub(super) struct Sealed<'a> {
    pub(super) text: String,
    pub(super) sequence: u64,
    pub(super) at: Moment,
    pub(super) line: Line<'a>,
}

/// What a writer is told.
pub(super) enum Order {
    Ask(Arc<Call>, oneshot::Sender<Result<(), String>>),
    Answered(Arc<Call>, Arc<Answer>),
    Refused(Arc<Call>, String),
    ConnectionEnded(ConnectionId),
    Reopen,
    Finish,
}

/// What is to become a line.
enum Entry {
    Asked(Arc<Call>, oneshot::Sender<Result<(), String>>),
    Answered { asked: Option<u64>, call: Arc<Call>, answer: Arc<Answer> },
    Refused { asked: Option<u64>, call: Arc<Call>, reason: String },
}

/// What every file says of its run.
pub(super) struct Origin {
    pub(super) porthole: String,
    pub(super) host: String,
    pub(super) engine: String,
    pub(super) required: bool,
}

/// Writes what it is told to.
pub(super) struct Writer {
    pub(super) place: Box<dyn Place>,
    pub(super) origin: Origin,
    pub(super) orders: Receiver<Order>,
    pub(super) gauge: Arc<Gauge>,
    pub(super) chain: Chain,
    /// Calls that passed and have no result yet, each with the number of the line that asked.
    pub(super) asked: HashMap<ConnectionId, VecDeque<(u64, Arc<Call>)>>,
    pub(super) state: State,
}

/// What a writer has before it.
#[derive(Default)]
pub(super) struct State {
    pending: Vec<Entry>,
    failure: Option<io::Error>,
    must_reopen: bool,
    is_finishing: bool,
}

impl Writer {
    /// Writes until it is told to finish.
    pub(super) fn run(mut self) -> Result<(), io::Error> {
        while !self.state.is_finishing {
            self.gather();
            self.rotate();
            self.write();
        }
        if let Some(failure) = self.state.failure.take() {
            let left = self.state.pending.iter().filter(|entry| matches!(entry, Entry::Answered { .. }));
            self.gauge.note_lost(left.count() as u64);
            return Err(failure);
        }
        self.write_last("end")
    }

    /// The first line, so that a place that cannot be written is known before anything passes.
    pub(super) fn open(&mut self) -> io::Result<()> {
        self.try_write().map(drop)
    }

    fn gather(&mut self) {
        let first = if self.state.failure.is_some() {
            self.orders.recv_timeout(RETRY)
        } else {
            self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let wait = if self.origin.required { Duration::ZERO } else { INTERVAL };
        let deadline = Instant::now() + wait;
        let mut next = first;
        loop {
            match next {
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.state.is_finishing = true,
            }
            if self.state.is_finishing || self.state.must_reopen || self.state.pending.len() >= MOST_LINES {
                return;
            }
            next = self.orders.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Ask(call, reply) if !reply.is_closed() => {
                self.state.pending.push(Entry::Asked(call, reply));
            }
            Order::Ask(..) => {}
            Order::Answered(call, answer) => {
                let asked = self.number_of(&call);
                self.state.pending.push(Entry::Answered { asked, call, answer });
            }
            Order::Refused(call, reason) => {
                let asked = self.number_of(&call);
                if asked.is_some() || self.state.pending.len() < MOST_REFUSED {
                    self.state.pending.push(Entry::Refused { asked, call, reason });
                }
            }
            Order::ConnectionEnded(connection) => {
                for (asked, call) in self.asked.remove(&connection).into_iter().flatten() {
                    let reason = "the connection ended before it was passed on".to_owned();
                    self.state.pending.push(Entry::Refused { asked: Some(asked), call, reason });
                }
            }
            Order::Reopen => self.state.must_reopen = true,
            Order::Finish => self.state.is_finishing = true,
        }
    }

    /// The number of the line that asked for the call, which then has its result.
    fn number_of(&mut self, call: &Call) -> Option<u64> {
        let waiting = self.asked.get_mut(&call.connection_id)?;
        let place = waiting.iter().position(|(_, asked)| asked.is_same(call))?;
        waiting.remove(place).map(|(number, _)| number)
    }

    /// Closes a file that was moved away; the next write opens the one in its place.
    fn rotate(&mut self) {
        if !std::mem::take(&mut self.state.must_reopen) {
            return;
        }
        self.write();
        match self.place.is_moved() {
            Ok(true) => {
                // Where the old file cannot be closed, the new one continues it all the same.
                let _unclosed = self.write_last("rotation");
                self.place.leave();
                self.settle(Vec::new());
            }
            Ok(false) => {}
            Err(error) => self.fail(error),
        }
    }

    fn write(&mut self) {
        if !self.state.pending.is_empty() {
            let pending = std::mem::take(&mut self.state.pending);
            self.settle(pending);
        }
    }

    /// Writes the entries; those that could not be written wait for the next attempt, but for calls that were asked for.
    fn settle(&mut self, pending: Vec<Entry>) {
        self.state.pending = pending;
        match self.try_write() {
            Ok(first) => self.note_written(first),
            Err(error) => {
                let reason = error.to_string();
                self.fail(error);
                for entry in std::mem::take(&mut self.state.pending) {
                    match entry {
                        Entry::Asked(_, reply) => drop(reply.send(Err(reason.clone()))),
                        entry => self.state.pending.push(entry),
                    }
                }
            }
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.gauge.stall(&error);
        self.state.failure = Some(error);
    }

    /// Gives the number of the first entry's line.
    fn try_write(&mut self) -> io::Result<u64> {
        let mut chain = self.chain.clone();
        let opening = self.place.prepare(&mut chain)?;
        let at = Moment::now();
        let opened = opening.map(|opening| Line::Opened(self.origin.opened(opening)));
        let lost = self.gauge.unsaid();
        let losses = Line::Lost { event: Word::Lost, calls: lost, reason: "nothing could be written" };
        let mut lines: Vec<_> = opened.into_iter().chain((lost > 0).then_some(losses)).collect();
        let before = lines.len();
        lines.extend(self.state.pending.iter().map(Entry::line));
        let sealed = seal(lines, &mut chain, at)?;
        self.place.write(&sealed)?;
        let first = chain.sequence + 1 - (sealed.len() - before) as u64;
        drop(sealed);
        self.gauge.say(lost);
        self.chain = chain;
        Ok(first)
    }

    fn note_written(&mut self, first: u64) {
        self.state.failure = None;
        let entries = std::mem::take(&mut self.state.pending);
        self.gauge.note_written(entries.iter().filter(|entry| entry.takes_room()).count());
        for (number, entry) in (first..).zip(entries) {
            if let Entry::Asked(call, reply) = entry {
                self.asked.entry(call.connection_id).or_default().push_back((number, call));
                // Who does not wait any more says that the call was refused.
                let _unheard = reply.send(Ok(()));
            }
        }
    }

    fn write_last(&mut self, reason: &str) -> io::Result<()> {
        let mut chain = self.chain.clone();
        if self.place.prepare(&mut chain)?.is_some() {
            // Nothing was ever written since it was opened.
            return Ok(());
        }
        let sealed = seal(vec![Line::Closed { event: Word::Closed, reason }], &mut chain, Moment::now())?;
        self.place.write(&sealed)?;
        self.chain = chain;
        Ok(())
    }
}

impl Origin {
    fn opened(&self, opening: Opening) -> Opened<'_> {
        Opened {
            event: Word::Opened,
            porthole: &self.porthole,
            host: &self.host,
            engine: &self.engine,
            required: self.required,
            after: opening.after,
            torn: opening.torn,
        }
    }
}

impl Entry {
    fn line(&self) -> Line<'_> {
        match self {
            Self::Asked(call, _) => Line::Asked { event: Word::Asked, call },
            Self::Answered { asked, call, answer } => {
                Line::Answered { event: Word::Answered, asked: *asked, call, answer }
            }
            Self::Refused { asked, call, reason } => {
                Line::Refused { event: Word::Refused, asked: *asked, call, reason }
            }
        }
    }

    /// Whether it had to wait for room in the queue.
    fn takes_room(&self) -> bool {
        matches!(self, Self::Answered { .. })
    }
}

fn seal<'a>(lines: Vec<Line<'a>>, chain: &mut Chain, at: Moment) -> io::Result<Vec<Sealed<'a>>> {
    let time = rfc3339(at.wall);
    let seal = |line: Line<'a>| {
        let text = chain.seal(&time, &line)?;
        Ok(Sealed { text, sequence: chain.sequence, at, line })
    };
    lines.into_iter().map(seal).collect()
}
