//! The process of a kept session: it has the terminal, starts the command, and serves whoever is attached.
//!
//! It is porthole once more, known by a word of its command line. Nothing of the session outlives it, as with any other
//! client: the command's keeper has a line to it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_model::{Attached, KeptSession, SessionEnd, SessionWay, Uid};
use porthole_wire::session::{FromAgent, FromClient, Joining, Keeping, Plan, Terminal, WindowSize};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::agent::process::{Running, Step};
use super::super::agent::streams::read;
use super::door::{Arrival, Door};
use super::guest::{Guest, hear, say_last};
use super::shown::Shown;
use crate::exit::Exit;
use crate::interrupt;
use crate::printer::Printer;
use crate::world::World;

/// The word that makes porthole the process of a kept session.
pub(super) const KEPT: &str = porthole_engine::KEPT;

/// What it says once somebody can come.
pub(super) const OPEN: &str = ".";

/// How long whoever started it has to say what is to be kept.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program takes notice of a new size that lasts.
const RESIZING: Duration = Duration::from_millis(60);

/// How each answer of a terminal begins.
const ANSWER: &[u8] = b"\x1b[";

/// The terminal of a session that nobody has sat at yet.
const UNSEEN: WindowSize = WindowSize { rows: 24, columns: 80 };

/// The socket of a process that was started as one.
pub(crate) fn kept_socket(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let is_one = arguments.nth(1).is_some_and(|word| word == KEPT);
    arguments.next().filter(|_| is_one && arguments.next().is_none()).map(PathBuf::from)
}

/// The process itself.
pub(crate) fn run(socket: &Path) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(serve(socket))) {
        Ok(()) => Exit::Success,
        Err(error) => {
            // Whoever started it reads the reason in the place of the word.
            let _nobody_reads = Printer::text(&error.to_string());
            Exit::Failure
        }
    }
}

async fn serve(socket: &Path) -> io::Result<()> {
    interrupt::ignore()?;
    // The first process of a container leads a session already.
    let _stands_alone = porthole_host::stand_alone(KEPT);
    let mut door = Door::open(socket)?;
    // In a sidecar nobody reads it.
    let _unread = Printer::text(OPEN);
    let Some((plan, keeping, arrival)) = timeout(PATIENCE, beginning(&mut door)).await.ok().flatten() else {
        return Ok(());
    };
    begin(door, &plan, &keeping, arrival).await;
    Ok(())
}

/// What is to be kept, and who says so.
async fn beginning(door: &mut Door) -> Option<(Plan, Keeping, Arrival)> {
    let arrival = door.arrival().await;
    let FromClient::Begin(plan) = &arrival.first else { return None };
    let mut plan = Plan::clone(plan);
    let keeping = plan.keeping.take()?;
    let kind = b"xterm-256color".to_vec();
    let seen = keeping.beginner.terminal.clone();
    plan.terminal = Some(seen.unwrap_or(Terminal { kind, size: UNSEEN }));
    Some((plan, keeping, arrival))
}

async fn begin(door: Door, plan: &Plan, keeping: &Keeping, mut arrival: Arrival) {
    match Running::start(plan) {
        Ok(running) => {
            let mut kept = KeptProcess::new(keeping, running);
            kept.attach(arrival, &keeping.beginner);
            let asked = kept.attend(door).await;
            kept.running.end(None).await;
            if let Some(Arrival { ears, mouth, .. }) = asked {
                kept.farewells.spawn(say_last(ears, mouth, FromAgent::Dismissed("it has ended".to_owned())));
            }
            kept.farewells.join_all().await;
        }
        Err(refusal) => {
            let last = refusal.tell(&mut arrival.mouth);
            say_last(arrival.ears, arrival.mouth, last).await;
        }
    }
}

struct KeptProcess {
    about: KeptSession,
    running: Running,
    shown: Shown,
    guest: Option<Guest>,
    /// Last words to those who go, until they are heard.
    farewells: JoinSet<()>,
    has_begun: bool,
    /// Whether the command was stopped, and the guest knows.
    is_stopped: bool,
    /// The answers that the guest's terminal owes.
    owed: Vec<u8>,
    /// What is said last, once all output is.
    last: Option<FromAgent>,
    /// A size that the terminal gets in a moment.
    size: Option<(Instant, WindowSize)>,
}

/// What becomes of the session.
enum Course {
    On,
    /// It ends, as this one asked.
    End(Arrival),
}

