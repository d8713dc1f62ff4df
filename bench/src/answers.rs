//! What the contenders' answers say, so that they can be compared: only those who say the same are measured.

use std::collections::BTreeSet;

use crate::error::BenchError;
use crate::host::Host;
use crate::race::Contender;

/// The facts of one answer: each is the words of a row that everybody must agree on.
pub(crate) type Facts = BTreeSet<Vec<String>>;

/// Holds when every contender's answer has the same `count` facts.
pub(crate) fn agree(
    host: &Host,
    contenders: &[Contender],
    count: usize,
    facts: &dyn Fn(&str) -> Facts,
) -> Result<(), BenchError> {
    let mut first: Option<Facts> = None;
    for contender in contenders {
        let found = facts(&host.output(&contender.command)?);
        let wrong = |problem| BenchError::Answer { command: contender.name.clone(), problem };
        if found.len() != count {
            return Err(wrong(format!("{} facts instead of {count}", found.len())));
        }
        let first = first.get_or_insert_with(|| found.clone());
        if let Some(fact) = found.symmetric_difference(first).next() {
            return Err(wrong(format!("`{}` is not said by all", fact.join(" "))));
        }
    }
    Ok(())
}

/// Container and host veth of each row: its first word, and the one that begins with `veth`.
pub(crate) fn veths(answer: &str) -> Facts {
    let veth = |line: &str| {
        let word = line.split_whitespace().find(|word| word.starts_with("veth"))?;
        word.split('@').next().map(str::to_owned)
    };
    let fact = |line: &str| Some(vec![line.split_whitespace().next()?.to_owned(), veth(line)?]);
    answer.lines().filter_map(fact).collect()
}

/// The loopback addresses of each row, and which of `processes` owns the socket.
pub(crate) fn owned_endpoints(answer: &str, processes: &[String]) -> Facts {
    let fact = |line: &str| {
        let addresses = line.split_whitespace().filter(|word| word.starts_with("127.0.0.1:"));
        let owner = processes.iter().find(|process| names(line, process));
        addresses.map(str::to_owned).chain(owner.cloned()).collect()
    };
    answer.lines().filter(|line| line.contains(" 127.0.0.1:")).map(fact).collect()
}

/// porthole's `name[1]`, ss's `pid=1,` and netstat's `1/name`.
fn names(line: &str, process: &str) -> bool {
    line.match_indices(process).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + process.len()..].chars().next();
        matches!((before, after), (Some('['), Some(']')) | (Some('='), Some(',')) | (Some(' '), Some('/')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn porthole_and_a_loop_name_the_same_pair() {
        let table = "CONTAINER  NETWORK  HOST VETH\nweb0  bridge  eth0@2  veth625f1ce@6  docker0\n";
        assert_eq!(veths(table), veths("web0 veth625f1ce\n"));
        assert_eq!(veths(table).len(), 1);
    }

    #[test]
    fn a_container_without_a_veth_is_no_fact() {
        assert_eq!(veths("web0 \nweb1 veth1\n").len(), 1);
    }

    #[test]
    fn three_tools_name_the_same_socket() {
        let processes = ["26".to_owned(), "2605".to_owned()];
        let porthole = "tcp  established  0  0  127.0.0.1:7070  127.0.0.1:44330  exe[2605]";
        let ss = "ESTAB 0 0 127.0.0.1:7070 127.0.0.1:44330 users:((\"exe\",pid=2605,fd=26))";
        let netstat = "tcp 0 0 127.0.0.1:7070 127.0.0.1:44330 ESTABLISHED 2605/exe";
        let facts = [porthole, ss, netstat].map(|answer| owned_endpoints(answer, &processes));
        let expected = ["127.0.0.1:7070", "127.0.0.1:44330", "2605"].map(str::to_owned).to_vec();
        assert_eq!(facts, [(); 3].map(|()| Facts::from([expected.clone()])));
    }

    #[test]
    fn a_row_without_its_owner_differs() {
        let processes = ["2605".to_owned()];
        let with = owned_endpoints("tcp 127.0.0.1:1 127.0.0.1:2 2605/exe", &processes);
        let without = owned_endpoints("tcp 127.0.0.1:1 127.0.0.1:2 -", &processes);
        assert_ne!(with, without);
    }
}
