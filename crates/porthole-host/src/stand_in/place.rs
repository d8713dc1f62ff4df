//! The place of a socket in its directory, and the exchange of what stands there.
//!
//! Two names change at a time, by rename(2) alone, so that the path leads to one of the two sockets at every moment.
//! What must be done to give the place back follows from the files, wherever a run was killed:
//!
//! | at the path | kept | given back by |
//! |---|---|---|
//! | the stand-in | a socket | exchanging them |
//! | nothing | a socket that is listened on | renaming it |
//! | anything else | | nothing: its owner made it anew |

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, XattrFlags, renameat_with};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::room::{EXCHANGED, FileId, ORIGINAL, Room, STAND_IN};

/// The bit of a directory in which only owners may rename and remove.
const STICKY: u32 = 0o1000;

/// The place of a unix socket in its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPlace {
    path: PathBuf,
    room: Room,
}

impl SocketPlace {
    /// The place that `path` leads to, links followed; there need not be a socket now.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path).or_else(|error| {
            // Of a file that is gone, the directory is still there.
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Err(error) };
            Ok(fs::canonicalize(directory)?.join(name))
        })?;
        Ok(Self { room: Room::beside(&path), path })
    }

    /// The path without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the stand-in is to be bound, once there is room.
    pub fn stand_in(&self) -> PathBuf {
        self.room.file(STAND_IN)
    }

    /// Where the original is reached while the stand-in has its place.
    pub fn original(&self) -> PathBuf {
        self.room.file(ORIGINAL)
    }

    /// The nearest directory over the socket that others than root can change, if there is one.
    pub fn open_to_others(&self) -> io::Result<Option<PathBuf>> {
        for directory in self.path.ancestors().skip(1) {
            let metadata = fs::symlink_metadata(directory)?;
            let is_writable = metadata.mode() & 0o022 != 0 && metadata.mode() & STICKY == 0;
            if metadata.uid() != 0 || is_writable {
                return Ok(Some(directory.to_owned()));
            }
        }
        Ok(None)
    }

    /// Makes the directory for the stand-in, which nobody else can enter.
    pub fn make_room(&self) -> io::Result<()> {
        self.room.make()
    }

    /// Whether something of a stand-in is left.
    pub fn has_room(&self) -> bool {
        self.room.exists()
    }

    /// Gives the stand-in the owner, the permissions, the access list and the label of what is at the path.
    pub fn liken(&self) -> io::Result<()> {
        let stand_in = self.stand_in();
        let original = fs::symlink_metadata(&self.path)?;
        std::os::unix::fs::lchown(&stand_in, Some(original.uid()), Some(original.gid()))?;
        fs::set_permissions(&stand_in, original.permissions())?;
        copy_attributes(&self.path, &stand_in)
    }

    /// Whether the stand-in is at the path.
    pub fn is_taken(&self) -> io::Result<bool> {
        let stand_in = FileId::at(&self.stand_in())?;
        Ok(stand_in.is_some() && FileId::at(&self.path)? == stand_in)
    }

    /// Whether a socket is at the path that somebody listens on.
    pub fn is_live(&self) -> io::Result<bool> {
        is_live(&self.path)
    }

    /// Exchanges the socket at the path with the stand-in: in one step, after which the socket is
    /// [`SocketPlace::original`]. For a socket that was made anew it is done again.
    pub fn take(&self) -> io::Result<()> {
        let exchanged = self.room.file(EXCHANGED);
        remove_if_there(&exchanged)?;
        fs::hard_link(self.stand_in(), &exchanged)?;
        exchange(&self.path, &exchanged)?;
        if !fs::symlink_metadata(&exchanged)?.file_type().is_socket() {
            exchange(&self.path, &exchanged)?;
            return Err(io::Error::other("what is there is no socket any more"));
        }
        fs::rename(&exchanged, self.original())
    }

    /// Puts the original back where it has not been made anew. The stand-in stays in the room.
    pub fn give_back(&self) -> io::Result<()> {
        let stand_in = FileId::at(&self.stand_in())?;
        let Some(kept) = self.kept(stand_in)? else { return self.leave_nothing_dead(stand_in) };
        match FileId::at(&self.path)? {
            None if is_live(&kept)? => match rename_if_free(&kept, &self.path) {
                // It was made anew at this moment.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                renamed => renamed,
            },
            found if found.is_some() && found == stand_in => self.exchange_back(&kept, stand_in),
            _ => Ok(()),
        }
    }

    /// Removes the room. What is mounted elsewhere must have been taken away before.
    pub fn clear(&self) -> io::Result<()> {
        self.room.remove()
    }

    /// The names that a mount of one of the two sockets can have as its root.
    pub(super) fn names(&self) -> Vec<OsString> {
        let own = self.path.file_name().unwrap_or_default().to_owned();
        [STAND_IN, ORIGINAL, EXCHANGED].into_iter().map(OsString::from).chain([own]).collect()
    }

    /// The newest socket that was taken from the path and is still kept.
    fn kept(&self, stand_in: Option<FileId>) -> io::Result<Option<PathBuf>> {
        for name in [EXCHANGED, ORIGINAL] {
            let path = self.room.file(name);
            let found = FileId::at(&path)?;
            if found.is_some() && found != stand_in {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The owner may make its socket anew at any moment: then that one was taken, and goes back.
    fn exchange_back(&self, kept: &Path, stand_in: Option<FileId>) -> io::Result<()> {
        exchange(&self.path, kept)?;
        if FileId::at(kept)? == stand_in { Ok(()) } else { exchange(&self.path, kept) }
    }

    /// Somebody removed what was kept: nobody will ever listen on the stand-in.
    fn leave_nothing_dead(&self, stand_in: Option<FileId>) -> io::Result<()> {
        if stand_in.is_some() && FileId::at(&self.path)? == stand_in {
            return fs::remove_file(&self.path);
        }
        Ok(())
    }
}

fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A full queue is one that somebody listens with.
fn is_live(path: &Path) -> io::Result<bool> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) | Err(Errno::AGAIN) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Access lists and security labels are extended attributes, of which sockets have few and short ones.
fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let mut names = Vec::with_capacity(4096);
    match rustix::fs::llistxattr(from, rustix::buffer::spare_capacity(&mut names)) {
        Ok(_) => {}
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = Vec::with_capacity(64 << 10);
        rustix::fs::lgetxattr(from, name, rustix::buffer::spare_capacity(&mut value))?;
        rustix::fs::lsetxattr(to, name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    /// A directory with a socket of an engine, and its place.
    struct Stage {
        directory: tempfile::TempDir,
        engine: UnixListener,
        place: SocketPlace,
        original: FileId,
    }

    impl Stage {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("engine.sock");
            let engine = UnixListener::bind(&path).unwrap();
            let original = FileId::at(&path).unwrap().unwrap();
            let place = SocketPlace::of(&path).unwrap();
            Self { directory, engine, place, original }
        }

        fn stand_in(&self) -> UnixListener {
            self.place.make_room().unwrap();
            UnixListener::bind(self.place.stand_in()).unwrap()
        }

        fn restore(&self) {
            self.place.give_back().unwrap();
            self.place.clear().unwrap();
        }

        fn at_the_path(&self) -> Option<FileId> {
            FileId::at(self.place.path()).unwrap()
        }

        fn files(&self) -> usize {
            fs::read_dir(self.directory.path()).unwrap().count()
        }
    }

    fn reaches(path: &Path, listener: &UnixListener) -> bool {
        let mut client = UnixStream::connect(path).unwrap();
        client.write_all(b"x").unwrap();
        listener.set_nonblocking(true).unwrap();
        listener.accept().is_ok_and(|(mut stream, _)| stream.read(&mut [0]).is_ok())
    }

    #[test]
    fn the_path_leads_to_the_stand_in_and_back_to_the_very_same_socket() {
        let stage = Stage::new();
        let stand_in = stage.stand_in();
        stage.place.take().unwrap();
        assert!(stage.place.is_taken().unwrap());
        assert!(reaches(stage.place.path(), &stand_in));
        assert!(reaches(&stage.place.original(), &stage.engine));
        stage.restore();
        assert_eq!(stage.at_the_path(), Some(stage.original));
        assert!(reaches(stage.place.path(), &stage.engine));
        assert_eq!(stage.files(), 1);
    }

    #[test]
    fn owner_and_permissions_are_those_of_the_original() {
        let stage = Stage::new();
        fs::set_permissions(stage.place.path(), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::chown(stage.place.path(), Some(7), Some(8)).unwrap();
        let _stand_in = stage.stand_in();
        stage.place.liken().unwrap();
        let metadata = fs::metadata(stage.place.stand_in()).unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (7, 8, 0o640));
    }

    #[test]
    fn extended_attributes_are_those_of_the_original() {
        let stage = Stage::new();
        let set = rustix::fs::lsetxattr(stage.place.path(), "trusted.label", b"x", XattrFlags::empty());
        set.unwrap();
        let _stand_in = stage.stand_in();
        stage.place.liken().unwrap();
        let mut value = [0; 8];
        let length = rustix::fs::lgetxattr(stage.place.stand_in(), "trusted.label", &mut value).unwrap();
        assert_eq!(&value[..length], b"x");
    }

    #[test]
    fn a_kill_between_any_two_steps_is_undone() {
        for steps in 0..4 {
            let stage = Stage::new();
            let exchanged = stage.place.room.file(EXCHANGED);
            let stand_in = (steps > 0).then(|| stage.stand_in());
            if steps > 1 {
                fs::hard_link(stage.place.stand_in(), &exchanged).unwrap();
            }
            if steps > 2 {
                exchange(stage.place.path(), &exchanged).unwrap();
            }
            drop(stand_in);
            stage.restore();
            assert_eq!(
                (stage.at_the_path(), stage.files()),
                (Some(stage.original), 1),
                "after {steps} steps"
            );
        }
    }

    #[test]
    fn a_socket_made_anew_is_taken_again_and_is_what_is_given_back() {
        let stage = Stage::new();
        let stand_in = stage.stand_in();
        stage.place.take().unwrap();
        drop(stage.engine);
        fs::remove_file(stage.place.path()).unwrap();
        assert!(!stage.place.is_taken().unwrap());
        let anew = UnixListener::bind(stage.place.path()).unwrap();
        stage.place.take().unwrap();
        assert!(reaches(stage.place.path(), &stand_in));
        assert!(reaches(&stage.place.original(), &anew));
        stage.place.give_back().unwrap();
        assert!(reaches(stage.place.path(), &anew));
        stage.place.clear().unwrap();
        assert_eq!(fs::read_dir(stage.directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_socket_made_anew_is_left_alone() {
        let stage = Stage::new();
        drop(stage.stand_in());
        stage.place.take().unwrap();
        fs::remove_file(stage.place.path()).unwrap();
        let anew = UnixListener::bind(stage.place.path()).unwrap();
        stage.restore();
        assert!(reaches(stage.place.path(), &anew));
        assert_eq!(stage.files(), 1);
    }

    #[test]
    fn a_removed_path_gets_the_original_back_only_while_somebody_listens() {
        for is_alive in [true, false] {
            let stage = Stage::new();
            drop(stage.stand_in());
            stage.place.take().unwrap();
            fs::remove_file(stage.place.path()).unwrap();
            let Stage { directory, engine, place, original } = stage;
            let engine = is_alive.then_some(engine);
            place.give_back().unwrap();
            place.clear().unwrap();
            assert_eq!(FileId::at(place.path()).unwrap(), is_alive.then_some(original));
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), usize::from(is_alive));
            drop(engine);
        }
    }

    #[test]
    fn nothing_is_given_back_twice() {
        let stage = Stage::new();
        drop(stage.stand_in());
        stage.place.take().unwrap();
        stage.restore();
        stage.restore();
        assert_eq!((stage.at_the_path(), stage.files()), (Some(stage.original), 1));
    }

    #[test]
    fn a_directory_that_others_can_change_is_named() {
        let stage = Stage::new();
        assert_eq!(stage.place.open_to_others().unwrap(), None);
        fs::set_permissions(stage.directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(stage.place.open_to_others().unwrap().as_deref(), stage.place.path().parent());
    }

    #[test]
    fn a_room_of_somebody_else_is_not_used() {
        let stage = Stage::new();
        let room = stage.place.stand_in().parent().unwrap().to_owned();
        fs::create_dir(&room).unwrap();
        std::os::unix::fs::chown(&room, Some(7), None).unwrap();
        assert!(stage.place.make_room().unwrap_err().to_string().contains("belongs to others"));
    }
}
