//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measure porthole beside the tools it replaces, on a private engine. Needs root.
#[derive(Debug, Parser)]
#[command(name = "porthole-bench")]
pub(crate) struct Args {
    /// How often every command is measured
    #[arg(long, global = true, value_name = "N", default_value = "7", value_parser = at_least_one)]
    pub(crate) rounds: usize,
    /// The porthole to measure; without it, the one beside this program
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) porthole: Option<PathBuf>,
    /// Put the figures into bench/README.md, or into bench/tap.md, bench/debug.md, bench/firewall.md, bench/ports.md or
    /// bench/doctor.md
    #[arg(long, global = true)]
    pub(crate) write: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Measure `porthole tap` beside socat and a relay that only copies
    Tap(TapArgs),
    /// Measure `porthole debug` beside `docker exec` and a container of tools
    Debug(DebugArgs),
    /// Measure how long the reading of many firewall rules takes, beside iptables-save and nft
    Firewall {
        /// How many rules there are
        #[arg(long, value_name = "N", default_value = "10000")]
        rules: usize,
    },
    /// Measure `porthole ports` on a host with many firewall rules, beside iptables-save alone
    Ports {
        /// How many rules there are beside the engine's own
        #[arg(long, value_name = "N", default_value = "10000")]
        rules: usize,
    },
    /// Measure a whole diagnosis of a large host, beside the engine's own listing and iptables-save
    Doctor {
        /// How many containers there are
        #[arg(long, value_name = "N", default_value = "100")]
        containers: usize,
        /// How many rules there are beside the engine's
        #[arg(long, value_name = "N", default_value = "10000")]
        rules: usize,
    },
    /// Lists the rules of the network namespace it runs in, as porthole reads them.
    #[command(hide = true)]
    Rules {
        /// In iptables-save's words
        #[arg(long)]
        wording: bool,
    },
    /// Copies between clients of a unix socket and another one; the limit of what a relay can reach.
    #[command(hide = true)]
    Relay { socket: PathBuf, engine: PathBuf },
    /// Runs one command on the lab host and says what it took; this program starts itself there.
    #[command(hide = true)]
    Measure {
        /// What a line of the answer holds when it counts
        #[arg(long)]
        row: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Runs one command on a terminal of the lab host and says how long a shell there took to answer.
    #[command(hide = true)]
    Prompt {
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// A shell in a container of tools beside another one.
    #[command(hide = true)]
    Beside { target: String, image: String },
}

#[derive(Debug, clap::Args)]
pub(crate) struct TapArgs {
    /// Less of everything, to see in a minute or two whether something went wrong
    #[arg(long)]
    pub(crate) short: bool,
    /// Only the rows with this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DebugArgs {
    /// Five containers instead of fifty, to see in a moment whether something went wrong
    #[arg(long)]
    pub(crate) short: bool,
    /// Only the tables with this in their title
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("one round is the least".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("this is not a number".to_owned()),
    }
}
