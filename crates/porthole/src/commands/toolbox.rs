//! `porthole toolbox`: what porthole takes into a container.

use std::ffi::OsString;

use clap::Subcommand;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// `porthole toolbox`.
#[derive(Debug, clap::Args)]
pub(crate) struct ToolboxArgs {
    #[command(subcommand)]
    command: ToolboxCommand,
}

/// What can be done with the toolbox.
#[derive(Debug, Subcommand)]
enum ToolboxCommand {
    /// List the tools
    Ls,
    /// Run a tool here
    Run {
        /// The tool and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "TOOL")]
        words: Vec<OsString>,
    },
}

/// Lists or runs tools.
pub(crate) fn run(args: &ToolboxArgs, _world: &World) -> Result<Exit, CommandError> {
    match &args.command {
        ToolboxCommand::Ls => {
            let lines =
                porthole_toolbox::applets().map(|applet| format!("{}\t{}\n", applet.name, applet.summary));
            Printer::text(&lines.collect::<String>())?;
            Ok(Exit::Success)
        }
        ToolboxCommand::Run { words } => {
            let applet = porthole_toolbox::called_as(&words[0])
                .ok_or_else(|| CommandError::new(format!("there is no tool {}", words[0].display())))?;
            Ok(Exit::Passed(applet.run(words.clone())))
        }
    }
}
