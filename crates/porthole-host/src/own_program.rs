//! porthole's own program, to be given to others: tens of megabytes, of which nothing is read before it is looked at.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::slice;

/// The file that this process runs, as bytes.
#[derive(Debug)]
pub struct OwnProgram {
    start: NonNull<u8>,
    length: usize,
}

impl OwnProgram {
    /// Maps it into memory.
    #[expect(unsafe_code, reason = "a file in memory is one that others might write to")]
    pub fn open() -> io::Result<Self> {
        let file = File::open("/proc/self/exe")?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        // SAFETY: a new place is asked for, of which nobody knows. Its bytes do not change: they are those of the code that
        // this process runs, which the kernel maps in the same way and guards against writers (ETXTBSY of open(2)).
        let start = unsafe {
            libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, length })
    }
}

impl Deref for OwnProgram {
    type Target = [u8];

    #[expect(unsafe_code, reason = "the bytes are known by their place alone")]
    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped there for as long as this lives, and do not change; see `open`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for OwnProgram {
    #[expect(unsafe_code, reason = "memory that is given back is seen by nobody any more")]
    fn drop(&mut self) {
        // SAFETY: this was mapped by `open`, and what was borrowed from it does not outlive it.
        let _still_mapped = unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_file_holds() {
        let program = OwnProgram::open().unwrap();
        assert!(*program == *std::fs::read("/proc/self/exe").unwrap());
    }
}
