//! `porthole toolbox`: what porthole takes into a container.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Subcommand;
use porthole_render::json;
use porthole_render::toolbox::{self, Tool};
use porthole_toolbox::Applet;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
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
    #[command(after_long_help = "\
Examples:
  porthole toolbox ls
  porthole toolbox ls --output json | porthole toolbox run jq -r '.tools[].name'")]
    Ls(OutputArgs),
    /// Run a tool here
    ///
    /// The exit code is that of the tool. A link to porthole that is named after a tool is that tool, too.
    #[command(after_long_help = "\
Examples:
  porthole toolbox run ps aux
  porthole toolbox run sh
  porthole toolbox run grep --help")]
    Run {
        /// The tool and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "TOOL")]
        words: Vec<OsString>,
    },
}

/// Lists or runs tools.
pub(crate) fn run(args: &ToolboxArgs, world: &World) -> Result<Exit, CommandError> {
    match &args.command {
        ToolboxCommand::Ls(output) => list(output.output, world),
        ToolboxCommand::Run { words } => become_tool(words),
    }
}

fn list(output: Output, world: &World) -> Result<Exit, CommandError> {
    let mut applets: Vec<_> = porthole_toolbox::applets().collect();
    applets.sort_by_key(|applet| applet.group);
    let tools: Vec<_> = applets.into_iter().map(tool).collect();
    match output {
        Output::Text => world.printer.doc(&toolbox::doc(&tools))?,
        Output::Json => Printer::text(&json::toolbox(&tools))?,
    }
    Ok(Exit::Success)
}

fn tool(applet: &Applet) -> Tool<'_> {
    Tool { name: applet.name, group: applet.group.title(), summary: applet.summary }
}

/// This process becomes the tool under the tool's name: many ask their process what they were called as.
fn become_tool(words: &[OsString]) -> Result<Exit, CommandError> {
    let name = words[0].to_string_lossy();
    if porthole_toolbox::applet(&name).is_none() {
        return Err(unknown(&name));
    }
    let error = Command::new("/proc/self/exe").arg0(&words[0]).args(&words[1..]).exec();
    Err(CommandError::caused_by(format!("cannot run {name}"), error))
}

fn unknown(name: &str) -> CommandError {
    let error = CommandError::new(format!("there is no tool {name}"));
    match porthole_toolbox::near(name).as_slice() {
        [] => error.hint("porthole toolbox ls lists all of them"),
        near => error.hint(format!("did you mean {}? porthole toolbox ls lists all", near.join(", "))),
    }
}
