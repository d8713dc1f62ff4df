//! The toolbox of a session: a small file system with this program in it and a link for each name that it is called by.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, chmodat, chownat, mkdirat, openat, symlinkat};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, mount, move_mount, open_tree,
};

use super::identity::Identity;
use super::line::{EntryFailure, FailureKind};
use super::mount_calls::make_read_only;
use super::plan::{EntryPlan, Placement};
use super::view;

/// This program, as others find it too.
const SELF: &str = "/proc/self/exe";

/// Its name in the toolbox.
pub(super) const NAME: &str = "porthole";

/// The least number of the descriptor that leads to the toolbox: low ones are for what people redirect.
const DESCRIPTOR: i32 = 100;

/// What the toolbox holds beside the program, at most.
const ROOM: u64 = 64 << 20;

/// Directories that a toolbox may cover, where it must be mounted: the first of them is there in every container.
const COVERED: [&str; 6] = ["/sys/firmware", "/mnt", "/media", "/srv", "/run", "/tmp"];

/// This program, opened while it can still be seen.
#[derive(Debug)]
pub(super) struct Program {
    file: File,
    /// The same as a mount that is attached nowhere, where the kernel can do that.
    tree: Result<OwnedFd, io::Error>,
}

impl Program {
    /// Opens it.
    pub(super) fn open() -> Result<Self, EntryFailure> {
        let file = File::open(SELF).map_err(EntryFailure::at("open porthole's own program"))?;
        Ok(Self { file, tree: read_only_tree() })
    }
}

fn read_only_tree() -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(CWD, SELF, flags)?;
    make_read_only(&tree)?;
    Ok(tree)
}

/// A toolbox that is in place.
#[derive(Debug)]
pub(super) struct Toolbox {
    directory: OwnedFd,
    path: PathBuf,
}

impl Toolbox {
    /// Makes it, within the namespaces of the session.
    pub(super) fn make(program: &Program, plan: &EntryPlan) -> Result<Self, EntryFailure> {
        let toolbox = match plan.placement {
            Placement::Best => Self::best(program),
            Placement::Bound => Self::bound(program),
            Placement::Copied => Self::copied(program),
            Placement::Mounted => Self::mounted(program),
        }?;
        toolbox.link(&plan.tools).map_err(EntryFailure::at("fill the toolbox"))?;
        Ok(toolbox)
    }

    /// Makes one that is attached nowhere, to be attached by who asked for it.
    pub(super) fn detached(program: &Program, tools: &[String]) -> Result<Self, EntryFailure> {
        let toolbox = Self::bound(program).or_else(|_unable| Self::copied(program))?;
        toolbox.link(tools).map_err(EntryFailure::at("fill the toolbox"))?;
        Ok(toolbox)
    }

