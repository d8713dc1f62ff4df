//! The images of every lab, made here and imported: `bb:1`, a busybox, and `peer:1`, one program and nothing else.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::run;
use crate::host::Attached;
use crate::settings::Settings;
use crate::{LabError, slot};

const LIMIT: Duration = Duration::from_mins(2);

/// Imports both images, at the same time.
pub(crate) fn import(settings: &Settings, host: &Attached) -> Result<(), LabError> {
    let busybox = busybox_archive(settings)?;
    let peer = host.directory.join("peer.tar");
    let directory = host.peer.parent().unwrap_or(Path::new("/"));
    archive(directory, &["peer"], &peer)?;
    std::thread::scope(|scope| {
        let other = scope.spawn(|| import_one(host, &busybox, "bb:1", &["CMD [\"sh\"]"]));
        import_one(host, &peer, "peer:1", &["ENTRYPOINT [\"/peer\"]", "CMD [\"idle\"]"])?;
        other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    fs::remove_file(&peer).map_err(LabError::at("remove", &peer))
}

fn import_one(host: &Attached, archive: &Path, image: &str, changes: &[&str]) -> Result<(), LabError> {
    let file = File::open(archive).map_err(LabError::at("open", archive))?;
    let mut command = host.command("docker");
    command.arg("import").args(changes.iter().flat_map(|change| ["--change", change])).args(["-", image]);
    command.stdin(file);
    run(command, &format!("docker import - {image}"), LIMIT).ok().map(|_| ())
}

/// The archive of `bb:1`, made once for each version of the machine's busybox.
fn busybox_archive(settings: &Settings) -> Result<PathBuf, LabError> {
    let program = Path::new("/bin/busybox");
    let size = fs::metadata(program).map_err(LabError::at("find", program))?.len();
    let complete = settings.images().join(format!("busybox-{size}.tar"));
    if complete.exists() {
        return Ok(complete);
    }
    let _lock = slot::lock(&settings.images().join("lock"))?;
    let staging = settings.images().join("busybox.partial");
    fs::remove_dir_all(&staging).ok();
    busybox_root(program, &staging).map_err(LabError::at("fill", &staging))?;
    let partial = settings.images().join("busybox.tar.partial");
    archive(&staging, &["."], &partial)?;
    fs::rename(&partial, &complete).map_err(LabError::at("create", &complete))?;
    fs::remove_dir_all(&staging).map_err(LabError::at("remove", &staging))?;
    Ok(complete)
}

fn busybox_root(program: &Path, root: &Path) -> std::io::Result<()> {
    for directory in ["bin", "etc", "proc", "sys", "dev", "root", "tmp", "var"] {
        fs::create_dir_all(root.join(directory))?;
    }
    fs::copy(program, root.join("bin/busybox"))?;
    let listed = Command::new(program).arg("--list").output()?.stdout;
    for applet in String::from_utf8_lossy(&listed).lines().filter(|applet| *applet != "busybox") {
        symlink("busybox", root.join("bin").join(applet))?;
    }
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")
}

fn archive(directory: &Path, members: &[&str], to: &Path) -> Result<(), LabError> {
    let mut command = Command::new("tar");
    command.args(["--create", "--owner=0", "--group=0", "--file"]).arg(to);
    command.arg("--directory").arg(directory).args(members);
    run(command, &format!("tar --create --file {}", to.display()), LIMIT).ok().map(|_| ())
}
