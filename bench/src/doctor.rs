//! A whole diagnosis beside the engine's own listing of the same containers.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::args::Args;
use crate::error::BenchError;
use crate::host::Host;
use crate::machine;
use crate::race::{Contender, Scenario};
use crate::readme;

/// What doctor's JSON has for each check that it made.
const CHECK: &str = "\"outcome\": \"ran\"";

/// The check that needs packets to be sent, which doctor does not do unasked.
const OF_PROBES: &str = "PH120";

/// What doctor says of a container that it does not judge yet, and how many seconds that may last.
const TOO_YOUNG: &str = "started a moment ago";
const SETTLING: usize = 30;

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
    let doctor = ["porthole", "doctor", "--output", "json"];
    let checks = checks(&settled(|| host.output(&doctor.map(str::to_owned)))?)?;
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

/// The answer when no container is too young to be judged any more.
fn settled(mut ask: impl FnMut() -> Result<String, BenchError>) -> Result<String, BenchError> {
    for _ in 0..SETTLING {
        let answer = ask()?;
        if !answer.contains(TOO_YOUNG) {
            return Ok(answer);
        }
        sleep(Duration::from_secs(1));
    }
    ask()
}

/// How many checks doctor made on a host where nothing is wrong and nothing is hidden from it.
fn checks(answer: &str) -> Result<usize, BenchError> {
    let problem = || BenchError::Answer { command: "porthole doctor".to_owned(), problem: answer.to_owned() };
    let report: Value = serde_json::from_str(answer).map_err(|_| problem())?;
    let listed = |name: &str| report[name].as_array().ok_or_else(problem);
    let made = |check: &&Value| check["outcome"] == "ran";
    let (checks, findings) = (listed("checks")?, listed("findings")?);
    let is_whole = checks.iter().all(|check| made(&check) || check["code"] == OF_PROBES);
    match checks.iter().filter(made).count() {
        count if is_whole && findings.is_empty() && count > 0 => Ok(count),
        _ => Err(problem()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(outcomes: [&str; 2], findings: &Value) -> String {
        let check = |(code, outcome): (&str, &str)| json!({ "code": code, "outcome": outcome });
        let checks: Vec<_> = ["PH001", OF_PROBES].into_iter().zip(outcomes).map(check).collect();
        json!({ "checks": checks, "findings": findings }).to_string()
    }

    #[test]
    fn checks_that_were_made_are_counted() {
        assert_eq!(checks(&answer(["ran", "skipped"], &json!([]))).unwrap(), 1);
        assert_eq!(checks(&answer(["ran", "ran"], &json!([]))).unwrap(), 2);
    }

    #[test]
    fn a_check_that_was_not_made_or_found_something_is_no_full_answer() {
        assert!(checks(&answer(["skipped", "ran"], &json!([]))).is_err());
        assert!(checks(&answer(["ran", "ran"], &json!([{ "code": "PH001" }]))).is_err());
        assert!(checks("none").is_err());
    }
}
