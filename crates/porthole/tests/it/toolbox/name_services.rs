//! The container's own libraries for names: a static glibc loads what nsswitch.conf names (CVE-2019-14271), and our
//! tools must not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::root::Root;

/// A module that leaves a mark when it is loaded.
const MODULE: &str = r#"
#include <fcntl.h>
__attribute__((constructor)) static void mark(void) { open("/loaded", O_CREAT | O_WRONLY, 0644); }
"#;

/// A static program that looks names up as any would.
const VICTIM: &str = r#"
#include <pwd.h>
int main(void) { getpwnam("nobody"); return 0; }
"#;

const SWITCH: &str =
    "passwd: foo files\ngroup: foo files\nshadow: foo files\nhosts: files foo dns\nservices: foo files\n";

#[test]
fn tools_load_no_module_of_the_container() {
    let root = Root::new();
    fs::write(root.path().join("etc/nsswitch.conf"), SWITCH).unwrap();
    fs::write(root.path().join("etc/passwd"), "nobody:x:65534:65534::/:\n").unwrap();
    let libraries = root.path().join(libraries());
    fs::create_dir_all(&libraries).unwrap();
    compile(&["-shared", "-fPIC"], MODULE, &libraries.join("libnss_foo.so.2"));
    compile(&["-static"], VICTIM, &root.path().join("bin/victim"));
    copy_library("libc.so.6", &libraries);
    copy_loader(root.path());
    let mark = root.path().join("loaded");
    for tool in [
        "whoami",
        "id nobody",
        "ls -l /",
        "ps aux",
        "chown nobody /tmp",
        "sh -c 'echo ~nobody'",
        "tar cf /tmp/a /etc",
    ] {
        root.shell(tool);
        assert!(!mark.exists(), "{tool} ran code of the container");
    }
    // The trap is real: what is not pinned steps into it.
    assert!(root.run(&["victim"]).status.success());
    assert!(mark.exists(), "the module can be loaded");
}

/// Where a glibc of Debian looks for libraries.
fn libraries() -> PathBuf {
    format!("lib/{}-linux-gnu", std::env::consts::ARCH).into()
}

fn compile(options: &[&str], source: &str, target: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("source.c");
    fs::write(&file, source).unwrap();
    let output = Command::new("cc").args(options).arg("-o").arg(target).arg(&file).output().expect("cc runs");
    // A static program that looks names up is warned about: that is the trap.
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn copy_library(name: &str, target: &Path) {
    fs::copy(Path::new("/").join(libraries()).join(name), target.join(name)).unwrap();
}

/// The dynamic loader, which libc.so.6 needs.
fn copy_loader(root: &Path) {
    let loader = Path::new("/lib64/ld-linux-x86-64.so.2");
    let name = loader.file_name().unwrap();
    fs::create_dir_all(root.join("lib64")).unwrap();
    fs::copy(loader, root.join("lib64").join(name)).unwrap();
    fs::copy(loader, root.join(libraries()).join(name)).unwrap();
}
