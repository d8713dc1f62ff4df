//! What packs and unpacks files.

mod gzip;
mod tar;

use std::ffi::OsString;

use crate::applet::{Applet, Group};

/// The tools.
pub(crate) const APPLETS: &[Applet] = &[
    pack("gunzip", "unpack gzip", gzip::unpack),
    pack("gzip", "pack a file with gzip", gzip::run),
    pack("tar", "many files in one", tar::run),
    pack("zcat", "the content of files packed with gzip", gzip::cat),
];

const fn pack(name: &'static str, summary: &'static str, run: fn(Vec<OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Text, summary, run }
}
