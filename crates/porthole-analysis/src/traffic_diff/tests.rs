//! What is a difference between two recordings, and what is not.

use std::convert::Infallible;
use std::time::Duration;

use porthole_model::{
    CallDifference, Change, ChangedPart, Exchange, ExchangeId, Resource, ResourceKind, TrafficDiff,
};
use proptest::prelude::*;

use super::{CallBodies, DiffOf, traffic_diff};
use crate::sample_exchange::exchange;

/// A call and its bodies.
type Call = (Exchange, &'static str, &'static str);

fn call(operation: &str, target: &str, request: &'static str, answer: &'static str) -> Call {
    let base = Exchange {
        operation: Some(operation.to_owned()),
        target: target.to_owned(),
        resource: None,
        status: Some(200),
        ..exchange()
    };
    (base, request, answer)
}

fn about((exchange, request, answer): Call, name: &str) -> Call {
    let resource = Resource { kind: ResourceKind::Container, name: name.to_owned(), id: None };
    (Exchange { resource: Some(resource), ..exchange }, request, answer)
}

fn compared(left: Vec<Call>, right: Vec<Call>) -> TrafficDiff {
    let [left, right] = [left, right].map(|calls| {
        let number = |(place, call): (usize, Call)| {
            (Exchange { id: ExchangeId(place as u64), ..call.0 }, call.1, call.2)
        };
        calls.into_iter().enumerate().map(number).collect::<Vec<_>>()
    });
    let exchanges = |calls: &[Call]| calls.iter().map(|call| call.0.clone()).collect::<Vec<_>>();
    traffic_diff(&exchanges(&left), &exchanges(&right), |side, id| {
        let calls = if side == DiffOf::Left { &left } else { &right };
        let (_, request, answer) = &calls[usize::try_from(id.0).unwrap()];
        let request_head = format!("Host: d\r\nUser-Agent: {side:?}/1\r\n").into_bytes();
        let [request, answer] = [request, answer].map(|body| Some(body.as_bytes().to_vec()));
        Ok::<_, Infallible>(CallBodies { request_head, request, answer })
    })
    .unwrap()
}

