//! The files that a tool is to read, where `-` and no file at all are standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::trouble::Trouble;

/// Standard input.
pub(crate) const STANDARD: &str = "-";

/// The files to read.
pub(crate) fn or_standard(files: &[PathBuf]) -> Vec<PathBuf> {
    if files.is_empty() { vec![STANDARD.into()] } else { files.to_vec() }
}

/// Opens a file.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Trouble> {
    if path == Path::new(STANDARD) {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(path).map_err(Trouble::at(path))?))
}

/// Everything in a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let mut content = Vec::new();
    open(path)?.read_to_end(&mut content).map_err(Trouble::at(path))?;
    Ok(content)
}
