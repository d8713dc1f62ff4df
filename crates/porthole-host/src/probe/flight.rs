//! One probe on its way.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use porthole_model::{Gap, Obstacle, Probe, ProbeOutcome, ProbeRequest, Refusal, TransportProtocol};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_linger, socket_error};
use rustix::net::{RecvFlags, SendFlags, connect, getsockname, recv, send};

use super::icmp::Ears;
use crate::failure::unreachable_words;

/// How long a connection that stands is watched: a proxy that finds nobody behind it ends it at once.
const HELD: Duration = Duration::from_millis(250);

/// A probe.
pub(super) struct Flight {
    request: ProbeRequest,
    socket: Option<OwnedFd>,
    source: Option<SocketAddr>,
    begin: Instant,
    stage: Stage,
}

enum Stage {
    /// A TCP connection is being made.
    Connecting,
    /// It stands, since this time after the beginning.
    Watching(Duration),
    /// A datagram was sent.
    Waiting,
    /// It is over.
    Settled(ProbeOutcome, Duration),
}

impl Flight {
    /// Sends it.
    pub(super) fn begin(
        request: ProbeRequest,
        socket: Result<OwnedFd, Gap>,
        ears: Option<&mut Ears>,
    ) -> Self {
        let begin = Instant::now();
        let mut flight = Self { request, socket: None, source: None, begin, stage: Stage::Waiting };
        match socket {
            Ok(socket) => flight.set_out(socket, ears),
            Err(gap) => flight.settle(ProbeOutcome::NotTried(gap)),
        }
        flight
    }

    fn set_out(&mut self, socket: OwnedFd, ears: Option<&mut Ears>) {
        let is_tcp = self.request.protocol == TransportProtocol::Tcp;
        if is_tcp {
            self.stage = Stage::Connecting;
            // What is left of a probe goes with a reset: no state waits for packets of a place that is gone.
            let _a_normal_end_will_do = set_socket_linger(&socket, Some(Duration::ZERO));
        }
        let connected = connect(&socket, &self.request.target);
        self.source = getsockname(&socket).ok().and_then(|source| SocketAddr::try_from(source).ok());
        let sent = match connected {
            Err(Errno::INPROGRESS) => Ok(()),
            Ok(()) if !is_tcp => send(&socket, &[], SendFlags::empty()).map(drop),
            connected => connected,
        };
        self.socket = Some(socket);
        if let Err(error) = sent {
            self.fail(&error.into(), ears);
        }
    }

    /// What to wait for.
    pub(super) fn awaited(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let flags = match self.stage {
            Stage::Connecting => PollFlags::OUT,
            Stage::Watching(_) | Stage::Waiting => PollFlags::IN,
            Stage::Settled(..) => return None,
        };
        Some((self.socket.as_ref()?.as_fd(), flags))
    }

    /// When it is over, whatever comes.
    pub(super) fn deadline(&self, patience: Duration) -> Instant {
        match self.stage {
            Stage::Watching(since) => self.begin + since + HELD,
            _ => self.begin + patience,
        }
    }

    /// Something came.
    pub(super) fn proceed(&mut self, ears: Option<&mut Ears>) {
        let Some(socket) = &self.socket else { return };
        let mut byte = [0; 1];
        match self.stage {
            Stage::Connecting => match socket_error(socket) {
                Ok(Ok(())) => self.stage = Stage::Watching(self.begin.elapsed()),
                Ok(Err(error)) | Err(error) => self.fail(&error.into(), ears),
            },
            Stage::Watching(since) => {
                match recv(socket, &mut byte, RecvFlags::empty()).map(|(_, length)| length) {
                    Ok(0) => self.stage = Stage::Settled(ProbeOutcome::Closed, since),
                    Ok(_) => self.stage = Stage::Settled(ProbeOutcome::Answered, since),
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(_) => self.stage = Stage::Settled(ProbeOutcome::Reset, since),
                }
            }
            Stage::Waiting => match recv(socket, &mut byte, RecvFlags::empty()) {
                Ok(_) => self.settle(ProbeOutcome::Answered),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => self.fail(&error.into(), ears),
            },
            Stage::Settled(..) => {}
        }
        self.let_go();
    }

    /// Ends it when its time is over.
    pub(super) fn expire(&mut self, now: Instant, patience: Duration, ears: Option<&mut Ears>) {
        if now < self.deadline(patience) {
            return;
        }
        match self.stage {
            Stage::Watching(since) => self.stage = Stage::Settled(ProbeOutcome::Connected, since),
            Stage::Connecting | Stage::Waiting => self.give_up(ears),
            Stage::Settled(..) => {}
        }
        self.let_go();
    }

    /// What came of it.
    pub(super) fn into_probe(self) -> Probe {
        let (outcome, took) = match self.stage {
            Stage::Settled(outcome, took) => (outcome, took),
            _ => (ProbeOutcome::Silent, self.begin.elapsed()),
        };
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Probe { request: self.request, source: self.source, outcome, took }
    }

    /// Some errors are told by ICMP, and not to the socket.
    fn give_up(&mut self, ears: Option<&mut Ears>) {
        let error = ears.and_then(|ears| ears.about(&self.request, self.source?));
        self.settle(
            error.map_or(ProbeOutcome::Silent, |error| ProbeOutcome::Unreachable(Obstacle::Icmp(error))),
        );
    }

    fn fail(&mut self, error: &io::Error, mut ears: Option<&mut Ears>) {
        if let Some(ears) = ears.as_deref_mut() {
            ears.listen();
        }
        let ears = ears.as_deref();
        let said = ears.zip(self.source).and_then(|(ears, source)| ears.about(&self.request, source));
        let hears = ears.is_some_and(|ears| ears.hears(self.request.target.is_ipv6()));
        let is_tcp = self.request.protocol == TransportProtocol::Tcp;
        let outcome = match (Errno::from_io_error(error), said) {
            (Some(Errno::CONNREFUSED), Some(said)) => ProbeOutcome::Refused(Refusal::Icmp(said)),
            (Some(Errno::CONNREFUSED), None) if hears && is_tcp => ProbeOutcome::Refused(Refusal::Reset),
            (Some(Errno::CONNREFUSED), None) => ProbeOutcome::Refused(Refusal::Unseen),
            (Some(Errno::CONNRESET), None) => ProbeOutcome::Reset,
            (Some(Errno::TIMEDOUT), None) => ProbeOutcome::Silent,
            (_, Some(said)) => ProbeOutcome::Unreachable(Obstacle::Icmp(said)),
            (_, None) => ProbeOutcome::Unreachable(Obstacle::Local(unreachable_words(error))),
        };
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: ProbeOutcome) {
        self.stage = Stage::Settled(outcome, self.begin.elapsed());
    }

    fn let_go(&mut self) {
        if matches!(self.stage, Stage::Settled(..)) {
            self.socket = None;
        }
    }
}
