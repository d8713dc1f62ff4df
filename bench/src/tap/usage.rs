//! What a process has used: processor time, its ended children's included, and its largest memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// `/proc/PID/stat` counts in hundredths of a second, whatever the kernel's own tick is (`proc_pid_stat(5)`).
const TICK: Duration = Duration::from_millis(10);

/// A process that used nothing for so long has come to rest.
const REST: Duration = Duration::from_millis(250);

/// How long work that was left may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a process has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) processor: Duration,
    /// In bytes.
    pub(crate) peak_memory: u64,
}

/// What it has used once it uses nothing more: a recorder writes some time after the traffic.
pub(crate) fn at_rest(pid: u32) -> Result<Usage, BenchError> {
    let begin = Instant::now();
    let mut last = of(pid)?;
    loop {
        sleep(REST);
        let now = of(pid)?;
        if now.processor == last.processor || begin.elapsed() > PATIENCE {
            return Ok(now);
        }
        last = now;
    }
}

fn of(pid: u32) -> Result<Usage, BenchError> {
    let processor = processor(&read(pid, "stat")?);
    let peak_memory = peak_memory(&read(pid, "status")?);
    match (processor, peak_memory) {
        (Some(processor), Some(peak_memory)) => Ok(Usage { processor, peak_memory }),
        _ => Err(BenchError::Unreadable(PathBuf::from(format!("/proc/{pid}")))),
    }
}

fn read(pid: u32, file: &str) -> Result<String, BenchError> {
    let path = Path::new("/proc").join(pid.to_string()).join(file);
    fs::read_to_string(&path).map_err(BenchError::at("read", &path))
}

/// The sum of utime, stime, cutime and cstime, which are fields 14 to 17; the second field may hold spaces.
fn processor(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(|field| field.parse::<u32>().ok());
    let mut next = || ticks.next().flatten();
    Some(TICK * (next()? + next()? + next()? + next()?))
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_that_ended_count() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 10 20 300 4000 20 0 1 0 5";
        assert_eq!(processor(stat), Some(Duration::from_millis(43_300)));
        assert_eq!(processor("7 (a) S 1"), None);
    }

    #[test]
    fn the_largest_resident_set() {
        assert_eq!(peak_memory("VmPeak:\t  9 kB\nVmHWM:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(peak_memory("VmPeak:\t  9 kB\n"), None);
    }
}