    /// Makes one in this process's own root, in which this program lies under its name and nothing else is.
    pub(super) fn in_own_root(tools: &[String]) -> Result<Self, EntryFailure> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, "/", flags, Mode::empty()).map_err(EntryFailure::at("open the own root"))?;
        let toolbox = Self::by_descriptor(&root)?;
        toolbox.link(tools).map_err(EntryFailure::at("fill the toolbox"))?;
        Ok(toolbox)
    }

    /// Its root.
    pub(super) fn directory(&self) -> &OwnedFd {
        &self.directory
    }

    /// Where programs are found.
    pub(super) fn programs(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// Gives the user a directory for what a shell writes, which ends with the session.
    pub(super) fn home_of(&self, identity: &Identity) -> Result<PathBuf, EntryFailure> {
        let made = mkdirat(&self.directory, "home", Mode::RWXU).and_then(|()| {
            chownat(&self.directory, "home", Some(identity.user()), Some(identity.group()), AtFlags::empty())
        });
        made.map_err(EntryFailure::at("make a directory for the user"))?;
        Ok(self.path.join("home"))
    }

    fn best(program: &Program) -> Result<Self, EntryFailure> {
        let is_unable = |failure: &EntryFailure| {
            matches!(failure.kind, FailureKind::Unsupported | FailureKind::Refused | FailureKind::Absent)
        };
        Self::bound(program)
            .or_else(|failure| if is_unable(&failure) { Self::copied(program) } else { Err(failure) })
            .or_else(|failure| {
                if !is_unable(&failure) {
                    return Err(failure);
                }
                view::make_private()?;
                Self::mounted(program)
            })
    }

    fn bound(program: &Program) -> Result<Self, EntryFailure> {
        let tree = program.tree.as_ref().map_err(|error| {
            let again =
                error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            EntryFailure::at("take porthole's own program")(again)
        })?;
        let directory = detached(ROOM).map_err(EntryFailure::at("make a toolbox"))?;
        let bound = create(&directory).and_then(|_place| {
            Ok(move_mount(tree, "", &directory, NAME, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
        });
        bound.map_err(EntryFailure::at("put porthole's own program into the toolbox"))?;
        Self::by_descriptor(&directory)
    }

    fn copied(program: &Program) -> Result<Self, EntryFailure> {
        let room = program.room();
        let directory = detached(room).map_err(EntryFailure::at("make a toolbox"))?;
        program.copy_into(&directory)?;
        Self::by_descriptor(&directory)
    }

    fn mounted(program: &Program) -> Result<Self, EntryFailure> {
        let path = COVERED.iter().map(Path::new).find(|path| is_empty(path));
        let absent = || {
            let cause = format!("none of these is an empty directory: {}", COVERED.join(", "));
            EntryFailure::new(FailureKind::Absent, "find a place for the toolbox", cause)
        };
        let path = path.ok_or_else(absent)?;
        let options = CString::new(format!("size={},mode=0755", program.room())).unwrap_or_default();
        mount(NAME, path, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
            .map_err(EntryFailure::at(format!("mount the toolbox on {}", path.display())))?;
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory =
            openat(CWD, path, flags, Mode::empty()).map_err(EntryFailure::at("open the toolbox"))?;
        program.copy_into(&directory)?;
        Ok(Self { directory, path: path.to_owned() })
    }

    /// The toolbox is where its descriptor is, for all who inherit it.
    fn by_descriptor(directory: &OwnedFd) -> Result<Self, EntryFailure> {
        if !Path::new("/proc/filesystems").exists() {
            let cause = "the process sees no /proc, through which the tools are found";
            return Err(EntryFailure::new(FailureKind::Unsupported, "hold the toolbox open", cause));
        }
        let inherited = fcntl_dupfd_cloexec(directory, DESCRIPTOR)
            .and_then(|inherited| fcntl_setfd(&inherited, FdFlags::empty()).map(|()| inherited));
        let directory = inherited.map_err(EntryFailure::at("hold the toolbox open"))?;
        let path = format!("/proc/self/fd/{}", directory.as_raw_fd()).into();
        Ok(Self { directory, path })
    }

    fn link(&self, tools: &[String]) -> io::Result<()> {
        let open_to_all = Mode::from_raw_mode(0o755);
        mkdirat(&self.directory, "bin", open_to_all)?;
        // Whatever this process's umask says.
        chmodat(&self.directory, "bin", open_to_all, AtFlags::empty())?;
        for tool in tools {
            symlinkat(format!("../{NAME}"), &self.directory, format!("bin/{tool}"))?;
        }
        Ok(())
    }
}

impl Program {
    fn room(&self) -> u64 {
        ROOM + self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    fn copy_into(&self, directory: &OwnedFd) -> Result<(), EntryFailure> {
        let copied = create(directory).and_then(|mut copy| io::copy(&mut &self.file, &mut copy));
        copied.map(drop).map_err(EntryFailure::at("copy porthole's own program into the toolbox"))
    }
}

/// A file system in memory that is attached nowhere (Linux 5.2).
fn detached(room: u64) -> io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "size", room.to_string())?;
    fsconfig_set_string(&context, "mode", "0755")?;
    fsconfig_create(&context)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// The program's place in the toolbox.
fn create(directory: &OwnedFd) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(directory, NAME, flags, Mode::RWXU)?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(0o755))?;
    Ok(file.into())
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}
