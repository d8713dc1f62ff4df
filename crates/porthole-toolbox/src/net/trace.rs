//! traceroute and mtr: which routers lie between here and an address.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use clap::Parser;
use trippy_core::{Builder, Hop, Port, PortDirection, Protocol, State};

use super::dns;
use super::names::{self, Family};
use super::tool::{self, Failure};

/// How long the name of a router may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// What both have in common.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of traceroute")]
struct Common {
    /// IPv4 alone
    #[arg(short = '4')]
    ipv4: bool,
    /// IPv6 alone
    #[arg(short = '6', conflicts_with = "ipv4")]
    ipv6: bool,
    /// Addresses alone, without names
    #[arg(short = 'n')]
    numeric: bool,
    /// How many routers at most
    #[arg(short = 'm', value_name = "HOPS", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=254))]
    hops: u8,
    /// With UDP datagrams instead of ICMP echoes
    #[arg(short = 'U', long)]
    udp: bool,
    /// With the beginnings of TCP connections
    #[arg(short = 'T', long, conflicts_with = "udp")]
    tcp: bool,
    /// The port of UDP or TCP
    #[arg(short = 'p', value_name = "PORT")]
    port: Option<u16>,
    /// A name or an address
    host: String,
}

/// Show the routers on the way to an address
#[derive(Debug, Parser)]
#[command(
    name = "traceroute",
    after_help = "Examples:\n  traceroute -n 10.77.0.1\n  traceroute -T -p 443 example.com"
)]
struct Traceroute {
    #[command(flatten)]
    common: Common,
    /// How many probes for each router
    #[arg(short = 'q', value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=10))]
    probes: u8,
    /// Seconds that an answer may take
    #[arg(short = 'w', value_name = "SECONDS", default_value = "2", value_parser = tool::seconds)]
    patience: Duration,
}

/// Report loss and times of each router on the way to an address
#[derive(Debug, Parser)]
#[command(name = "mtr", after_help = "Examples:\n  mtr -n 10.77.0.1\n  mtr -c 100 -i 0.2 example.com")]
struct Mtr {
    #[command(flatten)]
    common: Common,
    /// How many rounds
    #[arg(short = 'c', value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds between two rounds
    #[arg(short = 'i', value_name = "SECONDS", default_value = "1", value_parser = tool::seconds)]
    interval: Duration,
    /// A report at the end, as always
    #[arg(short = 'r', long)]
    report: bool,
}

pub(super) fn run_traceroute(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Traceroute| {
        let common = &arguments.common;
        let address = address(common)?;
        let mut out = tool::out();
        writeln!(out, "traceroute to {} ({address}), {} hops at most", common.host, common.hops)?;
        out.flush()?;
        let rounds = usize::from(arguments.probes);
        let state = trace(common, address, rounds, (Duration::from_millis(10), arguments.patience))?;
        for hop in state.hops() {
            writeln!(out, "{}", hop_line(hop, common.numeric))?;
        }
        out.flush()?;
        Ok(i32::from(!arrived(&state, address)))
    })
}

pub(super) fn run_mtr(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Mtr| {
        let common = &arguments.common;
        let address = address(common)?;
        let pace = (arguments.interval, arguments.interval.max(Duration::from_secs(2)));
        let state = trace(common, address, usize::from(arguments.rounds), pace)?;
        let mut out = tool::out();
        writeln!(out, "{:<44} Loss%   Snt   Last    Avg   Best   Wrst  StDev", "HOST")?;
        for hop in state.hops() {
            writeln!(out, "{}", report_line(hop, common.numeric))?;
        }
        out.flush()?;
        Ok(i32::from(!arrived(&state, address)))
    })
}

fn address(common: &Common) -> Result<IpAddr, Failure> {
    let family = Family::of(common.ipv4, common.ipv6);
    names::first_address(&common.host, family).map_err(|error| Failure::new(2, error))
}

fn trace(
    common: &Common,
    address: IpAddr,
    rounds: usize,
    (least, most): (Duration, Duration),
) -> Result<State, Failure> {
    let (protocol, ports) = match (common.udp, common.tcp) {
        (true, _) => (Protocol::Udp, PortDirection::FixedDest(Port(common.port.unwrap_or(33_434)))),
        (_, true) => (Protocol::Tcp, PortDirection::FixedDest(Port(common.port.unwrap_or(80)))),
        _ => (Protocol::Icmp, PortDirection::None),
    };
    let tracer = Builder::new(address)
        .protocol(protocol)
        .port_direction(ports)
        .max_ttl(common.hops)
        .max_rounds(Some(rounds))
        .max_samples(rounds)
        .min_round_duration(least)
        .max_round_duration(most)
        .build();
    let tracer = tracer.map_err(|error| Failure::new(2, refusal(&error)))?;
    tracer.run().map_err(|error| Failure::new(2, refusal(&error)))?;
    Ok(tracer.snapshot())
}

fn refusal(error: &trippy_core::Error) -> String {
    let words = error.to_string();
    let is_about_rights = ["permitted", "privilege", "ermission"].iter().any(|word| words.contains(word));
    if is_about_rights { format!("{words}; it takes CAP_NET_RAW") } else { words }
}

/// The last router is the address itself, if it was reached.
fn arrived(state: &State, address: IpAddr) -> bool {
    state.hops().iter().any(|hop| hop.addrs().any(|each| *each == address))
}

fn hop_line(hop: &Hop, numeric: bool) -> String {
    let mut line = format!("{:>2}  ", hop.ttl());
    if hop.addr_count() == 0 {
        return line + "*";
    }
    line.push_str(&names_of(hop, numeric));
    // Samples are newest first; one of no time is a probe without an answer.
    for sample in hop.samples().iter().rev() {
        if sample.is_zero() {
            line.push_str("  *");
        } else {
            let _infallible = write!(line, "  {:.3} ms", sample.as_secs_f64() * 1000.0);
        }
    }
    line
}

fn report_line(hop: &Hop, numeric: bool) -> String {
    let names = if hop.addr_count() == 0 { "???".to_owned() } else { names_of(hop, numeric) };
    let host = format!("{:>2}. {names}", hop.ttl());
    let [last, best, worst] = [hop.last_ms(), hop.best_ms(), hop.worst_ms()].map(Option::unwrap_or_default);
    format!(
        "{host:<44} {:>4.1}% {:>5} {last:>6.1} {:>6.1} {best:>6.1} {worst:>6.1} {:>6.1}",
        hop.loss_pct(),
        hop.total_sent(),
        hop.avg_ms(),
        hop.stddev_ms(),
    )
}

fn names_of(hop: &Hop, numeric: bool) -> String {
    let named = |address: &IpAddr| {
        let name = if numeric { None } else { dns::name_of(*address, PATIENCE) };
        name.map_or_else(|| address.to_string(), |name| format!("{name} ({address})"))
    };
    hop.addrs().map(named).collect::<Vec<_>>().join(", ")
}
