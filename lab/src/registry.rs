//! An image registry on the lab host's loopback, which the engine takes for a mirror of the usual one.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::command::run;
use crate::host::Attached;
use crate::process::wait_until;
use crate::{Engine, LabError};

/// Where it listens on the lab host.
pub(crate) const ADDRESS: &str = "127.0.0.1:5000";

/// Who may use one that demands a login, and the hash of the password `sesame`.
const ACCOUNT: &str = "porthole:$2b$04$zm1G7UcXccPvKo4Xc0Tgze659zRG7kiUW9jXM3nH.ZF6dkTGrcibK\n";

/// What the engine must be told on its command line.
pub(crate) fn engine_arguments(engine: Engine) -> Vec<String> {
    if engine == Engine::Podman {
        return Vec::new();
    }
    vec![format!("--registry-mirror=http://{ADDRESS}"), format!("--insecure-registry={ADDRESS}")]
}

/// What Podman must find in its files; `upper` is the upper directory of the lab's overlay.
pub(crate) fn configure(upper: &Path) -> std::io::Result<()> {
    let directory = upper.join("etc/containers/registries.conf.d");
    fs::create_dir_all(&directory)?;
    let text = format!(
        "unqualified-search-registries = [\"docker.io\"]\n\
         [[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n\
         [[registry.mirror]]\nlocation = \"{ADDRESS}\"\ninsecure = true\n\
         [[registry]]\nlocation = \"{ADDRESS}\"\ninsecure = true\n"
    );
    fs::write(directory.join("lab.conf"), text)
}

/// Starts the registry, whose data live in the lab's directory.
pub(crate) fn start(host: &Attached, demands_login: bool) -> Result<Child, LabError> {
    let configuration = host.directory.join("registry.yml");
    let data = host.directory.join("registry");
    let text = format!(
        "version: 0.1\nlog:\n  level: error\nhttp:\n  addr: {ADDRESS}\n\
         storage:\n  filesystem:\n    rootdirectory: {}\n",
        data.display()
    );
    let text = if demands_login { text + &login(host)? } else { text };
    fs::write(&configuration, text).map_err(LabError::at("write", &configuration))?;
    let mut command = host.beside_command("docker-registry");
    command.arg("serve").arg(&configuration);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(LabError::io("start docker-registry"))?;
    let answers = || {
        let mut probe = host.beside_command(&host.peer.to_string_lossy());
        probe.args(["connect", ADDRESS]);
        run(probe, "peer connect", Duration::from_secs(10)).code == 0
    };
    let mut ended = false;
    let ready = wait_until(Duration::from_mins(1), || {
        ended = matches!(child.try_wait(), Ok(Some(_)));
        ended || answers()
    });
    if ready && !ended {
        return Ok(child);
    }
    Err(LabError::Host { name: host.name.clone(), reason: "docker-registry did not start".to_owned() })
}

/// What the configuration says of who may use it.
fn login(host: &Attached) -> Result<String, LabError> {
    let accounts = host.directory.join("registry.accounts");
    fs::write(&accounts, ACCOUNT).map_err(LabError::at("write", &accounts))?;
    Ok(format!("auth:\n  htpasswd:\n    realm: lab\n    path: {}\n", accounts.display()))
}
