//! The tables of a recording. A change that an older porthole cannot read raises [`VERSION`].

use rusqlite::Connection;

/// The schema version (`PRAGMA user_version`) that this porthole writes; it reads this one and older ones.
pub(super) const VERSION: i64 = 1;

/// `PRAGMA application_id`, by which file(1) and others tell the file's kind: `PHrc`.
pub(super) const APPLICATION_ID: i64 = 0x5048_7263;

/// Times are milliseconds since the epoch, durations microseconds. `noun` is the exchange as JSON, to be read back
/// exactly; the columns beside it are for queries. `sha256` is of the whole body as it passed; NULL where not all of
/// it was seen, or where a credential in it was masked.
const TABLES: &str = "
CREATE TABLE run (
    porthole_version TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    bodies_dropped INTEGER NOT NULL DEFAULT 0,
    exchanges_lost INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE connections (
    id INTEGER PRIMARY KEY,
    opened_ms INTEGER NOT NULL,
    address TEXT NOT NULL,
    pid INTEGER,
    uid INTEGER,
    gid INTEGER,
    user TEXT,
    executable TEXT,
    arguments TEXT,
    container TEXT,
    certificate TEXT,
    opaque TEXT,
    closed_ms INTEGER,
    duration_us INTEGER,
    from_client INTEGER,
    from_engine INTEGER,
    reason TEXT
);
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    connection INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    api_version TEXT,
    operation TEXT,
    resource_kind TEXT,
    resource_name TEXT,
    resource_id TEXT,
    exec TEXT,
    status INTEGER,
    request_head INTEGER NOT NULL,
    request_body INTEGER NOT NULL,
    answer_head INTEGER NOT NULL,
    answer_body INTEGER NOT NULL,
    first_byte_us INTEGER,
    duration_us INTEGER NOT NULL,
    upgraded TEXT,
    failure TEXT,
    outcome TEXT NOT NULL,
    client_address TEXT NOT NULL,
    client_pid INTEGER,
    client_uid INTEGER,
    client_gid INTEGER,
    client_user TEXT,
    client_executable TEXT,
    client_arguments TEXT,
    client_container TEXT,
    client_certificate TEXT,
    noun TEXT NOT NULL
);
CREATE INDEX exchanges_of_exec ON exchanges (exec) WHERE exec IS NOT NULL;
CREATE TABLE bodies (
    exchange INTEGER NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('request', 'answer')),
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    encoding TEXT NOT NULL CHECK (encoding IN ('plain', 'zstd')),
    kept INTEGER NOT NULL,
    length INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('whole', 'truncated', 'withheld', 'dropped')),
    masked INTEGER NOT NULL,
    sha256 BLOB,
    PRIMARY KEY (exchange, side)
);
";

/// Makes the tables, and only then turns to the write-ahead log, so that the file is a recording from its first byte.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch(&format!("BEGIN;{TABLES}COMMIT;"))?;
    let _mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(())
}