impl KeptProcess {
    fn new(keeping: &Keeping, running: Running) -> Self {
        let about = KeptSession {
            name: keeping.name.clone(),
            target: keeping.target.clone(),
            command: keeping.command.clone(),
            way: keeping.way,
            began: World::now(),
            attached: None,
            ended: None,
        };
        Self {
            about,
            running,
            shown: Shown::default(),
            guest: None,
            farewells: JoinSet::new(),
            has_begun: false,
            is_stopped: false,
            owed: Vec::new(),
            last: None,
            size: None,
        }
    }

    /// Serves until the session is to end; gives whoever asked for that.
    async fn attend(&mut self, door: Door) -> Option<Arrival> {
        let mut door = door;
        let stopped = interrupt::terminated(false);
        tokio::pin!(stopped);
        loop {
            if self.last.is_some() && self.running.output.is_none() && self.guest.is_some() {
                // Its name is free before anybody knows of the end.
                drop(door);
                self.tell_the_end().await;
                return None;
            }
            if matches!(self.last, Some(FromAgent::Failed(_))) && self.guest.is_none() {
                return None;
            }
            let may_show = self.guest.as_ref().is_none_or(|guest| guest.mouth.has_room());
            let is_waiting = self.running.input.is_waiting();
            let resized_at = self.size.map(|(at, _)| at);
            let (mut ears, mut mouth) = match &mut self.guest {
                Some(guest) => (Some(&mut guest.ears), Some(&mut guest.mouth)),
                None => (None, None),
            };
            let has_words = mouth.as_ref().is_some_and(|mouth| mouth.is_full_of_words());
            tokio::select! {
                () = &mut stopped => return None,
                arrival = door.arrival() => if let Course::End(asked) = self.receive(arrival) {
                    return Some(asked);
                },
                heard = hear(&mut ears) => self.obey(heard),
                flushed = async { match &mut mouth { Some(mouth) => mouth.flush().await, None => Ok(()) } }, if has_words => {
                    if flushed.is_err() {
                        self.leave();
                    }
                }
                piece = read(&mut self.running.output), if self.running.output.is_some() && may_show => {
                    self.show(piece);
                }
                taken = self.running.input.feed(), if is_waiting => self.fed(taken),
                step = self.running.process.step(), if self.last.is_none() => self.note(step),
                () = at(resized_at), if resized_at.is_some() => self.resize(),
                Some(_) = self.farewells.join_next() => {}
            }
        }
    }

    /// Somebody came.
    fn receive(&mut self, arrival: Arrival) -> Course {
        let last = match &arrival.first {
            FromClient::End => {
                self.dismiss(&format!("{} ended the session", called(self.user(&arrival, None))));
                return Course::End(arrival);
            }
            FromClient::Join(joining) => match &self.about.attached {
                Some(attached) if self.guest.is_some() && !joining.takes_over => {
                    FromAgent::Dismissed(format!("{} is attached to it", called(attached.user)))
                }
                _ => {
                    let joining = joining.clone();
                    self.dismiss(&format!(
                        "{} attached to it elsewhere",
                        called(self.user(&arrival, Some(&joining)))
                    ));
                    return self.attach(arrival, &joining);
                }
            },
            FromClient::Describe => FromAgent::Description(Box::new(self.about.clone())),
            _ => FromAgent::Failed("the session has begun already".to_owned()),
        };
        self.farewells.spawn(say_last(arrival.ears, arrival.mouth, last));
        Course::On
    }

    /// In a sidecar every socket's other end is the same relay.
    fn user(&self, arrival: &Arrival, joining: Option<&Joining>) -> Uid {
        let claimed = joining.map(|joining| joining.user);
        let known = if self.about.way == SessionWay::Local { arrival.user } else { claimed };
        known.or(claimed).unwrap_or(Uid(0))
    }

    fn attach(&mut self, arrival: Arrival, joining: &Joining) -> Course {
        self.about.attached =
            Some(Attached { user: self.user(&arrival, Some(joining)), since: World::now() });
        let mut guest = Guest::new(arrival, joining.terminal.is_some());
        if self.has_begun {
            guest.mouth.say(&FromAgent::Begun);
            guest.mouth.say(&FromAgent::Output(self.shown.replay()));
        }
        self.guest = Some(guest);
        if let Some(terminal) = joining.terminal.as_ref().filter(|_| self.has_begun) {
            let WindowSize { rows, columns } = terminal.size;
            self.running.obey(FromClient::Resized(WindowSize { rows, columns: columns.saturating_sub(1) }));
            self.size = Some((Instant::now() + RESIZING, terminal.size));
        }
        Course::On
    }

