//! Watches, while a container's own files are changed, whether somebody starts it, and says so at once.

use std::error::Error;
use std::thread::JoinHandle;

use porthole_engine::{Client, Dormant, Endpoint, StartWatch};
use tokio::sync::oneshot;

use crate::error::CommandError;
use crate::printer::Printer;
use crate::world::World;

/// A thread of its own, for the session takes the one that there was.
pub(super) struct Warden {
    thread: JoinHandle<()>,
    dismissed: oneshot::Sender<()>,
}

impl Warden {
    /// Watches from here on.
    pub(super) fn watch(endpoint: &Endpoint, world: &World, dormant: &Dormant) -> Result<Self, CommandError> {
        let cannot = |error: Box<dyn Error + Send + Sync>| {
            CommandError::caused_by("cannot watch whether the container is started", error)
        };
        let (dismissed, dismissal) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| cannot(error.into()))?;
        let watch = runtime.block_on(begin(endpoint, world, &dormant.id)).map_err(cannot)?;
        let (printer, name) = (world.printer, dormant.name.clone());
        let watching = move || {
            runtime.block_on(async {
                tokio::select! {
                    started = watch.started() => if started.is_ok() { warn(printer, &name) },
                    _ = dismissal => {}
                }
            });
        };
        let thread = std::thread::Builder::new().spawn(watching).map_err(|error| cannot(error.into()))?;
        Ok(Self { thread, dismissed })
    }

    /// Watches no longer.
    pub(super) fn dismiss(self) {
        // One that has warned is gone already.
        let _gone = self.dismissed.send(());
        drop(self.thread.join());
    }
}

async fn begin(
    endpoint: &Endpoint,
    world: &World,
    id: &str,
) -> Result<StartWatch, Box<dyn Error + Send + Sync>> {
    let client = Client::connect(endpoint, world.settings.timeout).await?;
    Ok(StartWatch::begin(&client, id).await?)
}

fn warn(printer: Printer, name: &str) {
    let words = format!(
        "somebody started {name}: it and this session write to the same files, and the kernel does not say what comes \
         of that. End this session, or stop the container: docker stop {name}"
    );
    printer.note(&porthole_render::error::warning(&words));
}
