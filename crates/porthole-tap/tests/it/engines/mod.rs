//! Real clients and real engines, directly and through the relay, with equal results.

mod bollard;
mod docker;
mod others;

use porthole_lab::Output;
use porthole_model::Exchange;
use porthole_tap::Event;

use crate::stand::Stand;

/// The code and what was written, without what differs from run to run.
type Outcome = (i32, String, String);

/// What is not the same directly and through the relay, or does not end with the code that is `wanted`.
fn difference(script: &str, wanted: Option<i32>, run: impl Fn(&str) -> Outcome) -> Option<String> {
    let (direct, through) = (run("docker.sock"), run("tap.sock"));
    let is_wrong = direct != through || wanted.is_some_and(|code| code != direct.0);
    is_wrong.then(|| format!("{script}\n  directly {direct:?}\n  through  {through:?}"))
}

/// Says that there is nothing to test with.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn left_out(what: &str) {
    eprintln!("SKIPPED: {what} is not to be had");
}

fn with_socket(socket: &str, script: &str) -> String {
    format!("export DOCKER_HOST=unix:///run/{socket}\n{script}")
}

fn outcome(output: &Output) -> Outcome {
    (output.code, steady(&output.stdout), steady(&output.stderr))
}

/// Ids and other long numbers are left out.
fn steady(text: &str) -> String {
    let is_id = |word: &str| word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_sum = |word: &str| word.len() == 32;
    text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric())
        .map(|word| {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            if is_id(bare) && !is_sum(bare) { "ID\n" } else { word }
        })
        .collect()
}

fn exchanges(stand: &Stand) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    while let Ok(event) = stand.events.recv() {
        match event {
            Event::Finished(finished) => exchanges.push(finished.exchange),
            Event::Opaque { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }
    exchanges
}
