//! One command in many containers: `--all` against a loop of `docker exec`.

use crate::answers::{self, Facts};
use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Contender, Scenario};

/// Between a container's name and what its command printed.
const ROW: &str = " | ";

const NAMES: &str = "docker ps --format '{{.Names}}'";

pub(super) fn title(count: usize) -> String {
    format!("One command in {count} containers")
}

/// Starts containers until there are so many; those who say the same of each are measured.
pub(super) fn scenario(host: &Host, count: usize) -> Result<Scenario, BenchError> {
    eprintln!("starting {count} containers");
    for number in 1..count {
        host.run(&format!("web{number}"), &[], &["bb:1", "httpd", "-f", "-p", "80"])?;
    }
    let one_by_one =
        format!(r#"for c in $({NAMES}); do echo "$c | $(docker exec $c cat /etc/hostname)"; done"#);
    let at_once =
        format!(r#"{NAMES} | xargs -P 16 -I C sh -c 'echo "C | $(docker exec C cat /etc/hostname)"'"#);
    let porthole = ["porthole", "debug", "--all", "--", "cat", "/etc/hostname"];
    let contenders = vec![
        Contender::new("`porthole debug --all -- cat /etc/hostname`", &porthole, ROW, count),
        Contender::new("loop of `docker exec`", &["sh", "-c", &one_by_one], ROW, count),
        Contender::new("`docker exec`, 16 at once", &["sh", "-c", &at_once], ROW, count),
    ];
    answers::agree(host, &contenders, count, &names_and_answers)?;
    Ok(Scenario { title: title(count), contenders })
}

/// The container and the host name that it has, whatever the columns.
fn names_and_answers(answer: &str) -> Facts {
    let fact = |line: &str| {
        let (name, answer) = line.split_once(ROW)?;
        Some([name, answer].map(|word| word.trim().to_owned()).to_vec())
    };
    answer.lines().filter_map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_make_no_difference() {
        let facts = names_and_answers("web1  | 4f5e\nweb10 | 77aa\n50 containers\n");
        assert_eq!(facts, names_and_answers("web10 | 77aa\nweb1 | 4f5e\n"));
        assert_eq!(facts.len(), 2);
    }
}
