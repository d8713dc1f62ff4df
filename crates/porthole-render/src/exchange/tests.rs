//! Exchanges in every format, as people and programs will see them.

use std::time::Duration;

use insta::assert_snapshot;
use porthole_model::{
    AnswerTimes, CallCount, Caller, ClientStatistics, ContainerId, ContainerNames, OperationStatistics,
    TrafficSummary, Uid,
};
use proptest::prelude::*;

use super::{LineWriter, detail, line, summary};
use crate::doc::Doc;
use crate::text::{self, TextSettings};
use crate::{json, samples};

fn live(width: Option<usize>, color: bool) -> String {
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out, TextSettings { width, color });
    writer.titles().unwrap();
    for exchange in samples::exchanges() {
        writer.exchange(&exchange, &samples::container_names()).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn printed(doc: &Doc, width: Option<usize>) -> String {
    let mut out = Vec::new();
    text::print(doc, &TextSettings { width, color: false }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample_summary() -> TrafficSummary {
    let exchanges = samples::exchanges();
    let count =
        |calls, failed| CallCount { calls, failed, request_bytes: 1_533 * calls, answer_bytes: 8_192 };
    let times = AnswerTimes {
        p50: Duration::from_micros(850),
        p95: Duration::from_millis(31),
        p99: Duration::from_millis(120),
        longest: Duration::from_secs(185),
    };
    let operation =
        |name: Option<&str>, count| OperationStatistics { operation: name.map(str::to_owned), count, times };
    let client = |caller, count| ClientStatistics { caller, count };
    TrafficSummary {
        total: count(7, 4),
        first: Some(exchanges[0].started),
        last: Some(exchanges[1].started),
        operations: vec![
            operation(Some("ContainerCreate"), count(5, 2)),
            operation(Some("ContainerList"), count(1, 0)),
            operation(None, count(1, 1)),
        ],
        clients: vec![
            client(Caller::Container(ContainerId("c1".repeat(32))), count(3, 1)),
            client(Caller::Program("/usr/bin/docker".into()), count(2, 0)),
            client(Caller::User(Uid(1001)), count(1, 1)),
            client(Caller::Others, count(1, 1)),
        ],
        slowest: vec![exchanges[2].clone(), exchanges[4].clone()],
        failures: vec![exchanges[2].clone(), exchanges[5].clone()],
    }
}

#[test]
fn exchanges_as_they_happen() {
    assert_snapshot!("live_pipe", live(None, false));
    assert_snapshot!("live_40", live(Some(40), false));
    assert_snapshot!("live_80", live(Some(80), false));
    assert_snapshot!("live_140", live(Some(140), false));
    assert_snapshot!("live_color", live(Some(100), true));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in 0..200 {
        for shown in live(Some(width), false).lines() {
            assert!(text::width(shown) <= width, "{width}: {shown}");
        }
    }
}

#[test]
fn a_terminal_may_change_its_width() {
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out, TextSettings { width: Some(80), color: false });
    writer.titles().unwrap();
    writer.resize(Some(40));
    writer.titles().unwrap();
    writer.doc(&summary(&TrafficSummary::default(), &ContainerNames::default())).unwrap();
    let shown = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "TIME (UTC)    CLIENT            STATUS    FIRST/TOTAL  CALL");
    assert_eq!(lines[1..], ["TIME (UTC)    STATUS  CALL", "0 calls, 0 failed, 0B sent, 0B received"]);
}

#[test]
fn a_pipe_gets_the_whole_line() {
    let exchange = &samples::exchanges()[2];
    let whole = line(exchange, &ContainerNames::default()).text();
    assert!(whole.contains(r"failed: manifest for registry.example:5000/team/app:1 not found\u{1b}[2J"));
    assert!(live(None, false).lines().any(|shown| shown == whole));
}

#[test]
fn one_exchange_in_full() {
    let exchanges = samples::exchanges();
    let names = samples::container_names();
    assert_snapshot!("detail_pull_60", printed(&detail(&exchanges[2], &names, None), Some(60)));
    let trouble = "the client asks for API 1.52, the engine speaks at most 1.41";
    assert_snapshot!("detail_create", printed(&detail(&exchanges[1], &names, Some(trouble)), None));
    assert_snapshot!("detail_lost", printed(&detail(&exchanges[5], &names, None), None));
    assert_snapshot!("detail_carried", printed(&detail(&exchanges[8], &names, None), None));
    assert_snapshot!("detail_exec", printed(&detail(&exchanges[3], &names, None), None));
}

#[test]
fn what_they_come_to() {
    let doc = summary(&sample_summary(), &samples::container_names());
    assert_snapshot!("summary_60", printed(&doc, Some(60)));
    assert_snapshot!("summary_120", printed(&doc, Some(120)));
    assert_snapshot!(
        "summary_none",
        printed(&summary(&TrafficSummary::default(), &ContainerNames::default()), None)
    );
    assert_snapshot!("summary_json", json::traffic_summary(&sample_summary(), &samples::container_names()));
}

#[test]
fn an_exchange_is_one_line_of_json() {
    let lines: Vec<String> = samples::exchanges()
        .iter()
        .map(|exchange| json::exchange(exchange, &samples::container_names()))
        .collect();
    assert!(lines.iter().all(|line| !line.contains('\n') && !line.contains("hunter2")));
    assert_snapshot!("exchange_json", lines.join("\n"));
}

proptest! {
    #[test]
    fn strangers_words_stay_in_their_line(name in any::<String>(), width in 0_usize..160) {
        let mut exchange = samples::exchanges().remove(1);
        exchange.method.clone_from(&name);
        exchange.failure = Some(name.clone());
        exchange.operation = None;
        exchange.target = name;
        let mut out = Vec::new();
        let settings = TextSettings { width: Some(width), color: false };
        LineWriter::new(&mut out, settings).exchange(&exchange, &ContainerNames::default()).unwrap();
        let shown = String::from_utf8(out).unwrap();
        prop_assert!(shown.lines().count() <= 1 && text::width(shown.trim_end_matches('\n')) <= width);
    }
}
