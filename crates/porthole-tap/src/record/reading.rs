//! Opens the file of a recording for reading, wherever it lies.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{RecordError, schema};

/// How every `SQLite` file begins (<https://sqlite.org/fileformat2.html>, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the recording at `path`; nothing is ever written to it.
pub(super) fn open(path: &Path) -> Result<Connection, RecordError> {
    check_magic(path)?;
    let connection = match connect(path, "mode=ro") {
        Err(error) if needs_shared_memory(&error) => beside_no_log(path)?,
        result => result.map_err(|error| RecordError::read(path, error))?,
    };
    check_kind(path, &connection)?;
    Ok(connection)
}

fn check_magic(path: &Path) -> Result<(), RecordError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => RecordError::Missing { path: path.to_owned() },
        _ => RecordError::Open { path: path.to_owned(), source: error },
    };
    let mut start = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(failed)?;
    let foreign = |reason| Err(RecordError::Foreign { path: path.to_owned(), reason });
    match &start[..] {
        [] => foreign("it is empty"),
        start if start != MAGIC => foreign("it is not an SQLite file"),
        _ => Ok(()),
    }
}

/// Opens and reads something, so that what fails does so here.
fn connect(path: &Path, parameters: &str) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, parameters), flags)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// <https://sqlite.org/uri.html>: every other byte of the path is escaped.
fn uri(path: &Path, parameters: &str) -> String {
    let escape = |byte: &u8| match byte {
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let path: String = path.as_os_str().as_bytes().iter().map(escape).collect();
    format!("file:{path}?{parameters}")
}

/// The log needs a file of shared memory, which cannot be made in a read-only directory
/// (<https://sqlite.org/wal.html#readonly>).
fn needs_shared_memory(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Opens a file that is taken for unchangeable, for which its log, were there one, would not be read.
fn beside_no_log(path: &Path) -> Result<Connection, RecordError> {
    match std::fs::metadata(log_of(path)) {
        Ok(log) if log.len() > 0 => Err(RecordError::Unmerged { path: path.to_owned() }),
        _ => connect(path, "mode=ro&immutable=1").map_err(|error| RecordError::read(path, error)),
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-wal");
    PathBuf::from(name)
}

fn check_kind(path: &Path, connection: &Connection) -> Result<(), RecordError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let failed = |error| RecordError::read(path, error);
    if number("application_id").map_err(failed)? != schema::APPLICATION_ID {
        let reason = "it is an SQLite file of something else";
        return Err(RecordError::Foreign { path: path.to_owned(), reason });
    }
    let found = number("user_version").map_err(failed)?;
    if found > schema::VERSION {
        return Err(RecordError::Newer { path: path.to_owned(), found });
    }
    Ok(())
}
