//! Engines and containers in user namespaces: the ordinary user of a lab host, and the numbers he may map.

use std::process::Command;
use std::time::Duration;

use crate::LabError;
use crate::command::run;
use crate::contents::Contents;
use crate::host::Attached;

/// The engine's argument for containers with users of their own.
pub(crate) const REMAP: &str = "--userns-remap=1000:1000";

/// Names the user and the group, and gives both the same 65536 numbers. `/dev` is the machine's own, whose device for
/// tunnels may be root's alone.
const FURNISH: &str = "\
echo 'user:x:1000:1000::/var/lib/docker/user:/bin/sh' >> /etc/passwd && echo 'user:x:1000:' >> /etc/group
echo 'user:100000:65536' | tee /etc/subuid > /etc/subgid
chmod 755 /var/lib/docker && install -d -m 700 -o 1000 -g 1000 /run/user/1000 /var/lib/docker/user
mknod -m 666 /etc/tun c 10 200 && mount --bind /etc/tun /dev/net/tun";

/// Debian's own script for it, as that user, with an environment as a login gives it.
const ROOTLESS: &str = "\
ln -sfn user/1000/docker.sock /run/docker.sock && cd /
exec env HOME=/var/lib/docker/user USER=user XDG_RUNTIME_DIR=/run/user/1000 \
    setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
    sh /usr/share/docker.io/contrib/dockerd-rootless.sh \"$@\"";

/// What an engine that an ordinary user runs takes beside the engine itself.
const PACKAGES: [&str; 3] = ["rootlesskit", "slirp4netns", "uidmap"];

/// The tree of such an engine.
pub(crate) fn for_rootless(engine: Contents) -> Contents {
    let name = match engine.name {
        "docker20" => "docker20-rootless",
        "docker26" => "docker26-rootless",
        _ => "docker28-rootless",
    };
    Contents { name, packages: [engine.packages, PACKAGES.to_vec()].concat(), ..engine }
}

/// Makes the user known on the lab host.
pub(crate) fn furnish(host: &Attached) -> Result<(), LabError> {
    let mut command = host.command("sh");
    command.args(["-ec", FURNISH]);
    run(command, "sh -ec …", Duration::from_mins(1)).ok().map(|_| ())
}

/// The command of an engine that an ordinary user runs.
pub(crate) fn rootless_engine(host: &Attached) -> Command {
    let mut command = host.command("sh");
    command.args(["-ec", ROOTLESS, "sh"]);
    command
}
