//! The lab's engine over ssh, through a server that lasts as long as one command.

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::{Lab, LabError, Output};

/// `$1` is a directory, `$2` a port, the rest the command. ssh and sshd take root's home from the password file.
const SCRIPT: &str = r#"
set -e
home=$1 port=$2
shift 2
sed "s|^root:.*|root:x:0:0:root:$home:/bin/sh|" /etc/passwd >"$home/passwd"
mount --bind "$home/passwd" /etc/passwd
mkdir -p /run/sshd "$home/.ssh"
ssh-keygen -q -t ed25519 -N '' -f "$home/.ssh/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$home/host_key"
cp "$home/.ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cat "$home/host_key.pub")" >"$home/.ssh/known_hosts"
cat >"$home/sshd_config" <<END
ListenAddress 127.0.0.1:$port
HostKey $home/host_key
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
SetEnv PATH=$home/bin:/usr/bin:/bin
END
/usr/sbin/sshd -D -f "$home/sshd_config" &
sshd=$!
trap 'kill $sshd' EXIT
tries=0
until ssh-keyscan -p "$port" 127.0.0.1 2>/dev/null | grep -q ed25519; do
    tries=$((tries + 1)); [ $tries -lt 100 ]; sleep 0.1
done
"$@"
"#;

impl Lab {
    /// Runs a command of the real machine beside an ssh server, with the engine's `ssh://` address in `ENGINE`. The
    /// empty directory `home` is root's home meanwhile; the lab's docker client is `home/bin/docker`.
    ///
    /// The client runs with the real machine's libraries, which those of [`crate::Engine::Docker20`] are made for.
    pub fn over_ssh(&self, home: &Path, words: &[&str]) -> Result<Output, LabError> {
        Ok(self.run_command(self.ssh_command(home, words)?, words))
    }

    /// The same, to be spawned.
    pub fn ssh_command(&self, home: &Path, words: &[&str]) -> Result<Command, LabError> {
        let port = free_port().map_err(LabError::io("find a free port"))?;
        self.place_client(&home.join("bin")).map_err(LabError::at("fill", home))?;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--", "sh", "-c", SCRIPT, "sh"]);
        command.arg(home).arg(&port).args(words);
        command.env("ENGINE", format!("ssh://root@127.0.0.1:{port}{}", self.socket().display()));
        Ok(command)
    }

    fn place_client(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file = fs::File::create(directory.join("docker"))?;
        write!(file, "#!/bin/sh\nexec /proc/{}/root/usr/bin/docker \"$@\"\n", self.pid())?;
        file.set_permissions(fs::Permissions::from_mode(0o755))
    }
}

fn free_port() -> io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string())
}
