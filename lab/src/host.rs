//! A running lab as others find it: who its first process is, and how a command gets in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::process::ProcessId;
use crate::settings::Settings;
use crate::{Engine, LabError, users};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const HOST: &str = "cgroup,uts,ipc,net,pid,mnt";
const OUTSIDE: &str = "uts,net,pid";
/// Where every lab host has the program `peer`.
pub(crate) const PEER_ON_HOST: &str = "/usr/local/bin/peer";

const BESIDE: &str = "net,pid";

/// Who runs a command on the lab host, when not plain root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Keep all capabilities that root has here (as ambient ones), or have none.
    pub keep_capabilities: bool,
}

/// A lab that runs, seen from any process: commands get in, but dropping this ends nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attached {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) directory: PathBuf,
    pub(crate) init: ProcessId,
    pub(crate) outside: ProcessId,
    pub(crate) cgroups: Vec<PathBuf>,
    pub(crate) peer: PathBuf,
    /// Whether the engine is run by an ordinary user.
    #[serde(default)]
    pub(crate) is_rootless: bool,
}

impl Attached {
    /// Finds the running lab of that name.
    pub fn find(name: &str) -> Result<Self, LabError> {
        let file = Settings::from_environment().lab(name).join("lab.json");
        let unknown = |problem: &str| LabError::Name { name: name.to_owned(), problem: problem.to_owned() };
        let text = fs::read(&file).map_err(|_| unknown("is not up"))?;
        let found: Self = serde_json::from_slice(&text).map_err(|_| unknown("has a broken lab.json"))?;
        if found.init.is_alive() { Ok(found) } else { Err(unknown("has ended")) }
    }

    pub(crate) fn record(&self) -> Result<(), LabError> {
        let file = self.directory.join("lab.json");
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| LabError::io("describe the lab")(error.into()))?;
        fs::write(&file, text).map_err(LabError::at("write", &file))
    }

    /// The engine that the lab has.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The engine's command.
    pub(crate) fn engine_command(&self) -> Command {
        if self.is_rootless {
            return users::rootless_engine(self);
        }
        let (program, own) = self.engine.command_line();
        let mut command = self.command(program);
        command.args(own);
        command
    }

    /// A command on the lab host, as root.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.enter(self.init, HOST, Path::new(PEER_ON_HOST));
        command.args(["setpriv", "--pdeathsig", "KILL", "--", program]);
        command
    }

    /// A command on the lab host, as somebody else.
    pub fn command_as(&self, identity: &Identity, program: &str) -> Command {
        let mut command = self.enter(self.init, HOST, Path::new(PEER_ON_HOST));
        command.args(["setpriv", "--pdeathsig", "KILL"]).args(identity.arguments()).args(["--", program]);
        command
    }

    /// A command in the outside world, which has the real machine's files.
    pub fn outside_command(&self, program: &str) -> Command {
        let mut command = self.enter(self.outside, OUTSIDE, &self.peer);
        command.args(["setpriv", "--pdeathsig", "KILL", "--", program]);
        command
    }

    /// A program of the real machine in the lab host's network.
    pub(crate) fn beside_command(&self, program: &str) -> Command {
        let mut command = self.enter(self.init, BESIDE, &self.peer);
        command.args(["setpriv", "--pdeathsig", "KILL", "--", program]);
        command
    }

    /// `peer` is where that program is once inside.
    fn enter(&self, target: ProcessId, namespaces: &str, peer: &Path) -> Command {
        let mut command = Command::new(&self.peer);
        command.args(["enter", namespaces, &target.pid.to_string()]).args(&self.cgroups);
        command.arg("--").arg(peer).arg("run");
        command.env_clear().envs([("PATH", PATH), ("HOME", "/root"), ("LANG", "C.UTF-8")]);
        command.envs(std::env::var_os("TERM").map(|terminal| ("TERM", terminal)));
        command
    }
}

impl Identity {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--reuid={}", self.uid), format!("--regid={}", self.gid)];
        arguments.push(match self.groups.as_slice() {
            [] => "--clear-groups".to_owned(),
            groups => format!("--groups={}", list(groups)),
        });
        if self.keep_capabilities {
            let all = permitted_capabilities();
            arguments.extend([format!("--inh-caps=-all{all}"), format!("--ambient-caps=-all{all}")]);
        } else {
            arguments.push("--inh-caps=-all".to_owned());
            // Root would get them back at the next exec; another user's programs with capabilities may keep theirs.
            arguments.extend((self.uid == 0).then(|| "--bounding-set=-all".to_owned()));
        }
        arguments
    }
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// This process's permitted capabilities in setpriv's words: `,+cap_0,+cap_1…`. Root need not have all.
fn permitted_capabilities() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapPrm:")).unwrap_or_default();
    let bits = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
    let held: Vec<String> =
        (0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| format!(",+cap_{bit}")).collect();
    held.concat()
}
