//! One look at the machine: its load, its memory, and its processes with what they did since the last look.

use std::cmp::Reverse;
use std::collections::HashMap;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use procfs::{CpuTime, Current, CurrentSI, KernelStats, LoadAverage, Meminfo};

use crate::printable::one_line;
use crate::processes::layout;
use crate::processes::memory::human;
use crate::processes::ps::column;
use crate::processes::tasks::{Machine, Task, tasks};
use crate::trouble::Trouble;

/// What processes are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    Cpu,
    Mem,
    Time,
    Pid,
}

/// One look.
pub(super) struct Frame {
    machine: Machine,
    load: LoadAverage,
    memory: Meminfo,
    processor: CpuTime,
    tasks: Vec<Task>,
    /// Ticks that each process had at the last look, and the processor as it was.
    before: Option<(HashMap<i32, u64>, CpuTime, f64)>,
}

impl Frame {
    /// The first look: what processes did since they were started.
    pub(super) fn first() -> Result<Self, Trouble> {
        Ok(Self {
            machine: Machine::read()?,
            load: LoadAverage::current()?,
            memory: Meminfo::current()?,
            processor: KernelStats::current()?.total,
            tasks: tasks()?,
            before: None,
        })
    }

    /// The look after this one.
    pub(super) fn next(self) -> Result<Self, Trouble> {
        let ticks = self.tasks.iter().map(|task| (task.stat.pid, task.ticks())).collect();
        Ok(Self { before: Some((ticks, self.processor, self.machine.uptime)), ..Self::first()? })
    }

    /// The head and a line for each process.
    pub(super) fn lines(&self, order: Order, pids: &[i32]) -> Vec<String> {
        let mut lines = vec![self.times(), self.states(), self.work(), self.space(), String::new()];
        lines.extend(self.table(order, pids));
        lines
    }

    fn times(&self) -> String {
        let now =
            Timestamp::from_second(i64::try_from(self.machine.now).unwrap_or_default()).unwrap_or_default();
        let now = now.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string();
        let LoadAverage { one, five, fifteen, .. } = self.load;
        let up = self.machine.now.saturating_sub(self.machine.booted);
        let (days, rest) = (up / 86_400, up % 86_400);
        format!(
            "top - {now} up {days} days, {}, load average: {one:.2}, {five:.2}, {fifteen:.2}",
            layout::clock(rest)
        )
    }

    fn states(&self) -> String {
        let count = |states: &str| self.tasks.iter().filter(|task| states.contains(task.stat.state)).count();
        format!(
            "Tasks: {} total, {} running, {} sleeping, {} stopped, {} zombie",
            self.tasks.len(),
            count("R"),
            count("SDI"),
            count("Tt"),
            count("Z")
        )
    }

    fn work(&self) -> String {
        let parts = parts(&self.processor);
        let past = self.before.as_ref().map_or([0; 6], |(_, processor, _)| self::parts(processor));
        let did: Vec<_> = parts.iter().zip(past).map(|(now, past)| now.saturating_sub(past)).collect();
        let all: u64 = did.iter().sum();
        let names = ["us", "sy", "ni", "id", "wa", "st"];
        let shares = did.iter().zip(names).map(|(part, name)| format!("{} {name}", percent(*part, all)));
        format!("%Cpu(s): {}", shares.collect::<Vec<_>>().join(", "))
    }

    fn space(&self) -> String {
        let memory = &self.memory;
        let available = memory.mem_available.unwrap_or(memory.mem_free);
        format!(
            "Mem: {} total, {} used, {} available; swap: {} total, {} used",
            human(memory.mem_total),
            human(memory.mem_total.saturating_sub(available)),
            human(available),
            human(memory.swap_total),
            human(memory.swap_total.saturating_sub(memory.swap_free))
        )
    }

    fn table(&self, order: Order, pids: &[i32]) -> Vec<String> {
        let mut shown: Vec<_> =
            self.tasks.iter().filter(|task| pids.is_empty() || pids.contains(&task.stat.pid)).collect();
        match order {
            Order::Cpu => shown.sort_by_key(|task| (Reverse(self.thousandths(task)), task.stat.pid)),
            Order::Mem => shown.sort_by_key(|task| (Reverse(task.stat.rss), task.stat.pid)),
            Order::Time => shown.sort_by_key(|task| (Reverse(task.ticks()), task.stat.pid)),
            Order::Pid => shown.sort_by_key(|task| task.stat.pid),
        }
        let headings = ["PID", "USER", "NI", "VIRT", "RES", "S", "%CPU", "%MEM", "TIME", "COMMAND"];
        let mut rows = vec![headings.map(str::to_owned).to_vec()];
        rows.extend(shown.into_iter().map(|task| self.row(task)));
        let right = [true, false, true, true, true, false, true, true, true, false];
        layout::lines(&rows, &right)
    }

    fn row(&self, task: &Task) -> Vec<String> {
        let stat = &task.stat;
        let thousandths = self.thousandths(task);
        vec![
            stat.pid.to_string(),
            self.machine.users.name(task.uid),
            stat.nice.to_string(),
            human(stat.vsize),
            human(stat.rss * self.machine.page),
            stat.state.to_string(),
            format!("{}.{}", thousandths / 10, thousandths % 10),
            column("%mem").map(|column| (column.value)(task, &self.machine)).unwrap_or_default(),
            layout::clock(task.ticks() / self.machine.ticks),
            one_line(&task.command_line()),
        ]
    }

    /// The part of one processor that it took since the last look, or since it was started.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of a processor is small and not negative"
    )]
    fn thousandths(&self, task: &Task) -> u64 {
        let (ticks, seconds) = match &self.before {
            Some((before, _, at)) => {
                let past = before.get(&task.stat.pid).copied().unwrap_or(0);
                (task.ticks().saturating_sub(past), self.machine.uptime - at)
            }
            None => (task.ticks(), task.age(&self.machine) as f64),
        };
        let whole = seconds * self.machine.ticks as f64;
        if whole > 0.0 { (ticks as f64 * 1000.0 / whole).round() as u64 } else { 0 }
    }
}

/// User, system, nice, idle, waiting and stolen time, in ticks.
fn parts(processor: &CpuTime) -> [u64; 6] {
    let interrupts = processor.irq.unwrap_or(0) + processor.softirq.unwrap_or(0);
    [
        processor.user,
        processor.system + interrupts,
        processor.nice,
        processor.idle,
        processor.iowait.unwrap_or(0),
        processor.steal.unwrap_or(0),
    ]
}

fn percent(part: u64, all: u64) -> String {
    let thousandths = (part * 1000).checked_div(all).unwrap_or(0);
    format!("{}.{}", thousandths / 10, thousandths % 10)
}
