//! A container that is frozen while a session looks at it.
//!
//! A second process freezes and thaws it: porthole itself under another name, whose standard input is one end of a socket
//! pair. The other end only the client has, so that the container goes on in whichever way the client ends.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Parser;
use porthole_engine::{Client, RequestError};
use porthole_model::{Container, ContainerId, ContainerState, Secrets};

use crate::args::GlobalArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::{environment, interrupt};

/// The name that the process is started under, by which porthole knows what it is to do.
const NAME: &str = "porthole-thaw";

/// What it says once the container is frozen.
const FROZEN: &str = ".";

/// How often an engine that does not answer is asked again to let the container go on, a second apart.
const ATTEMPTS: usize = 60;

/// A frozen container.
#[derive(Debug)]
pub(super) struct Frozen {
    container: String,
    process: Child,
    line: UnixStream,
}

impl Frozen {
    /// Freezes the container.
    pub(super) fn begin(container: &Container, engine: &[String]) -> Result<Self, CommandError> {
        let failed =
            |error: io::Error| CommandError::caused_by(format!("cannot freeze {}", container.name), error);
        let mut frozen = Self::spawn(container, engine).map_err(failed)?;
        let mut said = [0; 512];
        let length = frozen.line.read(&mut said).map_err(failed)?;
        match String::from_utf8_lossy(&said[..length]).as_ref() {
            FROZEN => Ok(frozen),
            "" => Err(failed(io::Error::other("the process that was to do it ended at once"))),
            reason => Err(failed(io::Error::other(reason.to_owned()))),
        }
    }

    /// Lets the container go on.
    pub(super) fn thaw(mut self) -> Result<(), CommandError> {
        let name = self.container.clone();
        let failed =
            || CommandError::new(format!("{name} is still frozen")).hint(format!("docker unpause {name}"));
        // The end of the line is what it waits for.
        drop(self.line);
        if self.process.wait().is_ok_and(|status| status.success()) { Ok(()) } else { Err(failed()) }
    }

    fn spawn(container: &Container, engine: &[String]) -> io::Result<Self> {
        let (line, theirs) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).arg(&container.id.0).args(engine);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { container: container.name.clone(), process: command.spawn()?, line })
    }
}

/// What the process is started with, behind its name.
#[derive(Debug, Parser)]
pub(crate) struct ThawArgs {
    container: String,
    #[command(flatten)]
    global: GlobalArgs,
}

/// The container to freeze and thaw, where this process was started for it.
pub(crate) fn thawed(arguments: impl Iterator<Item = OsString>) -> Option<ThawArgs> {
    let mut arguments = arguments.peekable();
    if arguments.peek()? == NAME { ThawArgs::try_parse_from(arguments).ok() } else { None }
}

/// The process itself: freezes the container, and thaws it when the client is gone.
pub(crate) fn thaw(args: &ThawArgs) -> Exit {
    let container = ContainerId(args.container.clone());
    let done = io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string()).and_then(|line| {
        let mut line = UnixStream::from(line);
        keep_frozen(args, &container, &mut line).inspect_err(|reason| {
            let _nobody_hears = line.write_all(reason.as_bytes());
        })
    });
    if done.is_ok() { Exit::Success } else { Exit::Failure }
}

fn keep_frozen(args: &ThawArgs, container: &ContainerId, line: &mut UnixStream) -> Result<(), String> {
    let words = |error: &dyn std::error::Error| error.to_string();
    let settings = Settings::new(&args.global, environment());
    let endpoint = settings.endpoint().map_err(|error| error.message().to_owned())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| words(&error))?;
    runtime.block_on(async {
        interrupt::ignore().map_err(|error| words(&error))?;
        porthole_host::stand_alone(NAME).map_err(|error| words(&error))?;
        let client = Client::connect(&endpoint, settings.timeout).await.map_err(|error| words(&error))?;
        porthole_engine::pause(&client, container).await.map_err(|error| words(&error))?;
        // A client that is gone already has its line at the end.
        let _gone = line.write_all(FROZEN.as_bytes());
        let _ended = line.read(&mut [0]);
        go_on(&client, container).await.map_err(|error| words(&error))
    })
}

async fn go_on(client: &Client, container: &ContainerId) -> Result<(), RequestError> {
    for _ in 1..ATTEMPTS {
        match porthole_engine::unpause(client, container).await {
            Err(error @ RequestError::Status { .. }) if is_frozen(client, container).await => {
                return Err(error);
            }
            // Otherwise it is gone, or somebody let it go on already.
            Ok(()) | Err(RequestError::Status { .. }) => return Ok(()),
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
    porthole_engine::unpause(client, container).await
}

async fn is_frozen(client: &Client, container: &ContainerId) -> bool {
    let inspected = porthole_engine::inspect(client, &container.0, Secrets::Mask).await;
    inspected.is_ok_and(|container| container.state == ContainerState::Paused)
}
