//! `ps`: the processes, once.

mod arguments;
mod columns;

use std::ffi::OsString;
use std::io::{self, Write};

use super::layout;
use super::tasks::{Machine, Task, tasks};
use crate::arguments as words_to;
use crate::trouble::{Trouble, exit};
use arguments::PsArguments;
use columns::Chosen;
pub(super) use columns::column;

/// `ps`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    words_to::with(arguments::of_either_kind(words), |arguments: &PsArguments| exit("ps", list(arguments), 1))
}

fn list(arguments: &PsArguments) -> Result<i32, Trouble> {
    let machine = Machine::read()?;
    let chosen = arguments.columns()?;
    let all = tasks()?;
    let own = own(&all)?;
    let mut selected: Vec<_> = all.iter().filter(|task| arguments.selects(task, own, &machine)).collect();
    sort(&mut selected, arguments, &machine)?;
    let mut rows = Vec::new();
    if !arguments.no_headers && chosen.iter().any(|each| !each.heading.is_empty()) {
        rows.push(chosen.iter().map(|each| each.heading.clone()).collect());
    }
    rows.extend(selected.iter().map(|task| cells(&chosen, task, &machine)));
    let right: Vec<_> = chosen.iter().map(|each| each.column.right).collect();
    let mut out = io::stdout().lock();
    layout::print(&mut out, &rows, &right)?;
    out.flush()?;
    Ok(i32::from(selected.is_empty()))
}

/// This process.
fn own(all: &[Task]) -> Result<&Task, Trouble> {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let own = all.iter().find(|task| task.stat.pid == pid);
    own.ok_or_else(|| Trouble::new("/proc is that of other processes; is it the container's own?"))
}

fn cells(chosen: &[Chosen], task: &Task, machine: &Machine) -> Vec<String> {
    chosen.iter().map(|each| (each.column.value)(task, machine)).collect()
}

/// Numbers by their value, all else by its letters.
fn sort(tasks: &mut [&Task], arguments: &PsArguments, machine: &Machine) -> Result<(), Trouble> {
    let Some(key) = &arguments.sort else { return Ok(()) };
    let (name, is_down) = match key.strip_prefix('-') {
        Some(name) => (name, true),
        None => (key.trim_start_matches('+'), false),
    };
    let value = column(name)?.value;
    tasks.sort_by(|one, other| {
        let (one, other) = (value(one, machine), value(other, machine));
        match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => one.total_cmp(&other),
            _ => one.cmp(&other),
        }
    });
    if is_down {
        tasks.reverse();
    }
    Ok(())
}
