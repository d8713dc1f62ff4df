//! `porthole doctor`: every check over one snapshot, and over a second one where something seems broken.

mod fix;

use std::thread;
use std::time::Duration;

use porthole_model::{Report, Severity, Snapshot};
use porthole_render::fix::Fix;
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

/// Diagnoses, mends what it may, and prints.
pub(super) fn run(args: &DoctorArgs, world: &World) -> Result<Exit, CommandError> {
    let (report, fixes) =
        if args.fix { fix::run(args, world)? } else { (read(args, world)?.report, Vec::new()) };
    print(&report, &fixes, args.output, world)?;
    Ok(if counts(args.fail_on, report.worst()) { Exit::Findings } else { Exit::Success })
}

/// What was read, and what it came to.
struct Reading {
    snapshot: Snapshot,
    report: Report,
}

fn read(args: &DoctorArgs, world: &World) -> Result<Reading, CommandError> {
    let first = read_once(args, world)?;
    if first.report.findings.is_empty() || args.source.from.is_some() {
        return Ok(first);
    }
    thread::sleep(SETTLE);
    let Reading { snapshot, report } = read_once(args, world)?;
    Ok(Reading { snapshot, report: porthole_analysis::confirm(&first.report, report) })
}

fn read_once(args: &DoctorArgs, world: &World) -> Result<Reading, CommandError> {
    let scope = porthole_analysis::doctor_scope();
    let mut snapshot = collect::snapshot(world, &args.source, Request { scope: &scope, engine: true })?;
    if args.active {
        collect::probe(world, &mut snapshot);
    }
    let report = porthole_analysis::diagnose(&snapshot);
    Ok(Reading { snapshot, report })
}

fn print(report: &Report, fixes: &[Fix], output: ReportOutput, world: &World) -> Result<(), CommandError> {
    let doc = || {
        let mut doc = report::doc(report);
        doc.append(porthole_render::fix::doc(fixes));
        doc
    };
    match output {
        ReportOutput::Text => world.printer.doc(&doc()),
        ReportOutput::Json => Printer::text(&json::fixed_report(report, fixes)),
        ReportOutput::Html => Printer::text(&html::page("porthole doctor", &doc())),
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
