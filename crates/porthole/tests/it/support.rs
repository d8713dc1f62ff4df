//! Labs with porthole in them, and what tests ask of its answers.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use porthole_lab::{Engine, Lab, LabBuilder, Output};
use serde_json::Value;

/// The binary under test.
pub(crate) const PORTHOLE: &str = env!("CARGO_BIN_EXE_porthole");

/// A lab with the binary at `/usr/local/bin/porthole`.
pub(crate) fn lab(engine: Engine) -> Lab {
    start(builder(engine))
}

/// A builder of such a lab.
pub(crate) fn builder(engine: Engine) -> LabBuilder {
    Lab::builder(engine).bind(PORTHOLE, "/usr/local/bin/porthole")
}

/// Starts it, or ends the test with the reason.
pub(crate) fn start(builder: LabBuilder) -> Lab {
    builder.start().unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// Runs porthole on the lab's host.
pub(crate) fn porthole(lab: &Lab, arguments: &[&str]) -> Output {
    let mut command = vec!["porthole"];
    command.extend_from_slice(arguments);
    lab.exec(&command)
}

/// Runs porthole, which must succeed, and gives what it printed.
pub(crate) fn porthole_ok(lab: &Lab, arguments: &[&str]) -> String {
    let output = porthole(lab, arguments);
    assert_eq!(output.code, 0, "porthole {arguments:?}\n{}\n{}", output.stdout, output.stderr);
    output.stdout
}

/// Runs porthole, which must succeed, and gives the JSON it printed.
pub(crate) fn porthole_json(lab: &Lab, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.extend(["--output", "json"]);
    parse(&porthole_ok(lab, &arguments))
}

/// JSON, or the end of the test with the text.
pub(crate) fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The report of doctor, once every container has run long enough to be judged.
pub(crate) fn report(lab: &Lab) -> Value {
    let mut report = Value::Null;
    wait_for("the containers to settle", || {
        report = parse(&porthole_ok(lab, &["doctor", "--output", "json", "--fail-on", "never"]));
        !report["gaps"].to_string().contains("started a moment ago")
    });
    report
}

/// The codes of a report's findings, sorted, folded ones left out.
pub(crate) fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let mut codes: Vec<_> =
        findings.iter().map(|finding| finding["code"].as_str().expect("code").to_owned()).collect();
    codes.sort();
    codes
}

/// Ends the test unless doctor finds exactly these codes.
pub(crate) fn assert_codes(lab: &Lab, expected: &[&str]) -> Value {
    let report = report(lab);
    assert_eq!(codes(&report), expected, "{:?}\n{report:#}", lab.engine());
    report
}

/// Waits until `is_so`, or ends the test.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is written, line by line, to be waited for no longer than a test likes to.
pub(crate) fn lines_of(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(source).lines().map_while(Result::ok);
        while let Some(line) = lines.next()
            && sender.send(line).is_ok()
        {}
    });
    lines
}

/// The Docker engines at hand, each in a lab of its own.
pub(crate) fn on_docker_engines(test: impl Fn(&Lab)) {
    for engine in Engine::available() {
        if engine != Engine::Podman {
            test(&lab(engine));
        }
    }
}

/// Runs the first remedy of the report's only finding, as a user would, on the lab's host.
pub(crate) fn mend(lab: &Lab, report: &Value) {
    let commands = report["findings"][0]["remedies"][0]["commands"].as_array().expect("commands");
    assert!(!commands.is_empty(), "{report:#}");
    for command in commands {
        lab.sh_ok(command.as_str().expect("a command"));
    }
}

/// What ufw lays when it denies what comes in: chains of its own, the loopback and answers let in.
pub(crate) const UFW: &str = "iptables -N ufw-before-input; iptables -N ufw-user-input
    iptables -A INPUT -j ufw-before-input; iptables -P INPUT DROP
    iptables -A ufw-before-input -i lo -j ACCEPT
    iptables -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A ufw-before-input -p icmp --icmp-type 8 -j ACCEPT
    iptables -A ufw-before-input -j ufw-user-input
    iptables -A ufw-user-input -p tcp --dport 22 -j ACCEPT";
