//! Where labs and engine trees are kept and how many labs may run: the environment, read in one place.

use std::env;
use std::path::{Path, PathBuf};

/// The directories and limits of this machine's labs.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    home: PathBuf,
    cache: PathBuf,
    pub(crate) slots: usize,
}

impl Settings {
    pub(crate) fn from_environment() -> Self {
        Self {
            home: directory("PORTHOLE_LAB_HOME", "/var/lib/porthole-lab"),
            cache: directory("PORTHOLE_LAB_CACHE", "/var/cache/porthole-lab"),
            slots: env::var("PORTHOLE_LAB_SLOTS").ok().and_then(|n| n.parse().ok()).unwrap_or(2).max(1),
        }
    }

    pub(crate) fn labs(&self) -> PathBuf {
        self.home.join("labs")
    }

    pub(crate) fn lab(&self, name: &str) -> PathBuf {
        self.labs().join(name)
    }

    /// Held while the list of labs changes.
    pub(crate) fn lock(&self) -> PathBuf {
        self.home.join("lock")
    }

    pub(crate) fn slot(&self, number: usize) -> PathBuf {
        self.home.join("slots").join(number.to_string())
    }

    pub(crate) fn engines(&self) -> PathBuf {
        self.cache.join("engines")
    }

    pub(crate) fn images(&self) -> PathBuf {
        self.cache.join("images")
    }
}

fn directory(variable: &str, default: &str) -> PathBuf {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map_or_else(|| Path::new(default).to_owned(), PathBuf::from)
}
