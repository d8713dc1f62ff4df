//! The claim on a name: whatever a lab has come to, dropping its claim removes it.

use std::process::Child;

use crate::settings::Settings;
use crate::{LabError, garbage};

/// One lab's name, directory, control groups and processes.
#[derive(Debug)]
pub(crate) struct Claim {
    settings: Settings,
    name: String,
    processes: Vec<Child>,
    ended: bool,
}

impl Claim {
    pub(crate) fn make(settings: &Settings, name: &str) -> Result<Self, LabError> {
        garbage::claim(settings, name)?;
        Ok(Self { settings: settings.clone(), name: name.to_owned(), processes: Vec::new(), ended: false })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes over a process that is to be killed, if need be, and waited for at the end.
    pub(crate) fn reap(&mut self, process: Child) {
        self.processes.push(process);
    }

    /// Ends the lab and removes all of it, once.
    pub(crate) fn end(&mut self) -> Result<(), LabError> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        let outcome = garbage::end(&self.settings, &self.name);
        for process in &mut self.processes {
            process.kill().and_then(|()| process.wait()).ok();
        }
        outcome
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Nobody is there to tell; what stays is removed when this program has ended.
        self.end().ok();
    }
}
