//! How a container ended: the engine's facts, the last lines it wrote, and what its command leads to.

use porthole_model::{Container, Ending, Program};

use super::program::Root;
use super::raw_container;
use crate::client::Client;
use crate::last_lines::last_lines;
use crate::nouns;
use crate::raw::RawDormant;
use crate::request_error::RequestError;

/// What is known of the end of `container`, as [`inspect`](crate::inspect) gave it.
pub async fn ending(client: &Client, container: Container) -> Result<Ending, RequestError> {
    let raw = raw_container(client, &container.id.0).await?;
    let (program, log) =
        tokio::join!(program(client, &raw), last_lines(client, &raw.id, raw.config.is_terminal));
    Ok(Ending {
        finished: nouns::time("FinishedAt", &raw.state.finished).ok().flatten(),
        program: program.map_err(|error| error.gap("command's program")).into(),
        log: log.into(),
        name: container.name,
        state: container.state,
        exit_code: container.exit_code,
        out_of_memory: container.out_of_memory,
        error: container.error,
        restart_count: container.restart_count,
        command: container.command,
    })
}

async fn program(client: &Client, raw: &RawDormant) -> Result<Program, RequestError> {
    let root = Root {
        client,
        id: &raw.id,
        environment: &raw.config.environment,
        working_directory: &raw.config.working_directory,
    };
    root.program(&raw.path).await
}
