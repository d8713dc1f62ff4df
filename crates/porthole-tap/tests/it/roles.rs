//! Tests that are played by a process of their own, so that it can be killed or have a small disk.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The variable that names the file to one who plays a role.
const FILE: &str = "PORTHOLE_TEST_FILE";

/// Starts this binary in a role, an ignored test, by way of a shell line that ends in `"$@"`.
pub(crate) fn play(role: &str, path: &Path, line: &str) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", line, "sh"]).arg(own);
    command.args(["--exact", role, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(FILE, path).stdout(Stdio::piped()).spawn().unwrap()
}

/// The file of the role that this process plays.
pub(crate) fn role_path() -> PathBuf {
    std::env::var_os(FILE).expect("set by the test that starts this role").into()
}
