//! `dmesg`: messages of the kernel.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::Parser;
use rustix::fs::OFlags;

use crate::arguments;
use crate::printable::one_line;
use crate::trouble::{Trouble, exit};

/// Where the kernel keeps them: Documentation/ABI/testing/dev-kmsg.
const LOG: &str = "/dev/kmsg";

/// The longest record.
const RECORD: usize = 8192;

/// Print the kernel's messages
#[derive(Debug, Parser)]
#[command(name = "dmesg")]
struct DmesgArguments {
    /// Wait for more
    #[arg(short = 'w', long)]
    follow: bool,
    /// Only up to this level: 0 emergency to 7 debug
    #[arg(short = 'l', long, value_name = "LEVEL", default_value = "7", value_parser = clap::value_parser!(u8).range(..8))]
    level: u8,
}

/// `dmesg`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &DmesgArguments| exit("dmesg", print(arguments), 1))
}

fn print(arguments: &DmesgArguments) -> Result<i32, Trouble> {
    let flags = if arguments.follow { OFlags::empty() } else { OFlags::NONBLOCK };
    let opened = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(LOG);
    let mut log = opened.map_err(Trouble::at(Path::new(LOG)))?;
    let mut out = io::stdout().lock();
    let mut record = [0; RECORD];
    loop {
        match log.read(&mut record) {
            Ok(0) => return Ok(0),
            Ok(length) => {
                if let Some(line) = line(&String::from_utf8_lossy(&record[..length]), arguments.level) {
                    writeln!(out, "{line}")?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            // Messages were overwritten before they were read; the next one that is left follows.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(Trouble::at(Path::new(LOG))(error)),
        }
    }
}

/// `priority,sequence,microseconds,flags;text`, and below it properties.
fn line(record: &str, level: u8) -> Option<String> {
    let (head, rest) = record.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let microseconds: u64 = fields.nth(1)?.parse().ok()?;
    let text = one_line(rest.lines().next()?);
    let time = format!("{:5}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
    (priority & 7 <= u32::from(level)).then(|| format!("[{time}] {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line() {
        let record = "6,339,5140900,-;NET: Registered\n SUBSYSTEM=acpi\n";
        assert_eq!(line(record, 7).as_deref(), Some("[    5.140900] NET: Registered"));
        assert_eq!(line(record, 5), None);
    }
}
