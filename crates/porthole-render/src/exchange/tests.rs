//! Exchanges in every format, as people and programs will see them.

use std::time::Duration;

use insta::assert_snapshot;
use porthole_model::{
    AnswerTimes, CallCount, CallDifference, Caller, Change, ChangedCall, ChangedPart, ClientStatistics,
    ContainerId, ContainerNames, DiffSide, OperationStatistics, TrafficDiff, TrafficSummary, Uid,
};
use proptest::prelude::*;

use super::{LineWriter, detail, line, summary, traffic_diff};
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
            client(Caller::Certificate("build server".into()), count(1, 0)),
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

fn sample_diff() -> TrafficDiff {
    let exchanges = samples::exchanges();
    let change = |part, left: Option<&str>, right: Option<&str>| Change {
        part,
        left: left.map(str::to_owned),
        right: right.map(str::to_owned),
    };
    let field = |path: &str| ChangedPart::RequestField(path.to_owned());
    let key = |path: &str| ChangedPart::AnswerKey(path.to_owned());
    let changes = vec![
        change(ChangedPart::Status, Some("201"), Some("400")),
        change(ChangedPart::Parameter("platform".into()), None, Some("linux/amd64")),
        change(field("Cmd"), Some(r#"["sh"]"#), Some(r#"["ash","-c","\u001b"]"#)),
        change(field("HostConfig.Annotations"), None, Some("null")),
        change(field("HostConfig.ConsoleSize"), None, Some("[0,0]")),
        change(field("HostConfig.Ulimits"), Some("null"), Some("[]")),
        change(key("Warnings"), Some("list"), None),
        change(ChangedPart::Time, Some("31ms"), Some("1200ms")),
    ];
    let side = |calls, version: &str, agent: &str| DiffSide {
        calls,
        has_more: calls > 2,
        api_versions: vec![version.to_owned()],
        user_agents: vec![agent.to_owned()],
    };
    let call = ChangedCall { left: exchanges[1].clone(), right: exchanges[4].clone(), changes };
    TrafficDiff {
        sides: [
            side(2, "1.41", "Docker-Client/20.10.24 (linux)"),
            side(10_000, "1.51", "Docker-Client/28.5.2 (linux)"),
        ],
        same: 7,
        reordered: 1,
        calls: vec![
            CallDifference::OnlyLeft(Box::new(exchanges[0].clone())),
            CallDifference::Changed(Box::new(call)),
            CallDifference::OnlyRight(Box::new(exchanges[3].clone())),
        ],
        bodies_not_compared: 1,
    }
}

#[test]
fn how_two_recordings_differ() {
    let titles = ["old.db", "new.db"];
    let doc = traffic_diff(&sample_diff(), titles);
    assert_snapshot!("diff_80", printed(&doc, Some(80)));
    assert_snapshot!("diff_pipe", printed(&doc, None));
    let same = TrafficDiff { same: 3, ..TrafficDiff::default() };
    assert!(printed(&traffic_diff(&same, titles), None).ends_with("No difference, 3 calls the same\n"));
    assert_snapshot!("diff_json", json::traffic_diff(&sample_diff(), titles));
}

#[test]
fn an_exchange_is_one_line_of_json() {
    let lines: Vec<String> = samples::exchanges()
        .iter()
        .map(|exchange| json::exchange(exchange, &samples::container_names(), None))
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
