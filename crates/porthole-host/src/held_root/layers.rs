//! Overlay mounts of any number of layers, wherever these are.
//!
//! mount(2) takes a page of options, in which commas and colons mean something. So the layers are named by links in a
//! directory of our own, as short as can be, and the links lead through descriptors to the very directories that were
//! opened, whatever is mounted over their paths meanwhile.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::mount::{MountFlags, mount};

/// The parameter that says whether the kernel knows the option `index`.
const INDEX_PARAMETER: &str = "/sys/module/overlay/parameters/index";

/// The names of an overlay's parts, relative to the working directory.
#[derive(Debug)]
pub(super) struct Overlay {
    lower: Vec<String>,
    /// The directory that is written to, and the one that the kernel works in.
    upper: Option<(String, String)>,
    options: &'static str,
}

impl Overlay {
    /// Of layers that are only read, uppermost first.
    pub(super) fn of(lower: Vec<String>) -> Self {
        // As Docker mounts it: with an index, a layer could not be mounted with other layers later.
        let options = if Path::new(INDEX_PARAMETER).exists() { ",index=off" } else { "" };
        Self { lower, upper: None, options }
    }

    /// The same with writes going to `upper`.
    pub(super) fn written_to(self, upper: &str, work: &str) -> Self {
        Self { upper: Some((upper.to_owned(), work.to_owned())), ..self }
    }

    /// Mounts it.
    pub(super) fn mount_at(&self, target: &Path) -> io::Result<()> {
        let flags = if self.upper.is_some() { MountFlags::empty() } else { MountFlags::RDONLY };
        let options = CString::new(self.data())?;
        Ok(mount("overlay", target, "overlay", flags, options.as_c_str())?)
    }

    fn data(&self) -> String {
        let lower = self.lower.join(":");
        match &self.upper {
            Some((upper, work)) => {
                format!("lowerdir={lower},upperdir={upper},workdir={work}{}", self.options)
            }
            None => format!("lowerdir={lower}{}", self.options),
        }
    }
}

/// Names an open directory by a link in the working directory.
pub(super) fn name(directory: &OwnedFd, link: &str) -> io::Result<()> {
    symlink(format!("/proc/self/fd/{}", directory.as_raw_fd()), link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_layers_as_an_engine_allows_fit_into_a_page() {
        let lower = (0..128).map(|number| number.to_string()).collect();
        assert!(Overlay::of(lower).written_to("upper", "work").data().len() < 4096);
    }
}
