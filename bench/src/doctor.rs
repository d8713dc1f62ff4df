//! A whole diagnosis beside the engine's own listing of the same containers.

use crate::error::BenchError;
use crate::host::{CONTAINERS, Host};
use crate::race::{Contender, Scenario};

/// A line of the list of checks that doctor made.
const CHECK: &str = "- PH";

pub(crate) fn scenario(host: &Host) -> Result<Scenario, BenchError> {
    let doctor = ["porthole", "doctor"];
    let answer = host.output(&doctor.map(str::to_owned))?;
    let checks = checks(&answer)?;
    let inspect = ["sh", "-c", "docker inspect $(docker ps --quiet)"];
    let contenders = vec![
        Contender::new(format!("`porthole doctor` ({checks} checks, nothing found)"), &doctor, CHECK, checks),
        Contender::new("`docker inspect $(docker ps --quiet)`", &inspect, "\"Pid\":", CONTAINERS),
    ];
    Ok(Scenario { title: format!("{CONTAINERS} containers: a diagnosis"), contenders })
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
