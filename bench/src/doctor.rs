//! A whole diagnosis beside the engine's own listing of the same containers.

use std::fmt::Write as _;

use crate::args::Args;
use crate::error::BenchError;
use crate::host::Host;
use crate::machine;
use crate::race::{Contender, Scenario};
use crate::readme;

/// A line of the list of checks that doctor made.
const CHECK: &str = "- PH";

/// What rules have that this program lays.
const OWN_RULE: &str = "-A MANY";

/// Measures a large host, prints, and writes the page if asked to.
pub(crate) fn bench(args: &Args, containers: usize, rules: usize) -> Result<(), BenchError> {
    let host = Host::start(args)?;
    let load = machine::load()?;
    host.fill(containers)?;
    eprintln!("laying {rules} rules");
    host.lay(&ruleset(rules))?;
    let mut scenario = scenario(&host, containers)?;
    scenario.title = format!("{containers} containers, {rules} rules of iptables-nft: a diagnosis");
    scenario.contenders.push(Contender::new(
        "`iptables-nft-save -c`",
        &["sh", "-c", "iptables-nft-save -c"],
        OWN_RULE,
        rules,
    ));
    let table = crate::race(&host, &scenario, args.rounds)?;
    let text = format!("{}\n{table}", machine::describe(&host, args.rounds, &load)?);
    host.end()?;
    if args.write { readme::write("doctor.md", &text) } else { Ok(()) }
}

pub(crate) fn scenario(host: &Host, containers: usize) -> Result<Scenario, BenchError> {
    let doctor = ["porthole", "doctor"];
    let answer = host.output(&doctor.map(str::to_owned))?;
    let checks = checks(&answer)?;
    let inspect = ["sh", "-c", "docker inspect $(docker ps --quiet)"];
    let contenders = vec![
        Contender::new(format!("`porthole doctor` ({checks} checks, nothing found)"), &doctor, CHECK, checks),
        Contender::new("`docker inspect $(docker ps --quiet)`", &inspect, "\"Pid\":", containers),
    ];
    Ok(Scenario { title: format!("{containers} containers: a diagnosis"), contenders })
}

/// Rules that every published port's packets are held against after the engine's own, and that change nothing for them:
/// half translations of other ports, half permissions of other addresses.
fn ruleset(rules: usize) -> String {
    let half = rules / 2;
    let mut text = String::from("*nat\n:MANY - [0:0]\n-A PREROUTING -j MANY\n");
    for number in 0..half {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "-A MANY -d 192.0.2.{}/32 -p tcp -m tcp --dport {} -j DNAT --to-destination 198.51.100.{}:80",
            number % 250 + 1,
            number / 250 + 1,
            number % 250 + 1
        );
    }
    text.push_str("COMMIT\n*filter\n:MANY - [0:0]\n-A FORWARD -j MANY\n");
    for number in half..rules {
        let _ = writeln!(
            text,
            "-A MANY -d 198.51.100.{}/32 -p tcp -m tcp --dport {} -m conntrack --ctstate NEW -j ACCEPT",
            number % 250 + 1,
            number / 250 + 1
        );
    }
    text.push_str("COMMIT\n");
    text
}

/// How many checks doctor made on a host where nothing is wrong and nothing is hidden from it.
fn checks(answer: &str) -> Result<usize, BenchError> {
    let checks = answer.lines().filter(|line| line.starts_with(CHECK)).count();
    if answer.contains("Nothing wrong was found") && !answer.contains("ot checked") && checks > 0 {
        return Ok(checks);
    }
    Err(BenchError::Answer { command: "porthole doctor".to_owned(), problem: answer.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_that_were_made_are_counted() {
        assert_eq!(checks("Nothing wrong was found. Checked:\n- PH001 a\n- PH009 b\n").unwrap(), 2);
    }

    #[test]
    fn a_check_that_was_not_made_is_no_full_answer() {
        let answer = "Nothing wrong was found. Checked:\n- PH001 a\n\nNot checked:\n- PH009 b\n";
        assert!(checks(answer).is_err());
    }
}
