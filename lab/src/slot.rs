//! How many labs run at once over all processes: a pool of locked files.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::LabError;
use crate::settings::Settings;

const PATIENCE: Duration = Duration::from_mins(20);

/// The right to run one lab, given back on drop and by the kernel when the process ends.
#[derive(Debug)]
pub(crate) struct Slot(#[expect(dead_code, reason = "the open file holds the lock")] File);

impl Slot {
    pub(crate) fn take(settings: &Settings) -> Result<Self, LabError> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            for number in 0..settings.slots {
                if let Some(file) = try_lock(&settings.slot(number))? {
                    return Ok(Self(file));
                }
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Err(LabError::NoSlot { slots: settings.slots, waited: PATIENCE })
    }
}

/// Waits for `path`'s lock, which lasts as long as the file.
pub(crate) fn lock(path: &Path) -> Result<File, LabError> {
    let file = open(path)?;
    file.lock().map_err(LabError::at("lock", path))?;
    Ok(file)
}

fn try_lock(path: &Path) -> Result<Option<File>, LabError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(source)) => Err(LabError::at("lock", path)(source)),
    }
}

fn open(path: &Path) -> Result<File, LabError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(LabError::at("create", parent))?;
    }
    File::options().write(true).create(true).truncate(false).open(path).map_err(LabError::at("open", path))
}
