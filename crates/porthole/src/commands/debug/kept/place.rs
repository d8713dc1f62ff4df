//! Where the sockets of kept sessions lie: a directory of the user's own, which nobody else may look into.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::name::SessionName;
use crate::settings::Settings;

/// That directory.
#[derive(Clone, Debug)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// This user's: root's is the same wherever root comes from.
    pub(crate) fn of_this_user(settings: &Settings) -> Self {
        let base = match porthole_host::own_user().0 {
            0 => PathBuf::from("/run/porthole"),
            _ => settings.runtime_directory(),
        };
        Self(base.join("sessions"))
    }

    /// The socket of that name.
    pub(super) fn socket(&self, name: &SessionName) -> PathBuf {
        self.0.join(name.as_str())
    }

    /// Makes it, unless it is there.
    pub(super) fn make(&self) -> io::Result<()> {
        if let Some(parent) = self.0.parent() {
            DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => self.check(),
        }
    }

    /// The names of the sockets there, of sessions or left over.
    pub(super) fn names(&self) -> io::Result<Vec<SessionName>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().to_str().and_then(|name| name.parse().ok()));
        }
        names.sort();
        Ok(names)
    }

    /// A connection with the session of that name; none where there is no such session. A socket that a killed one left
    /// is removed.
    pub(super) fn connect(&self, name: &SessionName) -> io::Result<Option<UnixStream>> {
        let socket = self.socket(name);
        match UnixStream::connect(&socket) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                let _nobody_opens_it = lock(&self.0)?;
                connect_again(&socket)
            }
            connected => connected.map(Some),
        }
    }

    /// Another user who made it could take the sessions for his or her own.
    fn check(&self) -> io::Result<()> {
        let found = fs::symlink_metadata(&self.0)?;
        let is_own = found.is_dir() && found.uid() == porthole_host::own_user().0;
        if is_own && found.permissions().mode() & 0o777 == 0o700 {
            return Ok(());
        }
        let cause = format!("{} is not a directory of this user's alone", self.0.display());
        Err(io::Error::new(ErrorKind::PermissionDenied, cause))
    }
}

/// Now that none is being opened, one that refuses has nobody behind it.
fn connect_again(socket: &Path) -> io::Result<Option<UnixStream>> {
    match UnixStream::connect(socket) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(socket)?;
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        connected => connected.map(Some),
    }
}

/// Keeps others who open or clear away sockets out of the directory until it is dropped.
pub(super) fn lock(directory: &Path) -> io::Result<File> {
    let directory = File::open(directory)?;
    directory.lock()?;
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_that_nobody_listens_on_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place(directory.path().join("porthole/sessions"));
        let name: SessionName = "night".parse().unwrap();
        assert_eq!(place.names().unwrap(), []);
        place.make().unwrap();
        assert!(place.connect(&name).unwrap().is_none());
        let listener = UnixListener::bind(place.socket(&name)).unwrap();
        assert!(place.connect(&name).unwrap().is_some());
        drop(listener);
        assert_eq!(place.names().unwrap(), std::slice::from_ref(&name));
        assert!(place.connect(&name).unwrap().is_none());
        assert_eq!(place.names().unwrap(), []);
    }

    #[test]
    fn a_directory_that_others_may_look_into_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place(directory.path().join("sessions"));
        place.make().unwrap();
        fs::set_permissions(&place.0, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(place.make().unwrap_err().to_string().contains("this user's alone"));
    }
}
