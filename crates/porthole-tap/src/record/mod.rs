//! A recording: one `SQLite` file that a [`Recorder`] fills while a relay runs, and a [`Recording`] reads, at the same
//! time or later.
//!
//! *What is never lost:* the line of an exchange, as long as the file can be written. Lines wait in a queue bounded
//! by memory; when it is full the relay waits for room, but only while the disk takes what it is given. A disk that
//! is full or stands still holds nobody up: lines that find no room are counted, the count stands in the file, and
//! the recording goes on when the disk does. Bodies give way before any line does.

mod body;
mod error;
mod gate;
mod reading;
mod recorder;
mod recording;
mod rows;
mod schema;
mod settings;
mod sink;
mod writer;

pub use body::{Body, BodyState};
pub use error::RecordError;
pub use recorder::Recorder;
pub use recording::{Recording, Run};
pub use settings::{Notice, RecordSettings, RecordStatus};
pub use sink::RecordSink;
