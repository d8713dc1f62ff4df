//! ping: does an address answer, and how fast?

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use clap::Parser;
use surge_ping::{Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, SurgeError};

use super::names::{self, Family};
use super::tool::{self, Failure, Outcome};

/// Ask an address for an echo, and measure
#[derive(Debug, Parser)]
#[command(
    name = "ping",
    after_help = "\
Examples:
  ping db
  ping -c 3 -i 0.2 10.77.0.1
  ping -6 -s 1400 fd77::1

Exit codes: 0 something answered, 1 nothing did, 2 it could not be tried"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of ping")]
struct Arguments {
    /// IPv4 alone
    #[arg(short = '4')]
    ipv4: bool,
    /// IPv6 alone
    #[arg(short = '6', conflicts_with = "ipv4")]
    ipv6: bool,
    /// How many requests; without it until Ctrl-C
    #[arg(short = 'c', value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    count: Option<u16>,
    /// Seconds between two requests
    #[arg(short = 'i', value_name = "SECONDS", default_value = "1", value_parser = tool::seconds)]
    interval: Duration,
    /// Seconds that an answer may take
    #[arg(short = 'W', value_name = "SECONDS", default_value = "2", value_parser = tool::seconds)]
    patience: Duration,
    /// Bytes of content
    #[arg(short = 's', value_name = "BYTES", default_value_t = 56, value_parser = clap::value_parser!(u16).range(..=65_000))]
    size: u16,
    /// The summary alone
    #[arg(short = 'q')]
    quiet: bool,
    /// Numbers alone, as always
    #[arg(short = 'n')]
    numeric: bool,
    /// A name or an address
    host: String,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| {
        let family = Family::of(arguments.ipv4, arguments.ipv6);
        let address =
            names::first_address(&arguments.host, family).map_err(|error| Failure::new(2, error))?;
        tool::block_on(ping(arguments, address))
    })
}

async fn ping(arguments: Arguments, address: IpAddr) -> Outcome {
    let client = client(address)?;
    let identifier =
        PingIdentifier(std::process::id().to_le_bytes().first_chunk().copied().map_or(1, u16::from_le_bytes));
    let mut pinger = client.pinger(address, identifier).await;
    pinger.timeout(arguments.patience);
    let payload = vec![b'p'; usize::from(arguments.size)];
    let mut out = tool::out();
    writeln!(out, "PING {} ({address}) {} bytes of data", arguments.host, payload.len())?;
    out.flush()?;
    let mut times = Times::default();
    let rounds = async {
        for sequence in 1..=arguments.count.unwrap_or(u16::MAX) {
            let begin = Instant::now();
            times.sent += 1;
            let line = match pinger.ping(PingSequence(sequence), &payload).await {
                Ok((packet, took)) => {
                    times.took.push(took);
                    answered(address, payload.len(), sequence, &packet, took)
                }
                Err(SurgeError::Timeout { .. }) => format!("no answer to icmp_seq={sequence}"),
                Err(error) => format!("icmp_seq={sequence}: {error}"),
            };
            if !arguments.quiet {
                writeln!(out, "{line}")?;
                out.flush()?;
            }
            if Some(sequence) != arguments.count {
                tokio::time::sleep(arguments.interval.saturating_sub(begin.elapsed())).await;
            }
        }
        Ok::<(), Failure>(())
    };
    tokio::select! {
        done = rounds => done?,
        _ = tokio::signal::ctrl_c() => {}
    }
    write!(out, "\n--- {} ping statistics ---\n{}", arguments.host, times.summary())?;
    out.flush()?;
    Ok(i32::from(times.took.is_empty()))
}

/// A raw socket, or where that is refused one of the kernel's own for echoes (`net.ipv4.ping_group_range`).
fn client(address: IpAddr) -> Result<Client, Failure> {
    let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
    let with = |raw: bool| {
        let config = Config::builder().kind(kind);
        let config = if raw { config.sock_type_hint(socket2::Type::RAW) } else { config };
        Client::new(&config.build())
    };
    let made = with(true).or_else(|_| with(false));
    made.map_err(|error| Failure::new(2, refusal(&error)))
}

fn refusal(error: &io::Error) -> String {
    let needs = if error.kind() == io::ErrorKind::PermissionDenied {
        "; it takes CAP_NET_RAW, or a group of net.ipv4.ping_group_range"
    } else {
        ""
    };
    format!("cannot open a socket for echoes: {error}{needs}")
}

fn answered(address: IpAddr, size: usize, sequence: u16, packet: &IcmpPacket, took: Duration) -> String {
    let hops = match packet {
        IcmpPacket::V4(packet) => packet.get_ttl().map(|hops| format!(" ttl={hops}")).unwrap_or_default(),
        IcmpPacket::V6(packet) => match packet.get_max_hop_limit() {
            0 => String::new(),
            hops => format!(" ttl={hops}"),
        },
    };
    format!("{} bytes from {address}: icmp_seq={sequence}{hops} time={:.3} ms", size + 8, milliseconds(took))
}

#[derive(Default)]
struct Times {
    sent: u32,
    took: Vec<Duration>,
}

impl Times {
    fn summary(&self) -> String {
        let received = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        let loss =
            if self.sent == 0 { 0.0 } else { f64::from(self.sent - received) * 100.0 / f64::from(self.sent) };
        let mut text =
            format!("{} packets transmitted, {received} received, {loss:.0}% packet loss\n", self.sent);
        if let (Some(least), Some(most)) = (self.took.iter().min(), self.took.iter().max()) {
            let mean = self.took.iter().sum::<Duration>() / received;
            let [least, mean, most] = [*least, mean, *most].map(milliseconds);
            let _infallible = writeln!(text, "rtt min/avg/max = {least:.3}/{mean:.3}/{most:.3} ms");
        }
        text
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
