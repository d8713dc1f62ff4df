//! The user's end of a session: keys and input go to the agent, output comes from it, until the command ends.

mod detach_keys;
mod keyboard;
mod screen;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use porthole_engine::{Session, SessionError, SessionInput, SessionOutput};
use porthole_host::{RawTerminal, stop_as_terminal_does};
use porthole_wire::session::{FromAgent, FromClient, Terminal, WINDOW, WindowSize};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) use self::detach_keys::DetachKeys;
use self::detach_keys::Detector;
pub(crate) use self::keyboard::Keyboard;
pub(crate) use self::screen::Screen;
use crate::error::CommandError;
use crate::interrupt;

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The command ended with this code.
    Exited(u8),
    /// The user pressed the detach keys.
    Detached,
    /// The agent may not go where the command was to run, and nothing ran.
    Refused(String),
    /// A kept session has no place for this user, or no longer; why.
    Dismissed(String),
}

/// The terminal that the command gets: one like the user's, where the user has one on both sides.
pub(crate) fn terminal(kind: Option<&str>) -> Option<Terminal> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or("xterm-256color");
    window_size().map(|size| Terminal { kind: kind.as_bytes().to_vec(), size })
}

/// Says the first word and stays with the command until it ends, or until SIGTERM or SIGHUP asks porthole to stop.
pub(crate) async fn hold(
    session: &mut Session,
    first: FromClient,
    keys: &DetachKeys,
) -> Result<Ending, CommandError> {
    let has_terminal = terminal_in(&first).is_some();
    let mut conversation = Conversation::new(session, has_terminal, keys)?;
    let ending = tokio::select! {
        ending = conversation.hold(first) => ending,
        () = interrupt::terminated(true) => Err(CommandError::interrupted()),
    };
    let was_taken = conversation.taken.take().is_some();
    if was_taken && !matches!(ending, Ok(Ending::Exited(_))) {
        // The program that had the terminal did not tidy up.
        conversation.screen.reset().await;
    }
    conversation.screen.finish().await?;
    ending
}

/// The user's terminal, of which the first word tells.
fn terminal_in(first: &FromClient) -> Option<&Terminal> {
    match first {
        FromClient::Begin(plan) => match &plan.keeping {
            Some(keeping) => keeping.beginner.terminal.as_ref(),
            None => plan.terminal.as_ref(),
        },
        FromClient::Join(joining) => joining.terminal.as_ref(),
        _ => None,
    }
}

struct Conversation<'a> {
    input: &'a mut SessionInput,
    output: &'a mut SessionOutput,
    screen: Screen,
    keyboard: Option<Keyboard>,
    detector: Option<Detector>,
    taken: Option<RawTerminal>,
    /// Whether the agent still hears what is said.
    is_heard: bool,
    /// How many bytes of input the agent has room for.
    room: usize,
    signals: Signals,
}

struct Signals {
    resized: Signal,
    interrupted: Signal,
    quit: Signal,
}

/// The numbers of signal(7), which are the same on every architecture that Docker runs on.
const INTERRUPT: u8 = 2;
const QUIT: u8 = 3;

impl<'a> Conversation<'a> {
    fn new(session: &'a mut Session, has_terminal: bool, keys: &DetachKeys) -> Result<Self, CommandError> {
        let failed = |error| CommandError::caused_by("cannot watch for signals", error);
        let signals = Signals {
            resized: signal(SignalKind::window_change()).map_err(failed)?,
            interrupted: signal(SignalKind::interrupt()).map_err(failed)?,
            quit: signal(SignalKind::quit()).map_err(failed)?,
        };
        Ok(Self {
            input: &mut session.input,
            output: &mut session.output,
            screen: Screen::new(),
            keyboard: None,
            detector: has_terminal.then(|| Detector::new(keys)),
            taken: None,
            is_heard: true,
            room: WINDOW,
            signals,
        })
    }

    async fn hold(&mut self, first: FromClient) -> Result<Ending, CommandError> {
        self.say(first).await;
        loop {
            let room = self.room;
            let message = tokio::select! {
                heard = self.output.hear() => match self.take(heard.map_err(lost)?).await? {
                    Some(ending) => return Ok(ending),
                    None => continue,
                },
                typed = typed(&mut self.keyboard), if room > 0 && self.is_heard && self.keyboard.is_some() => {
                    match self.typed(typed, room) {
                        Some(message) => message,
                        None => return Ok(Ending::Detached),
                    }
                }
                _ = self.signals.resized.recv() => match window_size() {
                    Some(size) if self.detector.is_some() => FromClient::Resized(size),
                    _ => continue,
                },
                _ = self.signals.interrupted.recv() => FromClient::Signal(INTERRUPT),
                _ = self.signals.quit.recv() => FromClient::Signal(QUIT),
            };
            self.say(message).await;
        }
    }