    /// What the guest said; nothing of one who is gone.
    fn obey(&mut self, heard: io::Result<Option<FromClient>>) {
        match heard {
            // One who has no more to say still looks on.
            Ok(Some(FromClient::EndOfInput)) => {}
            Ok(Some(FromClient::Resized(size))) => {
                self.size = None;
                self.running.obey(FromClient::Resized(size));
            }
            Ok(Some(message)) => {
                self.is_stopped &= message != FromClient::Continue;
                if let (Some(guest), FromClient::Input(bytes)) = (&mut self.guest, &message) {
                    guest.unread += bytes.len();
                    if bytes.windows(2).any(|pair| pair == ANSWER) {
                        self.owed.clear();
                    }
                }
                self.running.obey(message);
            }
            Ok(None) | Err(_) => self.leave(),
        }
    }

    /// The guest has the keys to let it go on; where nobody has them, it goes on at once.
    fn stop(&mut self) {
        if self.guest.is_some() {
            self.is_stopped = true;
            self.tell(&FromAgent::Stopped);
        } else {
            self.running.obey(FromClient::Continue);
        }
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.is_stopped) {
            self.running.obey(FromClient::Continue);
        }
        self.guest = None;
        self.about.attached = None;
        self.running.input.add(&std::mem::take(&mut self.owed));
    }

    /// Has the guest go, for this reason.
    fn dismiss(&mut self, reason: &str) {
        if let Some(guest) = self.guest.take() {
            let last = FromAgent::Dismissed(reason.to_owned());
            self.farewells.spawn(say_last(guest.ears, guest.mouth, last));
        }
        self.leave();
    }

    fn show(&mut self, piece: Option<Vec<u8>>) {
        let Some(piece) = piece else { return };
        let answers = self.shown.take(&piece);
        if self.guest.as_ref().is_some_and(|guest| guest.has_terminal) {
            self.owed.extend(answers);
        } else {
            self.running.input.add(&answers);
        }
        self.tell(&FromAgent::Output(piece));
    }

    fn fed(&mut self, count: u32) {
        if let Some(guest) = &mut self.guest {
            // What others typed before is no room of this one's.
            let own = guest.unread.min(usize::try_from(count).unwrap_or(usize::MAX));
            guest.unread -= own;
            guest.mouth.say(&FromAgent::Taken(u32::try_from(own).unwrap_or(u32::MAX)));
        }
    }

    fn note(&mut self, step: Step) {
        match step {
            Step::Begun => {
                self.has_begun = true;
                self.tell(&FromAgent::Begun);
            }
            Step::NotRun(cause) => {
                let words = format!("porthole: {cause}\r\n").into_bytes();
                self.shown.take(&words);
                self.tell(&FromAgent::Error(words));
            }
            Step::Exited(code) => {
                self.about.ended = Some(SessionEnd { code, at: World::now() });
                self.last = Some(FromAgent::Exited(code));
            }
            Step::Stopped => self.stop(),
            Step::Failed(words) | Step::Refused(words) => self.last = Some(FromAgent::Failed(words)),
        }
    }

    fn tell(&mut self, message: &FromAgent) {
        if let Some(guest) = &mut self.guest {
            guest.mouth.say(message);
        }
    }

    fn resize(&mut self) {
        if let Some((_, size)) = self.size.take() {
            self.running.obey(FromClient::Resized(size));
        }
    }

    async fn tell_the_end(&mut self) {
        if let (Some(guest), Some(last)) = (self.guest.take(), self.last.take()) {
            say_last(guest.ears, guest.mouth, last).await;
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn called(user: Uid) -> String {
    if user == Uid(0) { "root".to_owned() } else { format!("user {}", user.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_word_and_a_path_make_one() {
        let socket = |words: &[&str]| kept_socket(words.iter().map(OsString::from));
        assert_eq!(socket(&["/porthole", KEPT, "/run/x"]), Some("/run/x".into()));
        assert_eq!(socket(&["/porthole", KEPT]), None);
        assert_eq!(socket(&["/porthole", KEPT, "/run/x", "y"]), None);
        assert_eq!(socket(&["porthole", "debug", "/run/x"]), None);
    }
}