fn changes(left: Call, right: Call) -> Vec<Change> {
    let diff = compared(vec![left], vec![right]);
    let calls = diff.calls.into_iter();
    calls
        .flat_map(|call| match call {
            CallDifference::Changed(call) => call.changes,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn change(part: ChangedPart, left: Option<&str>, right: Option<&str>) -> Change {
    Change { part, left: left.map(str::to_owned), right: right.map(str::to_owned) }
}

fn started(id: &str) -> Call {
    let target = format!("/v1.41/containers/{id}/start");
    about(call("ContainerStart", &target, "", ""), id)
}

#[test]
fn ids_versions_and_times_of_day_are_no_difference() {
    let target = |version, id| format!("/v{version}/containers/{id}/wait?condition=next-exit&since={id}");
    let (one, other) = ("4578d3395114c0aa", "e9cbb848cde70123");
    let left = vec![
        started(one),
        call(
            "ContainerWait",
            &target("1.41", one),
            r#"{"A":"4578d3395114c0aa","T":"2026-11-21T17:44:40Z"}"#,
            "",
        ),
    ];
    let mut right = vec![
        started(other),
        call(
            "ContainerWait",
            &target("1.51", other),
            r#"{"A":"e9cbb848cde70123","T":"2026-11-22T01:00:00.5+01:00"}"#,
            "",
        ),
    ];
    right[1].0.api_version = Some("1.41".into());
    let diff = compared(left, right);
    assert!(diff.is_same() && diff.calls.is_empty(), "{diff:#?}");
    assert_eq!((diff.same, diff.reordered), (2, 0));
    assert_eq!(diff.sides[1].api_versions, ["1.41", "1.51"]);
    assert_eq!(diff.sides[0].user_agents, ["Left/1"]);
}

#[test]
fn calls_of_one_recording_alone_stand_in_their_place() {
    let of = |names: &[&str]| names.iter().map(|name| call(name, "/x", "", "")).collect::<Vec<_>>();
    let diff = compared(
        of(&["SystemPing", "ImageList", "ContainerList"]),
        of(&["SystemPingHead", "ContainerList", "SystemInfo"]),
    );
    let shown: Vec<_> = diff
        .calls
        .iter()
        .map(|call| match call {
            CallDifference::OnlyLeft(call) => format!("-{}", call.operation.as_deref().unwrap()),
            CallDifference::OnlyRight(call) => format!("+{}", call.operation.as_deref().unwrap()),
            CallDifference::Changed(_) => "~".to_owned(),
        })
        .collect();
    assert_eq!(shown, ["-SystemPing", "-ImageList", "+SystemPingHead", "+SystemInfo"]);
    assert!(!diff.is_same());
}

#[test]
fn another_order_is_no_difference() {
    let of = |names: &[&str]| names.iter().map(|name| call(name, "/x", "", "")).collect::<Vec<_>>();
    let diff = compared(of(&["A", "B", "C", "B"]), of(&["B", "A", "B", "C"]));
    assert!(diff.is_same(), "{diff:#?}");
    assert_eq!((diff.same, diff.reordered), (4, 1));
}

#[test]
fn the_same_call_on_a_thing_of_another_name_is_one_call() {
    let found = changes(started("web-1"), started("web_1"));
    assert_eq!(found, [change(ChangedPart::About, Some("web-1"), Some("web_1"))]);
    assert_eq!(changes(started("web"), started("4578d3395114c0aa")), []);
}

#[test]
fn parameters_are_compared_by_name() {
    let found = changes(
        call("ImageList", "/v1.41/images/json?all=0&filters=%7B%7D&session=a", "", ""),
        call("ImageList", "/v1.51/images/json?shared-size=1&all=1&filters=%7B%7D&session=b", "", ""),
    );
    let parameter = |name: &str| ChangedPart::Parameter(name.to_owned());
    assert_eq!(
        found,
        [change(parameter("all"), Some("0"), Some("1")), change(parameter("shared-size"), None, Some("1"))]
    );
}

#[test]
fn fields_of_requests_are_compared_by_path() {
    let found = changes(
        call(
            "ContainerCreate",
            "/c",
            r#"{"Cmd":["a"],"HostConfig":{"Mounts":[{"Type":"bind"}]},"Old":1,"Hash":"4578d3395114"}"#,
            "",
        ),
        call(
            "ContainerCreate",
            "/c",
            r#"{"Cmd":["b"],"HostConfig":{"Mounts":[{"Type":"image"}],"Annotations":null},"Hash":"e9cbb848cde7"}"#,
            "",
        ),
    );
    let field = |path: &str| ChangedPart::RequestField(path.to_owned());
    assert_eq!(
        found,
        [
            change(field("Cmd"), Some(r#"["a"]"#), Some(r#"["b"]"#)),
            change(field("Hash"), Some(r#""4578d3395114""#), Some(r#""e9cbb848cde7""#)),
            change(field("HostConfig.Annotations"), None, Some("null")),
            change(field("HostConfig.Mounts[0].Type"), Some(r#""bind""#), Some(r#""image""#)),
            change(field("Old"), Some("1"), None),
        ]
    );
}

#[test]
fn a_body_in_one_request_alone_is_a_difference_and_archives_are_not_compared() {
    let start = |body| call("ContainerStart", "/s", body, "");
    assert_eq!(changes(start(""), start("{}")), [change(ChangedPart::RequestBody, None, Some("{}"))]);
    assert_eq!(changes(start("tar one"), start("tar two")), []);
}

#[test]
fn answers_are_compared_by_their_keys() {
    let found = changes(
        call(
            "ContainerInspect",
            "/i",
            "",
            r#"{"Id":"a","Size":1,"Nets":{"n":{"Ip":""}},"Ports":[],"Env":null}"#,
        ),
        call(
            "ContainerInspect",
            "/i",
            "",
            r#"{"Id":"b","Size":"1","Nets":{"n":{"Ip":"x","Gw":0}},"Ports":[{"P":1}],"Env":["A"]}"#,
        ),
    );
    let key = |path: &str| ChangedPart::AnswerKey(path.to_owned());
    assert_eq!(
        found,
        [change(key("Nets.n.Gw"), None, Some("number")), change(key("Size"), Some("number"), Some("text"))]
    );
}

#[test]
fn elements_of_lists_are_taken_together() {
    let list = |answer| call("ContainerList", "/l", "", answer);
    assert_eq!(changes(list(r#"[{"A":1},{"B":1}]"#), list(r#"[{"A":2,"B":2}]"#)), []);
    let found = changes(list(r#"[{"A":1}]"#), list(r#"[{"A":2,"B":2}]"#));
    assert_eq!(found, [change(ChangedPart::AnswerKey("[].B".into()), None, Some("number"))]);
}

#[test]
fn a_refusal_and_its_message_are_differences() {
    let (mut left, right) = (
        call("ContainerStart", "/s", "", r#"{"message":"no such image"}"#),
        call("ContainerStart", "/s", "", r#"{"message":"refused"}"#),
    );
    left.0.status = Some(404);
    let found = changes(left, right);
    assert_eq!(found[0], change(ChangedPart::Status, Some("404"), Some("200")));
    let message = ChangedPart::AnswerValue("message".into());
    assert_eq!(found[1], change(message, Some(r#""no such image""#), Some(r#""refused""#)));
}

#[test]
fn a_time_alone_is_told_but_makes_no_difference() {
    let timed = |millis| {
        let mut call = call("ContainerStop", "/s", "", "");
        call.0.duration = Duration::from_millis(millis);
        call
    };
    let diff = compared(vec![timed(100)], vec![timed(10_000)]);
    assert!(diff.is_same() && diff.calls.len() == 1, "{diff:#?}");
    assert_eq!(changes(timed(1), timed(200)), []);
    assert_eq!(changes(timed(1000), timed(2000)), []);
}

#[test]
fn a_body_that_was_not_kept_is_counted() {
    let exchanges = [exchange()];
    let diff =
        traffic_diff(&exchanges, &exchanges, |_, _| Ok::<_, Infallible>(CallBodies::default())).unwrap();
    assert_eq!((diff.same, diff.bodies_not_compared), (1, 1));
}

proptest! {
    #[test]
    fn every_call_of_both_is_accounted_for(left in "[a-d]{0,12}", right in "[a-d]{0,12}") {
        let of = |text: &str| text.chars().map(|name| call(&name.to_string(), "/x", "", "")).collect::<Vec<_>>();
        let diff = compared(of(&left), of(&right));
        let alone = |wanted: fn(&CallDifference) -> bool| diff.calls.iter().filter(|call| wanted(call)).count();
        let only_left = alone(|call| matches!(call, CallDifference::OnlyLeft(_)));
        let only_right = alone(|call| matches!(call, CallDifference::OnlyRight(_)));
        let same = usize::try_from(diff.same).unwrap();
        prop_assert_eq!((same + only_left, same + only_right), (left.len(), right.len()));
        prop_assert!(left != right || diff.is_same() && diff.reordered == 0);
    }

    #[test]
    fn any_bodies_are_compared_without_a_panic(left in ".{0,60}", right in ".{0,60}") {
        let _ = super::requests::fields(left.as_bytes(), right.as_bytes()).len();
        let _ = super::answers::answer(left.as_bytes(), right.as_bytes()).len();
    }
}
