//! What containers use of what the kernel allows them: their control groups, and their processes' open files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use porthole_model::{
    ContainerId, ContainerResources, DescriptorUse, Gap, GapKind, MemoryUse, Observed, Pid, Process, TaskUse,
};
use porthole_wire::cgroup::{self, ControlGroup};
use porthole_wire::mount_info::{self, ControlGroupMount};
use porthole_wire::{ProcError, cgroup_file, proc_limits};

use crate::failure::{Right, gap, is_vanished};
use crate::procfs::ProcFs;

/// The memory controller's files in one version.
struct MemoryFiles {
    used: &'static str,
    limit: &'static str,
    events: &'static str,
}

const VERSION_1: MemoryFiles = MemoryFiles {
    used: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    events: "memory.oom_control",
};

const VERSION_2: MemoryFiles =
    MemoryFiles { used: "memory.current", limit: "memory.max", events: "memory.events" };

/// What every container uses that one of `processes` belongs to. One that ends meanwhile is left out.
pub(crate) fn read(proc: &ProcFs, processes: &[Process]) -> Result<Vec<ContainerResources>, Gap> {
    let path = proc.path("self/mountinfo");
    let text = fs::read(&path)
        .map_err(|error| gap("control groups", &path.display().to_string(), error, Right::Root))?;
    let mounts: Vec<_> = mount_info::control_groups(&text).collect();
    let reader = Reader { proc, mounts };
    let members = members(processes);
    Ok(members.into_iter().filter_map(|(container, pids)| reader.container(container, &pids)).collect())
}

/// The processes of each container, lowest id first.
fn members(processes: &[Process]) -> BTreeMap<&ContainerId, Vec<Pid>> {
    let mut members: BTreeMap<&ContainerId, Vec<Pid>> = BTreeMap::new();
    for process in processes {
        if let Observed::Known(Some(container)) = &process.container {
            members.entry(container).or_default().push(process.pid);
        }
    }
    members
}

struct Reader<'a> {
    proc: &'a ProcFs,
    mounts: Vec<ControlGroupMount>,
}

impl Reader<'_> {
    fn container(&self, container: &ContainerId, pids: &[Pid]) -> Option<ContainerResources> {
        let text = pids.iter().find_map(|pid| self.proc.read(*pid, "cgroup").ok())?;
        let groups = cgroup::parse(&text).ok()?;
        Some(ContainerResources {
            container: container.clone(),
            memory: self.memory(&groups).into(),
            tasks: self.tasks(&groups).into(),
            descriptors: Observed::Known(self.nearest_to_its_limit(pids)),
        })
    }

    fn memory(&self, groups: &[ControlGroup]) -> Result<MemoryUse, Gap> {
        let (directory, files) = self.directory(groups, "memory")?;
        Ok(MemoryUse {
            used: read_file(&directory, files.used, cgroup_file::value)?,
            limit: read_file(&directory, files.limit, cgroup_file::limit)?,
            kills: read_file(&directory, files.events, |text| cgroup_file::keyed(text, "oom_kill"))?
                .unwrap_or(0),
        })
    }

    fn tasks(&self, groups: &[ControlGroup]) -> Result<TaskUse, Gap> {
        let (directory, _) = self.directory(groups, "pids")?;
        Ok(TaskUse {
            current: read_file(&directory, "pids.current", cgroup_file::value)?,
            limit: read_file(&directory, "pids.max", cgroup_file::limit)?,
            refused: read_file(&directory, "pids.events", |text| cgroup_file::keyed(text, "max"))?
                .unwrap_or(0),
        })
    }

    /// The container's directory in the hierarchy of a controller, where that is mounted.
    fn directory(&self, groups: &[ControlGroup], controller: &str) -> Result<(PathBuf, MemoryFiles), Gap> {
        let named = |group: &&ControlGroup| group.controllers.iter().any(|name| name == controller);
        let group = groups.iter().find(named);
        let (group, files) = match group {
            Some(group) => (Some(group), VERSION_1),
            None => (groups.iter().find(|group| group.hierarchy == 0), VERSION_2),
        };
        let path = group.and_then(|group| Some((group, cgroup::container_path(&group.path)?)));
        let mounted =
            path.and_then(|(group, path)| self.mounts.iter().find_map(|mount| mount.directory(group, path)));
        mounted.map(|directory| (directory, files)).ok_or_else(|| {
            let cause = format!("the {controller} controller's hierarchy is not mounted here");
            Gap::new(GapKind::Unsupported, format!("{controller} of containers"), cause)
        })
    }

    fn nearest_to_its_limit(&self, pids: &[Pid]) -> Option<DescriptorUse> {
        let uses = pids.iter().filter_map(|pid| self.descriptors(*pid));
        uses.min_by_key(|each| each.limit.saturating_sub(each.open))
    }

    /// `None` for a process that has ended or may not be looked into, and without a limit.
    fn descriptors(&self, pid: Pid) -> Option<DescriptorUse> {
        let limit = proc_limits::open_files(&self.proc.read(pid, "limits").ok()?).ok()??;
        let open = fs::read_dir(self.proc.process_path(pid, "fd")).ok()?.count();
        Some(DescriptorUse { pid, open: u64::try_from(open).unwrap_or(u64::MAX), limit })
    }
}

fn read_file<T>(
    directory: &Path,
    name: &str,
    parse: impl FnOnce(&[u8]) -> Result<T, ProcError>,
) -> Result<T, Gap> {
    let path = directory.join(name);
    let shown = path.display().to_string();
    let text = fs::read(&path).map_err(|error| {
        if is_vanished(&error) && directory.exists() {
            return Gap::new(
                GapKind::Unsupported,
                shown.clone(),
                "this kernel's control groups do not have it",
            );
        }
        gap(shown.clone(), "read", error, Right::Root)
    })?;
    parse(&text).map_err(|error| Gap::new(GapKind::Failed, shown, error.to_string()))
}
