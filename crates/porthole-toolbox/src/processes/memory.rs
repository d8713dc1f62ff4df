//! `free`: memory that is free.

use std::ffi::OsString;
use std::io;

use clap::{ArgAction, ArgGroup, Parser};
use procfs::{Current, Meminfo};

use super::layout;
use crate::arguments;
use crate::trouble::{Trouble, exit};

/// Print how much memory is free
///
/// The numbers are those of the machine, in KiB; a container's own limit is in /sys/fs/cgroup.
#[derive(Debug, Parser)]
#[command(name = "free", disable_help_flag = true, group(ArgGroup::new("unit").args(["bytes", "kibi", "mebi", "gibi", "human"])))]
#[expect(clippy::struct_excessive_bools, reason = "each is a unit")]
struct FreeArguments {
    /// Print this help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    /// In bytes
    #[arg(short, long)]
    bytes: bool,
    /// In KiB, which is so anyway
    #[arg(short)]
    kibi: bool,
    /// In MiB
    #[arg(short, long)]
    mebi: bool,
    /// In GiB
    #[arg(short, long)]
    gibi: bool,
    /// In the unit that fits
    #[arg(short = 'h')]
    human: bool,
}

/// `free`.
pub(super) fn free(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &FreeArguments| exit("free", print(arguments), 1))
}

fn print(arguments: &FreeArguments) -> Result<i32, Trouble> {
    let memory = Meminfo::current()?;
    let shown = |bytes: u64| arguments.shown(bytes);
    let cached = memory.buffers + memory.cached + memory.s_reclaimable.unwrap_or(0);
    // Kernels before 3.14 do not say what is available.
    let available = memory.mem_available.unwrap_or(memory.mem_free + cached);
    let row = |name: &str, numbers: &[u64]| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(numbers.iter().map(|bytes| shown(*bytes))).collect()
    };
    let headings = ["", "total", "used", "free", "shared", "buff/cache", "available"];
    let rows = [
        headings.map(str::to_owned).to_vec(),
        row(
            "Mem:",
            &[
                memory.mem_total,
                memory.mem_total.saturating_sub(available),
                memory.mem_free,
                memory.shmem.unwrap_or(0),
                cached,
                available,
            ],
        ),
        row(
            "Swap:",
            &[memory.swap_total, memory.swap_total.saturating_sub(memory.swap_free), memory.swap_free],
        ),
    ];
    layout::print(&mut io::stdout().lock(), &rows, &[false, true, true, true, true, true, true])?;
    Ok(0)
}

impl FreeArguments {
    fn shown(&self, bytes: u64) -> String {
        match (self.bytes, self.mebi, self.gibi, self.human) {
            (true, ..) => bytes.to_string(),
            (_, true, ..) => (bytes >> 20).to_string(),
            (_, _, true, _) => (bytes >> 30).to_string(),
            (.., true) => human(bytes),
            _ => (bytes >> 10).to_string(),
        }
    }
}

/// Three digits and a unit.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "Ki", "Mi", "Gi", "Ti"];
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let number = if tenths < 100 && unit > 0 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        (tenths / 10).to_string()
    };
    format!("{number}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(human(512), "512B");
        assert_eq!(human(1536), "1.5Ki");
        assert_eq!(human(15 << 30), "15Gi");
    }
}
