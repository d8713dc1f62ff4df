//! Beside a container with the tools of an image: a container of that image that shares the target's process and network
//! namespaces. The target's files are at `/proc/1/root`.

use std::os::unix::ffi::OsStringExt;

use porthole_engine::{
    Client, Pull, PullTrouble, Session, SessionError, SidecarPlace, SidecarRequest, ToolImage, provide_image,
    pull_trouble, registry_of,
};
use porthole_render::debug;

use super::sidecar;
use super::wanted::{self, Wanted};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted beside the container.
pub(super) fn run(
    wanted: &Wanted,
    image: &str,
    pull: Pull,
    client: &Client,
    world: &World,
) -> Result<Exit, CommandError> {
    let program = collect::own_program()?;
    world.serve(async {
        let provided = tokio::select! {
            provided = provide(client, image, pull, world) => provided?,
            () = interrupt::asked_to_stop() => return Err(CommandError::interrupted()),
        };
        let request = SidecarRequest {
            place: SidecarPlace::Beside(&wanted.container),
            role: Vec::new(),
            program: &program,
            image: Some(&provided),
            may_enter: true,
            capabilities: &wanted.capabilities,
            mounts: &wanted.mounts,
        };
        let session = begin(wanted, client, &request, world).await?;
        let mut plan = wanted.plan(world);
        if plan.command.is_empty() {
            plan.command = own_command(&provided);
        }
        wanted.hold(client, session, plan).await
    })
}

/// With the right to see the container's files, or without it where the engine refuses that.
async fn begin(
    wanted: &Wanted,
    client: &Client,
    request: &SidecarRequest<'_>,
    world: &World,
) -> Result<Session, CommandError> {
    match sidecar::try_to_begin(client, request).await? {
        Err(error) if error.is_refusal() => {
            world.printer.note(&debug::files_may_be_out_of_reach(&wanted.name, &error.to_string()));
            sidecar::begin(client, &SidecarRequest { may_enter: false, ..request.clone() }).await
        }
        started => started.map_err(|error| sidecar::not_begun(request, error)),
    }
}

/// An image that says nothing of what it runs gets a shell.
fn own_command(image: &ToolImage) -> Vec<Vec<u8>> {
    match image.command.as_slice() {
        [] => vec![b"sh".to_vec()],
        words => words.iter().map(|word| std::ffi::OsString::from(word).into_vec()).collect(),
    }
}

async fn provide(client: &Client, image: &str, pull: Pull, world: &World) -> Result<ToolImage, CommandError> {
    let printer = world.printer;
    let provided = provide_image(client, image, pull, world.settings.docker_config(), |progress| {
        let mebibytes = |bytes: u64| bytes / (1024 * 1024);
        printer.progress(&format!(
            "pulling {image}: {} of {} MiB",
            mebibytes(progress.current),
            mebibytes(progress.total)
        ));
    });
    let provided = provided.await;
    printer.progress_done();
    provided.map_err(|error| not_provided(image, error))
}

fn not_provided(image: &str, error: SessionError) -> CommandError {
    let hints = match &error {
        SessionError::Pull { message, credentials, .. } => hints(image, message, credentials.as_deref()),
        _ => Vec::new(),
    };
    let failed = hints.into_iter().fold(wanted::failed("have the tool image", error), CommandError::hint);
    failed
        .hint("leave --image out: porthole's own tools need no image")
        .hint("load it by hand with docker load, and give --pull never")
}

/// What the user can do about a pull that failed.
fn hints(image: &str, message: &str, credentials: Option<&str>) -> Vec<String> {
    let registry = registry_of(image);
    match (pull_trouble(message), credentials) {
        (PullTrouble::Refused, Some(trouble)) => {
            vec![format!("the registry was shown no credentials, since they could not be read: {trouble}")]
        }
        (PullTrouble::Refused, None) => {
            vec![format!(
                "docker login {registry}, as a user who may pull it; then see whether its name is right"
            )]
        }
        (PullTrouble::NoSuchImage, _) => {
            vec![format!("see whether {registry} has it under that name and tag")]
        }
        (PullTrouble::OutOfReach, _) => {
            vec![format!(
                "it is the engine's host that does not get to {registry}: its DNS, its proxy or a firewall"
            )]
        }
        (PullTrouble::Other, _) => Vec::new(),
    }
}