    /// An agent that has ended hears nothing any more, and its last words may still be on their way: whether the session was
    /// lost is for [`SessionOutput::hear`] to say.
    async fn say(&mut self, message: FromClient) {
        if let FromClient::Input(bytes) = &message {
            self.room -= bytes.len();
        }
        self.is_heard = self.is_heard && self.input.say(&message).await.is_ok();
    }

    /// What the agent says; the ending where that is the last.
    async fn take(&mut self, message: FromAgent) -> Result<Option<Ending>, CommandError> {
        match message {
            FromAgent::Begun => self.begin()?,
            FromAgent::Taken(count) => self.room += usize::try_from(count).unwrap_or(0),
            FromAgent::Output(bytes) => self.screen.show(bytes).await?,
            FromAgent::Error(bytes) => self.screen.show_error(bytes).await?,
            FromAgent::Stopped => self.stop().await?,
            FromAgent::Exited(code) => return Ok(Some(Ending::Exited(code))),
            FromAgent::Refused(words) => return Ok(Some(Ending::Refused(words))),
            FromAgent::Failed(words) => {
                return Err(CommandError::caused_by("cannot run the command in the container", words));
            }
            FromAgent::Dismissed(reason) => return Ok(Some(Ending::Dismissed(reason))),
            // Nobody asked.
            FromAgent::Description(_) => {}
        }
        Ok(None)
    }

    /// Now that the command runs, what is typed is its own.
    fn begin(&mut self) -> Result<(), CommandError> {
        self.take_terminal()?;
        self.keyboard = Some(Keyboard::listen());
        Ok(())
    }

    fn take_terminal(&mut self) -> Result<(), CommandError> {
        if self.detector.is_some() {
            let taken = RawTerminal::take(io::stdin().as_fd());
            self.taken =
                Some(taken.map_err(|error| CommandError::caused_by("cannot take the terminal", error))?);
        }
        Ok(())
    }

    /// The command stopped: porthole stops as well, so that the user's shell goes on, and goes on with it. Where porthole is
    /// no job of a shell, both go on at once.
    async fn stop(&mut self) -> Result<(), CommandError> {
        self.screen.finish().await?;
        self.taken = None;
        stop_as_terminal_does();
        self.take_terminal()?;
        if let Some(size) = window_size() {
            self.say(FromClient::Resized(size)).await;
        }
        self.say(FromClient::Continue).await;
        Ok(())
    }

    /// What is to be said of what was typed; `None` for the detach keys.
    fn typed(&mut self, typed: Option<Vec<u8>>, room: usize) -> Option<FromClient> {
        let Some(mut bytes) = typed else {
            self.keyboard = None;
            return Some(FromClient::EndOfInput);
        };
        if let Some(detector) = &mut self.detector {
            bytes = detector.pass(&bytes)?;
        }
        if bytes.len() > room
            && let Some(keyboard) = &mut self.keyboard
        {
            keyboard.put_back(bytes.split_off(room));
        }
        Some(FromClient::Input(bytes))
    }
}

async fn typed(keyboard: &mut Option<Keyboard>) -> Option<Vec<u8>> {
    match keyboard {
        Some(keyboard) => keyboard.next().await,
        None => None,
    }
}

fn window_size() -> Option<WindowSize> {
    let cells = porthole_host::cells(io::stdout().as_fd())?;
    Some(WindowSize { rows: cells.rows, columns: cells.columns })
}

fn lost(error: SessionError) -> CommandError {
    match error {
        SessionError::Broken(_) | SessionError::Silent(_) => {
            CommandError::caused_by("the session was lost", error).hint(
                "see whether the engine and the container still run; nothing of the session stays there",
            )
        }
        error => CommandError::caused_by("cannot go on with the session", error),
    }
}

#[cfg(test)]
mod tests {
    use porthole_wire::session::{GREETING, Message};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    use super::*;
    use crate::exit::Exit;

    /// Holds a session with an agent that says this and is gone before it is asked for anything.
    async fn held(words: &[FromAgent]) -> Result<Ending, CommandError> {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut session = Session::over(near).await.unwrap();
        far.read_exact(&mut [0; GREETING.len()]).await.unwrap();
        let words: Vec<_> = words.iter().flat_map(Message::encode).collect();
        far.write_all(&[&GREETING[..], &words].concat()).await.unwrap();
        drop(far);
        hold(&mut session, FromClient::Begin(Box::default()), &DetachKeys::default()).await
    }

    #[tokio::test]
    async fn what_an_agent_said_is_heard_when_it_hears_no_more() {
        assert_eq!(held(&[FromAgent::Exited(3)]).await.unwrap(), Ending::Exited(3));
    }

    #[tokio::test]
    async fn a_session_that_ends_without_an_ending_is_a_failure() {
        let error = held(&[]).await.unwrap_err();
        assert_eq!((error.message(), error.exit()), ("the session was lost", Exit::Failure));
    }
}
