//! The whole of `porthole ports --no-probe` on a host with many firewall rules, beside iptables-save alone.

use std::fmt::Write as _;

use crate::args::Args;
use crate::error::BenchError;
use crate::firewall::{address, translations};
use crate::host::Host;
use crate::race::{Contender, Scenario};
use crate::{figures_of, machine, readme};

/// How many containers publish a port.
const PUBLISHED: usize = 10;

/// Measures, prints, and writes the page if asked to.
pub(crate) fn bench(args: &Args, rules: usize) -> Result<(), BenchError> {
    eprintln!("starting a private engine");
    let host = Host::start(args)?;
    let load = machine::load()?;
    for number in 0..PUBLISHED {
        let published = format!("{}:80", 60_000 + number);
        host.run(&format!("web{number}"), &["--publish", &published], &["bb:1", "httpd", "-f", "-p", "80"])?;
    }
    eprintln!("laying {rules} rules");
    host.lay(&ruleset(rules))?;
    let (table, _) = figures_of(&host, &scenario(&host, rules)?, args.rounds)?;
    let figures = format!("{}\n{table}", machine::describe(&host, args.rounds, &load)?);
    host.end()?;
    if args.write { readme::write("ports.md", &figures) } else { Ok(()) }
}

/// Each published port has a row for IPv4 and one for IPv6.
fn scenario(host: &Host, rules: usize) -> Result<Scenario, BenchError> {
    let saved = host.shell("iptables-save | grep -c ^-A")?;
    let saved = saved.trim().parse().map_err(|_| BenchError::Rules(format!("{saved} is not a number")))?;
    let contenders = vec![
        Contender::new(
            "`porthole ports --no-probe`",
            &["porthole", "ports", "--no-probe"],
            "httpd[",
            2 * PUBLISHED,
        ),
        Contender::new("`iptables-save -c`", &["iptables-save", "-c"], "-A ", saved),
        Contender::new("`nft list ruleset`", &["nft", "list", "ruleset"], "table ip nat", 1),
    ];
    Ok(Scenario { title: format!("{PUBLISHED} published ports among {rules} more rules"), contenders })
}

/// What an engine would lay for ports of other containers, behind what it did lay.
fn ruleset(rules: usize) -> String {
    let half = rules / 2;
    let mut text = format!("*nat\n{}", translations(half));
    text.push_str("COMMIT\n*filter\n");
    for number in half..rules {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "-A DOCKER -d {}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT",
            address(number)
        );
    }
    text.push_str("COMMIT\n");
    text
}
