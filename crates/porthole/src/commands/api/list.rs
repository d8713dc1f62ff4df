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
        let wanted = &word.to_ascii_lowercase();
        // A word in the parameters counts where it stands nowhere else: many calls take a name.
        let is_named = endpoints.iter().any(|endpoint| is_about(endpoint, wanted));
        endpoints
            .retain(|endpoint| if is_named { is_about(endpoint, wanted) } else { takes(endpoint, wanted) });
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

fn is_about(endpoint: &ApiEndpoint, word: &str) -> bool {
    let route = format!("{} {}", endpoint.method, endpoint.path);
    [route.as_str(), endpoint.operation, endpoint.summary].iter().any(|text| holds(text, word))
}

fn takes(endpoint: &ApiEndpoint, word: &str) -> bool {
    endpoint.parameters.iter().any(|parameter| holds(parameter.name, word))
}

fn holds(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}
