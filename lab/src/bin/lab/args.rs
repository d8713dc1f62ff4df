//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use porthole_lab::Engine;

const EXAMPLES: &str = "\
Examples:
  lab fetch                                   get all engines (once, some minutes)
  lab demo -- docker ps                       a small application, one command on its host, and gone
  lab demo --engine docker20                  the same, kept until Ctrl-C
  lab up one --engine docker26                a host of its own, kept until `lab down one`
  lab docker one -- run -d -p 8080:80 peer:1 http 80
  lab outside one -- curl http://10.77.0.2:8080/
  lab exec one -- bash                        a shell on the host
  lab down one

On the lab host: eth0 10.77.0.2 and fd77::2; images bb:1 (busybox) and peer:1 (no shell).
Outside: 10.77.0.1, fd77::1, 203.0.113.10 and 198.51.100.10, with DNS, HTTP on port 80, UDP echo on port 7.
A `porthole` that lies beside `lab` is there as /usr/local/bin/porthole.

Environment: PORTHOLE_LAB_HOME, PORTHOLE_LAB_CACHE, PORTHOLE_LAB_SLOTS";

/// Private Docker and Podman hosts for trying things out. Needs root.
#[derive(Debug, Parser)]
#[command(name = "lab", after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Start a lab that stays until `lab down`
    Up {
        /// Its name, and host name: lower-case letters, digits, dashes
        name: String,
        #[command(flatten)]
        host: Host,
    },
    /// Run a command on the lab host
    Exec {
        name: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Run a command of this machine in the lab's outside world
    Outside {
        name: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Run the docker client on the lab host
    Docker {
        name: String,
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// End a lab and remove all of it
    Down { name: String },
    /// Show the labs of this machine
    Ls,
    /// Remove what labs without an owner left
    Gc,
    /// Get engines that are not there yet, from the Debian mirror that this machine uses
    Fetch {
        #[arg(value_parser = engine)]
        engines: Vec<Engine>,
    },
    /// Start a host with a small application, for one command or until Ctrl-C
    Demo {
        #[command(flatten)]
        host: Host,
        /// Keep it until Ctrl-C; so it is also without a command
        #[arg(long, conflicts_with = "command")]
        hold: bool,
        /// Run this on the lab host, then end the lab; its exit code is passed on
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Own a lab: what `up` leaves running
    #[command(name = "__owner", hide = true)]
    Own {
        name: String,
        #[command(flatten)]
        host: Host,
    },
}

/// What the host is to be like.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Host {
    /// docker20, docker26, docker28 or podman [default: the newest Docker there is]
    #[arg(long, value_parser = engine)]
    pub(crate) engine: Option<Engine>,
    /// The content of /etc/docker/daemon.json
    #[arg(long, value_name = "FILE")]
    pub(crate) daemon_json: Option<PathBuf>,
    /// The host's iptables is iptables-legacy
    #[arg(long)]
    pub(crate) legacy: bool,
    /// Containers have users of their own (userns-remap)
    #[arg(long)]
    pub(crate) remapped_users: bool,
    /// The engine is run by an ordinary user
    #[arg(long, conflicts_with = "remapped_users")]
    pub(crate) rootless: bool,
    /// Show a file or directory of this machine on the host, read-only
    #[arg(long, value_name = "HERE:THERE", value_parser = pair)]
    pub(crate) bind: Vec<(PathBuf, String)>,
}

fn engine(name: &str) -> Result<Engine, String> {
    Engine::named(name).ok_or_else(|| format!("one of {}", Engine::ALL.map(Engine::name).join(", ")))
}

fn pair(text: &str) -> Result<(PathBuf, String), String> {
    let (here, there) = text.split_once(':').ok_or("two paths with a colon between them")?;
    let here = std::fs::canonicalize(here).map_err(|error| format!("{here}: {error}"))?;
    if there.starts_with('/') {
        Ok((here, there.to_owned()))
    } else {
        Err("the second path starts with /".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
