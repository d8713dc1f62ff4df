//! How a running program was started, read while it runs: what is opened here outlives it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;

use porthole_model::{Gap, Pid, Uid};
use porthole_wire::{cgroup, proc_status};
use rustix::fs::{Mode, OFlags};

use super::Identified;
use super::place::Place;
use crate::LinuxHost;
use crate::failure::{Right, gap};
use crate::procfs::ProcFs;

/// Everything that it takes to start a program again as it was started.
#[derive(Debug)]
pub struct RunningProgram {
    pub(crate) identity: Identified,
    pub(crate) helpers: Vec<Identified>,
    /// The program's file, as a path of its own files.
    pub executable: OsString,
    /// Its words, the program's name first.
    pub words: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Its working directory, as a path of its own files.
    pub directory: OsString,
    /// Its user.
    pub user: Uid,
    /// The service of systemd that it belongs to, by its control group.
    pub unit: Option<String>,
    pub(crate) place: Place,
    pub(crate) output: File,
    pub(crate) errors: File,
    pub(crate) open_files: Option<(u64, u64)>,
}

impl LinuxHost {
    /// How the process `pid` was started; a helper is a child whose program has one of these names and ends with it.
    pub fn running_program(&self, pid: Pid, helpers: &[&str]) -> Result<RunningProgram, Gap> {
        let what = || format!("start of process {pid}");
        let failed = |file: &'static str| {
            move |error: io::Error| gap(what(), &format!("/proc/{pid}/{file}"), error, Right::Tracing)
        };
        let proc = &self.proc;
        let identity = Identified::of(proc, pid).ok_or_else(|| {
            failed("stat")(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()))
        })?;
        let link = |name: &'static str| {
            fs::read_link(proc.process_path(pid, name)).map(std::path::PathBuf::into_os_string)
        };
        let read = |name: &'static str| proc.read(pid, name).map_err(failed(name));
        let status = read("status")?;
        let misread = |error: porthole_wire::ProcError| {
            Gap::new(porthole_model::GapKind::Failed, what(), error.to_string())
        };
        let groups = cgroup::parse(&read("cgroup")?).map_err(misread)?;
        Ok(RunningProgram {
            helpers: named_children(proc, pid, helpers),
            executable: link("exe").map_err(failed("exe"))?,
            words: strings(&read("cmdline")?).collect(),
            environment: strings(&read("environ")?).filter_map(assignment).collect(),
            directory: link("cwd").map_err(failed("cwd"))?,
            user: proc_status::real_uid(&status).map_err(misread)?,
            unit: cgroup::service(&groups),
            place: Place::open(proc, pid).map_err(failed("ns"))?,
            output: output(proc, pid, 1).map_err(failed("fd/1"))?,
            errors: output(proc, pid, 2).map_err(failed("fd/2"))?,
            open_files: open_files(&read("limits")?),
            identity,
        })
    }
}

impl RunningProgram {
    /// Its number.
    pub fn pid(&self) -> Pid {
        self.identity.pid
    }
}

fn named_children(proc: &ProcFs, pid: Pid, names: &[&str]) -> Vec<Identified> {
    let is_named = |child: &Pid| {
        let name = proc.read(*child, "comm").unwrap_or_default();
        names.iter().any(|wanted| wanted.as_bytes() == name.trim_ascii_end())
    };
    let children = proc.children(pid).unwrap_or_default().into_iter().filter(is_named);
    children.filter_map(|child| Identified::of(proc, child)).collect()
}

/// Where the process writes to, opened anew at its end; nowhere, where that cannot be opened again (a socket, as the
/// journal has).
fn output(proc: &ProcFs, pid: Pid, descriptor: u8) -> io::Result<File> {
    let path = proc.process_path(pid, &format!("fd/{descriptor}"));
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if let Ok(opened) = rustix::fs::open(path, flags, Mode::empty()) {
        // A pipe without a reader would have been refused; from here on writing waits, as it did.
        rustix::fs::fcntl_setfl(&opened, OFlags::APPEND)?;
        return Ok(opened.into());
    }
    File::options().write(true).open("/dev/null")
}

/// `proc_pid_limits(5)`: the soft and the hard limit of open files.
fn open_files(limits: &[u8]) -> Option<(u64, u64)> {
    let text = String::from_utf8_lossy(limits);
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_whitespace().map(|word| word.parse().unwrap_or(u64::MAX));
    Some((numbers.next()?, numbers.next()?))
}

fn strings(text: &[u8]) -> impl Iterator<Item = OsString> {
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    let words = text.split(|byte| *byte == 0).filter(|_| !text.is_empty());
    words.map(|word| OsString::from_vec(word.to_vec()))
}

fn assignment(text: OsString) -> Option<(OsString, OsString)> {
    let text = text.into_vec();
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (text[..equals].to_vec(), text[equals + 1..].to_vec());
    Some((OsString::from_vec(name), OsString::from_vec(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_assignments() {
        let limits = b"Limit                     Soft Limit           Hard Limit           Units\n\
                       Max open files            1024                 unlimited            files\n";
        assert_eq!(open_files(limits), Some((1024, u64::MAX)));
        assert_eq!(assignment("A=b=c".into()), Some(("A".into(), "b=c".into())));
        assert_eq!(assignment("nothing".into()), None);
        assert_eq!(strings(b"dockerd\0--host\0\0").count(), 3);
    }
}
