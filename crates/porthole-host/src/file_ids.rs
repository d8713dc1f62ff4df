//! Touching files as another user without becoming it (`setfsuid(2)`).

use rustix::thread::{capabilities, set_capabilities};

/// Does `work` with these ids for all that is done to files, and with every capability that this thread has.
///
/// Who may not change ids does it with its own.
pub(crate) fn with_file_ids<T>(user: u32, group: u32, work: impl FnOnce() -> T) -> T {
    let held = capabilities(None);
    let before = set(user, group);
    // Away from root's id the kernel takes the capabilities over files away; what is not to be had again is missed later.
    let _less = held.map(|held| set_capabilities(None, held));
    let done = work();
    set(before.0, before.1);
    let _less = held.map(|held| set_capabilities(None, held));
    done
}

/// Gives the ids before.
#[expect(unsafe_code, reason = "rustix has no setfsuid")]
fn set(user: u32, group: u32) -> (u32, u32) {
    // SAFETY: the calls take numbers, change nothing but this thread's own ids, and give those before as an int.
    let (group, user) = unsafe { (libc::setfsgid(group), libc::setfsuid(user)) };
    (user.cast_unsigned(), group.cast_unsigned())
}
