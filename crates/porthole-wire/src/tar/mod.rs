//! Tar archives: one of a single program or of a few files is written, any is read entry by entry as it comes.

mod files;
mod header;
mod owners;
mod pax;
mod reading;
mod writing;

pub use files::{files, of_private_files};
pub use owners::count_owners_from;
pub use reading::{NotTar, TarReader};
pub use writing::{TarError, of_program, of_program_with_names};

/// Headers and contents are set in blocks of so many bytes.
const BLOCK: usize = 512;
