//! Two readings: only what both found stays.

use porthole_analysis::confirm;
use porthole_model::{CheckCode, CheckResult, Gap, GapKind, Observed, Report};

use crate::lab::{Lab, known, lines};
use crate::spec::container;

fn broken() -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp"));
    lab
}

fn outcome(report: &Report, code: u16) -> &CheckResult {
    &report.checks.iter().find(|check| check.code == CheckCode(code)).expect("check").result
}

#[test]
fn what_both_found_stays() {
    let report = broken().diagnose();
    assert_eq!(confirm(&report, report.clone()), report);
}

#[test]
fn what_only_the_second_found_becomes_a_gap() {
    let report = confirm(&Lab::docker().diagnose(), broken().diagnose());
    assert_eq!(report.findings, []);
    let CheckResult::Ran { findings: 0, gaps } = outcome(&report, 11) else { unreachable!() };
    assert_eq!(gaps[0].what, "PH011 on 80/tcp of web");
}

#[test]
fn what_only_the_first_found_is_gone() {
    let report = confirm(&broken().diagnose(), Lab::docker().diagnose());
    assert_eq!(report, Lab::docker().diagnose());
}

#[test]
fn what_the_first_could_not_check_is_kept() {
    let mut silent = broken();
    silent.snapshot.engine = Observed::Missing(Gap::new(GapKind::EngineUnreachable, "engine", "no socket"));
    let report = confirm(&silent.diagnose(), broken().diagnose());
    assert_eq!(lines(&report.findings), ["error PH011 80/tcp of web"]);
}

#[test]
fn a_symptom_whose_cause_is_not_confirmed_stands_for_itself() {
    let mut first = broken();
    first.host_end("web").master = None;
    let mut second = broken();
    known(&mut second.host_stack().links).retain(|link| link.name != "docker0");
    let report = confirm(&first.diagnose(), second.diagnose());
    assert_eq!(lines(&report.findings), ["error PH011 80/tcp of web", "error PH032 web"]);
}

#[test]
fn a_symptom_is_confirmed_wherever_it_stood_before() {
    let mut first = broken();
    known(&mut first.host_stack().links).retain(|link| link.name != "docker0");
    let mut second = broken();
    second.host_end("web").master = None;
    let report = confirm(&first.diagnose(), second.diagnose());
    assert_eq!(lines(&report.findings), ["error PH011 80/tcp of web", "error PH032 web"]);
}
