//! dig: what a DNS server answers, word for word.

mod output;
mod words;

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{Name, RecordType};

use super::dns::{self, Question, Reply};
use super::names::{self, Family};
use super::tool::{self, Failure, Outcome};

const HELP: &str = "\
Ask a DNS server, and show what it answers.

Usage: dig [@SERVER] [-p PORT] [-4|-6] [-x ADDRESS | [-q] NAME [[-t] TYPE]] [+OPTION…]

Options:
  @SERVER      the server, by name or address; without it those of /etc/resolv.conf
  -x ADDRESS   the name of an address
  +short       the answers alone
  +tcp         over TCP
  +norecurse   do not ask the server to ask others
  +time=N      seconds to wait for an answer (5)
  +tries=N     how often each server is asked (2)
  +noall       show nothing, but what follows: +answer +authority +additional +question +comments +stats
  --help       this text

Examples:
  dig db
  dig +short AAAA example.com @10.77.0.1
  dig -x 172.17.0.2 +noall +answer

Exit codes: 0 a server answered, whatever it said; 2 wrong use; 9 no server answered
";

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::by_hand(words, HELP, |words| dig(&words::parse(words)?))
}

/// What is asked, of whom, and what of the answer is shown.
#[derive(Debug)]
struct Request {
    server: Option<String>,
    port: u16,
    family: Family,
    name: Name,
    kind: RecordType,
    tcp: bool,
    recursion: bool,
    patience: Duration,
    tries: u32,
    short: bool,
    shown: Shown,
}

/// The parts of an answer that are shown.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of dig")]
struct Shown {
    comments: bool,
    question: bool,
    answer: bool,
    authority: bool,
    additional: bool,
    stats: bool,
}

impl Shown {
    const fn all(shown: bool) -> Self {
        Self {
            comments: shown,
            question: shown,
            answer: shown,
            authority: shown,
            additional: shown,
            stats: shown,
        }
    }
}

fn dig(request: &Request) -> Outcome {
    let question = Question {
        name: request.name.clone(),
        kind: request.kind,
        recursion: request.recursion,
        tcp: request.tcp,
        patience: request.patience,
    };
    let mut failures = Vec::new();
    for server in servers(request)? {
        match ask(&question, server, request.tries) {
            Ok(reply) => return output::print(request, server, &reply),
            Err(error) => failures.push(format!(";; {server}: {}", words(&error))),
        }
    }
    failures.push(";; no server answered".to_owned());
    Err(Failure::new(9, failures.join("\n")))
}

fn ask(question: &Question, server: SocketAddr, tries: u32) -> io::Result<Reply> {
    let mut result = question.ask(server);
    for _ in 1..tries {
        if result.is_ok() {
            break;
        }
        result = question.ask(server);
    }
    result
}

fn servers(request: &Request) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = match &request.server {
        Some(name) => names::addresses(name, request.port, request.family)
            .map_err(|error| Failure::new(10, format!("the server's name is not known: {error}")))?,
        None => dns::servers().into_iter().map(|ip| SocketAddr::new(ip, request.port)).collect(),
    };
    Ok(addresses.into_iter().filter(|address| request.family.has(address.ip())).collect())
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        io::ErrorKind::ConnectionRefused => "refused: nobody listens there".to_owned(),
        _ => error.to_string(),
    }
}
