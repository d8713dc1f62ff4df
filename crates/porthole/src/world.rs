//! What a command works on: the settings, the host, the engine, the clock and the printer.

use std::future::Future;

use porthole_engine::{Client, ConnectError};
use porthole_host::{LinuxHost, Roots};
use porthole_model::{EngineVersion, Timestamp};

use crate::error::CommandError;
use crate::interrupt;
use crate::printer::Printer;
use crate::settings::Settings;

/// What a command works on.
pub(crate) struct World {
    /// What was decided.
    pub(crate) settings: Settings,
    /// What prints.
    pub(crate) printer: Printer,
    /// The kernel of this host.
    pub(crate) host: LinuxHost,
    runtime: tokio::runtime::Runtime,
}

impl World {
    /// A world of this host.
    pub(crate) fn new(settings: Settings, printer: Printer) -> Result<Self, CommandError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CommandError::caused_by("cannot start the event loop", error))?;
        let host = LinuxHost::new(Roots::default()).with_secrets(settings.secrets);
        Ok(Self { settings, printer, host, runtime })
    }

    /// The time of now.
    pub(crate) fn now() -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    /// Waits for `work`, or for Ctrl-C or SIGTERM; then `work` is dropped and has undone what it did.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> Result<T, CommandError> {
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Ok(done),
                () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
            }
        })
    }

    /// Waits for `work`, which itself minds the signals that ask it to stop.
    pub(crate) fn serve<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A connection with the engine.
    pub(crate) fn connect(&self) -> Result<Result<Client, ConnectError>, CommandError> {
        let endpoint = self.settings.endpoint()?;
        self.block_on(async { Client::connect(&endpoint, self.settings.timeout).await })
    }

    /// A connection with the engine, for commands that cannot do without.
    pub(crate) fn engine(&self) -> Result<Client, CommandError> {
        let endpoint = self.settings.endpoint()?;
        let connected =
            self.block_on(async { Client::connect_briefly(&endpoint, self.settings.timeout).await })?;
        connected.map_err(|error| CommandError::from(porthole_model::Gap::from(error)))
    }

    /// What the engine says of itself.
    pub(crate) fn version(&self, engine: &Client) -> Result<EngineVersion, CommandError> {
        self.block_on(engine.version())?.map_err(|error| CommandError::from(porthole_model::Gap::from(error)))
    }
}
