//! `porthole doctor`: every check over one snapshot, and over a second one where something seems broken.

use std::thread;
use std::time::Duration;

use porthole_model::{Report, Severity};
use porthole_render::{html, json, report};

use crate::args::{DoctorArgs, FailOn, ReportOutput};
use crate::collect::{self, Request};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// How long a host that seems broken may take to settle before it is read again: engine and kernel are read at
/// slightly different moments, and a container that comes or goes in between looks like a fault.
pub(crate) const SETTLE: Duration = Duration::from_millis(500);

/// Diagnoses and prints.
pub(super) fn run(args: &DoctorArgs, world: &World) -> Result<Exit, CommandError> {
    let report = diagnose(args, world)?;
    print(&report, args.output, world)?;
    Ok(if counts(args.fail_on, report.worst()) { Exit::Findings } else { Exit::Success })
}

fn diagnose(args: &DoctorArgs, world: &World) -> Result<Report, CommandError> {
    let scope = porthole_analysis::doctor_scope();
    let request = Request { scope: &scope, engine: true };
    let read = || -> Result<Report, CommandError> {
        let mut snapshot = collect::snapshot(world, &args.source, request)?;
        if args.active {
            collect::probe(world, &mut snapshot);
        }
        Ok(porthole_analysis::diagnose(&snapshot))
    };
    let first = read()?;
    if first.findings.is_empty() || args.source.from.is_some() {
        return Ok(first);
    }
    thread::sleep(SETTLE);
    Ok(porthole_analysis::confirm(&first, read()?))
}

fn print(report: &Report, output: ReportOutput, world: &World) -> Result<(), CommandError> {
    let printer = &world.printer;
    match output {
        ReportOutput::Text => printer.doc(&report::doc(report)),
        ReportOutput::Json => Printer::text(&json::report(report)),
        ReportOutput::Html => Printer::text(&html::page("porthole doctor", &report::doc(report))),
    }
}

/// Whether the worst that was found makes the exit code 1.
pub(crate) fn counts(fail_on: FailOn, worst: Option<Severity>) -> bool {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
        FailOn::Never => return false,
    };
    worst.is_some_and(|worst| worst >= least)
}
