//! Which process holds which socket: one table from inodes to processes, made from `/proc/PID/fd`.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::MaybeUninit;

use porthole_model::{Gap, Observed, Pid, Process, Scope, SocketOwner, Topic};
use porthole_wire::proc_stat;
use rustix::fs::{Mode, OFlags, RawDir, open, readlinkat_raw};

use crate::failure::{Right, gap, is_vanished};
use crate::procfs::ProcFs;

/// The holders of the sockets of some processes, 16 bytes for each open socket.
#[derive(Debug)]
pub(crate) struct OwnerTable<'a> {
    proc: &'a ProcFs,
    rows: Vec<(u64, Pid)>,
    names: BTreeMap<Pid, String>,
    scanned: BTreeSet<Pid>,
    unreadable: Option<Gap>,
}

/// The table for a collection: of every process, when sockets are asked for.
pub(crate) fn of_scope<'a>(proc: &'a ProcFs, scope: &Scope, processes: &[Process]) -> OwnerTable<'a> {
    let mut table = OwnerTable::new(proc);
    if scope.has(Topic::Listeners) || scope.has(Topic::Sockets) {
        table.names.extend(processes.iter().map(|process| (process.pid, process.name.clone())));
        table.scan(&processes.iter().map(|process| process.pid).collect::<Vec<_>>());
    }
    table
}

impl<'a> OwnerTable<'a> {
    pub(crate) fn new(proc: &'a ProcFs) -> Self {
        Self { proc, rows: Vec::new(), names: BTreeMap::new(), scanned: BTreeSet::new(), unreadable: None }
    }

    /// Adds the sockets of these processes; those that were scanned before are skipped.
    pub(crate) fn scan(&mut self, pids: &[Pid]) {
        for pid in pids.iter().copied() {
            if self.scanned.insert(pid) {
                self.scan_process(pid);
            }
        }
        self.rows.sort_unstable();
        self.rows.dedup();
    }

    /// The processes that hold the socket. When none is found though some process could not be looked into, that
    /// is a gap: one of those may hold it.
    pub(crate) fn owners(&self, inode: u64) -> Observed<Vec<SocketOwner>> {
        if inode == 0 {
            return Observed::Known(Vec::new());
        }
        let first = self.rows.partition_point(|row| row.0 < inode);
        let rows = self.rows[first..].iter().take_while(|row| row.0 == inode);
        let owners: Vec<_> = rows.map(|row| self.owner(row.1)).collect();
        match &self.unreadable {
            Some(gap) if owners.is_empty() => Observed::Missing(gap.clone()),
            _ => Observed::Known(owners),
        }
    }

    fn owner(&self, pid: Pid) -> SocketOwner {
        SocketOwner { pid, name: self.names.get(&pid).cloned().unwrap_or_default() }
    }

    fn scan_process(&mut self, pid: Pid) {
        let before = self.rows.len();
        let result = self.read_descriptors(pid).and_then(|()| self.read_name(pid, before));
        match result {
            Err(error) if !is_vanished(&error) && self.unreadable.is_none() => {
                let call = format!("/proc/{pid}/fd");
                self.unreadable = Some(gap("owner of the socket", &call, error, Right::Tracing));
            }
            _ => {}
        }
    }

    /// Reads the links into buffers that are used over and over: a process may have a hundred thousand of them.
    fn read_descriptors(&mut self, pid: Pid) -> std::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(self.proc.process_path(pid, "fd"), flags, Mode::empty())?;
        let mut entries = [MaybeUninit::uninit(); 16 << 10];
        let mut link = [MaybeUninit::uninit(); 64];
        let mut reader = RawDir::new(&directory, &mut entries);
        while let Some(entry) = reader.next() {
            let entry = entry?;
            // A descriptor that was closed meanwhile, or `.`, holds no socket.
            let Ok((target, _)) = readlinkat_raw(&directory, entry.file_name(), &mut link) else { continue };
            self.rows.extend(socket_inode(target).map(|inode| (inode, pid)));
        }
        Ok(())
    }

    /// The name is read only of processes that hold a socket.
    fn read_name(&mut self, pid: Pid, rows_before: usize) -> std::io::Result<()> {
        if self.rows.len() > rows_before && !self.names.contains_key(&pid) {
            let text = self.proc.read(pid, "stat")?;
            self.names.extend(proc_stat::parse(&text).map(|stat| (pid, stat.name)));
        }
        Ok(())
    }
}

/// `socket:[12345]`.
fn socket_inode(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_sockets_have_an_inode() {
        assert_eq!(socket_inode(b"socket:[4026532281]"), Some(4_026_532_281));
        for link in
            [&b"pipe:[7]"[..], b"socket:[]x", b"socket:[x]", b"socket:[99999999999999999999]", b"/dev/null"]
        {
            assert_eq!(socket_inode(link), None);
        }
    }
}
