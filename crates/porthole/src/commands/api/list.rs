//! `porthole api ls`: the calls of the version that is spoken.

use porthole_model::ApiEndpoint;
use porthole_render::{api, json};
use porthole_wire::engine_api;

use super::args::LsArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Lists those that hold the word.
pub(super) fn run(args: &LsArgs, world: &World) -> Result<Exit, CommandError> {
    let version = world.engine()?.api_version();
    let mut endpoints = engine_api::endpoints(version.minor);
    if let Some(word) = &args.word {
        endpoints.retain(|endpoint| holds(endpoint, &word.to_ascii_lowercase()));
        if endpoints.is_empty() {
            return Err(CommandError::new(format!("no call of API {version} has {word} in it"))
                .hint("porthole api ls lists all of them"));
        }
    }
    match args.output.output {
        Output::Text => world.printer.doc(&api::list(&endpoints))?,
        Output::Json => Printer::text(&json::api_endpoints(&version.to_string(), &endpoints))?,
    }
    Ok(Exit::Success)
}

fn holds(endpoint: &ApiEndpoint, word: &str) -> bool {
    let has = |text: &str| text.to_ascii_lowercase().contains(word);
    has(&format!("{} {}", endpoint.method, endpoint.path))
        || has(endpoint.operation)
        || has(endpoint.summary)
        || endpoint.parameters.iter().any(|parameter| has(parameter.name))
}
