//! `porthole explain`: the documentation of a check, or the list of all.

use porthole_analysis::Check;
use porthole_model::CheckCode;
use porthole_render::{explain, json};

use crate::args::ExplainArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Prints one explanation or the list.
pub(super) fn run(args: &ExplainArgs, world: &World) -> Result<Exit, CommandError> {
    match &args.code {
        Some(code) => one(find(code)?, args.output.output, world)?,
        None => all(args.output.output, world)?,
    }
    Ok(Exit::Success)
}

fn find(text: &str) -> Result<&'static Check, CommandError> {
    let unknown =
        |why: String| CommandError::new(why).hint("run porthole explain without a code to see all of them");
    let code: CheckCode = text.parse().map_err(unknown)?;
    porthole_analysis::check(code).ok_or_else(|| unknown(format!("there is no check {code}")))
}

fn one(check: &Check, output: Output, world: &World) -> Result<(), CommandError> {
    let text = entry(check);
    match output {
        Output::Text => world.printer.doc(&explain::doc(&text)),
        Output::Json => Printer::text(&json::explanations(&[text])),
    }
}

fn all(output: Output, world: &World) -> Result<(), CommandError> {
    let entries: Vec<_> = porthole_analysis::checks().iter().map(entry).collect();
    match output {
        Output::Text => world.printer.doc(&explain::list(&entries)),
        Output::Json => Printer::text(&json::explanations(&entries)),
    }
}

fn entry(check: &Check) -> explain::Explanation<'static> {
    let documentation = &check.documentation;
    explain::Explanation {
        code: check.code,
        title: check.title,
        sections: vec![
            ("What it checks", documentation.checks),
            ("Why it matters", documentation.why),
            ("How to mend it", documentation.mend),
            ("Example", documentation.example),
        ],
    }
}
