//! What a filter keeps, how it binds, what it says of mistakes, and that it prints as what it is.

use porthole_model::{
    Client, ClientAddress, ContainerId, ContainerNames, Exchange, ExchangeEnd, ExecCall, Gap, MaskedText,
    Secrets, Upgrade,
};
use proptest::prelude::*;

use super::Filter;
use crate::sample_exchange::exchange;

fn keeps(text: &str, exchange: &Exchange) -> bool {
    Filter::parse(text).unwrap_or_else(|error| panic!("{error}")).matches(exchange)
}

fn all_keep(texts: &[&str]) {
    for text in texts {
        assert!(keeps(text, &exchange()), "{text}");
    }
}

fn none_keeps(texts: &[&str]) {
    for text in texts {
        assert!(!keeps(text, &exchange()), "{text}");
    }
}

fn error(text: &str) -> (usize, String) {
    let error = Filter::parse(text).unwrap_err();
    (error.column(), error.problem().to_string())
}

#[test]
fn texts_are_compared_whole_or_by_pattern() {
    all_keep(&[
        "method = post",
        "method == POST",
        "method != GET",
        "path = /v1.51/containers/web/exec",
        "path ~ \"/exec$\"",
        "path !~ /start",
        r#"path ~ "^/v\d+\.\d+/""#,
        "query = 'detach=1'",
        "target ~ detach",
        "operation in (ContainerCreate, containerexec)",
        "client.command = 'docker exec web ls'",
    ]);
    none_keeps(&["method = GET", "path = /V1.51/containers/web/exec", "path !~ exec", "query ~ '^etach'"]);
}

#[test]
fn an_exec_is_asked_for_by_what_is_known_of_it() {
    let exec = ExecCall {
        id: "ee".into(),
        container: Some("c1".repeat(32)),
        command: Some(MaskedText::arguments(["sh", "-c", "exit 3"], Secrets::Mask)),
        tty: Some(false),
        exit_code: Some(3),
    };
    let called = Exchange { exec: Some(exec), exit_code: Some(137), ..exchange() };
    for text in [
        "exec.id = ee",
        "exec.command ~ 'exit 3$'",
        "exec.container = c1c1c1c1c1c1",
        "exec.exit_code != 0",
        "exit_code = 137",
    ] {
        assert!(keeps(text, &called) && !keeps(text, &exchange()), "{text}");
    }
    let names = [(ContainerId("c1".repeat(32)), "web".to_owned())].into_iter().collect();
    assert!(Filter::parse("exec.container = web").unwrap().matches_named(&called, &names));
}

#[test]
fn a_thing_is_known_by_each_of_its_names() {
    let id = "ab".repeat(32);
    all_keep(&[
        "resource = web",
        &format!("resource = {id}"),
        "resource.kind = container",
        "resource.name in (db, web)",
        "client.executable = docker",
        "client.executable = /usr/bin/docker",
        "client.container = c1c1c1c1c1c1",
    ]);
    none_keeps(&[&format!("resource != {id}"), "resource.name = abab", "client.executable != docker"]);
}

#[test]
fn a_tls_client_is_known_by_the_name_in_its_certificate() {
    let client = Client { certificate: Some("ada".to_owned()), ..exchange().client };
    let exchange = Exchange { client, ..exchange() };
    assert!(keeps("client.certificate = ada and client.certificate ~ '^a'", &exchange));
    assert!(!keeps("client.certificate = bob", &exchange));
    none_keeps(&["client.certificate = ada", "client.certificate != ada"]);
}

#[test]
fn a_container_is_known_by_its_name_where_that_is_known() {
    let filter = Filter::parse("client.container = ci").unwrap();
    let names: ContainerNames = [(ContainerId("c1".repeat(32)), "ci".to_owned())].into_iter().collect();
    assert!(filter.matches_named(&exchange(), &names));
    assert!(!filter.matches(&exchange()));
    assert!(!Filter::parse("client.container != ci").unwrap().matches_named(&exchange(), &names));
}

#[test]
fn numbers_are_ordered_and_have_units() {
    all_keep(&[
        "id = 7 and connection = 3 and client.pid = 4242 and client.uid = 1000",
        "status = 201",
        "status = 2xx and status >= 2xx and status <= 2xx and status < 3xx and status > 1xx",
        "status in (404, 2XX)",
        "status != 5xx",
        "request.bytes = 64KiB and request.bytes > 65kB and request.bytes >= 65536",
        "answer.bytes < 1k",
        "first_byte < 10ms",
        "duration > 10ms and duration <= 12ms and duration != 12s",
        "duration = 0.012s",
    ]);
    none_keeps(&["status > 2xx", "status < 2xx", "request.bytes < 64KiB", "duration > 12ms"]);
}

#[test]
fn versions_are_compared_number_by_number() {
    all_keep(&["api = 1.51", "api > 1.9", "api < 2.0", "api != 1.50", "api in (1.24, 1.51)"]);
    none_keeps(&["api < 1.9", "api >= 1.100"]);
}

#[test]
fn a_failure_is_a_refusal_or_an_error_inside_a_success_or_an_end_before_the_end() {
    let of = |change: fn(&mut Exchange)| {
        let mut exchange = exchange();
        change(&mut exchange);
        exchange
    };
    none_keeps(&["failed", "failed = true", "failed != false"]);
    all_keep(&["not failed", "failed = false"]);
    assert!(keeps("failed", &of(|exchange| exchange.status = Some(404))));
    let pull = of(|exchange| exchange.failure = Some("manifest unknown".into()));
    assert!(keeps("failed and failure and failure ~ manifest", &pull));
    let cut = of(|exchange| exchange.end = ExchangeEnd::EngineLeft);
    assert!(keeps("failed and end = engine_left", &cut));
    assert!(!keeps("failed", &of(|exchange| exchange.end = ExchangeEnd::Opaque)));
    let upgraded = of(|exchange| exchange.upgraded = Some(Upgrade::Protocol("h2c".into())));
    assert!(keeps("upgraded and upgraded = H2C", &upgraded));
}

#[test]
fn a_stream_that_its_client_leaves_has_not_failed() {
    let left = |operation: &str, status| Exchange {
        operation: Some(operation.to_owned()),
        end: ExchangeEnd::ClientLeft,
        status,
        ..exchange()
    };
    assert!(!keeps("failed", &left("SystemEvents", Some(200))));
    assert!(keeps("failed", &left("SystemEvents", None)));
    assert!(keeps("failed", &left("ContainerList", Some(200))));
}

#[test]
fn a_comparison_with_a_missing_fact_is_false_and_its_opposite_true() {
    let address = ClientAddress::Tcp("[::ffff:192.0.2.7]:5000".parse().unwrap());
    let client = Client::unresolved(address, &Gap::not_asked("the client"));
    let unknown = Exchange { client, status: None, resource: None, api_version: None, ..exchange() };
    let comparisons = ["client.user = root", "client.user != root", "client.user !~ root", "status < 400"];
    let more =
        ["client.pid = 1", "resource in (web)", "api < 2.0", "client.container", "client.command ~ ''"];
    for text in comparisons.into_iter().chain(more) {
        assert!(!keeps(text, &unknown), "{text}");
        assert!(keeps(&format!("not {text}"), &unknown), "{text}");
    }
    assert!(keeps("client.address = 192.0.2.7 and client.address = '192.0.2.7:5000'", &unknown));
}

#[test]
fn not_binds_tighter_than_and_and_that_than_or() {
    all_keep(&[
        "id = 7 or id = 8 and id = 9",
        "not id = 8 and id = 7",
        "not (id = 7 and id = 8)",
        "NOT NOT id = 7",
        "(id = 8 or id = 7) AND (status = 201)",
    ]);
    none_keeps(&["(id = 7 or id = 8) and id = 9", "not id = 7 or id = 8", "not (id = 7 or id = 8)"]);
}

#[test]
fn a_mistake_is_pointed_at() {
    let expected =
        |column, expected: &str, found: &str| (column, format!("expected {expected}, found {found}"));
    assert_eq!(error(""), expected(1, "a field, not, or (", "the end"));
    assert_eq!(error("method = "), expected(10, "a value", "the end"));
    assert_eq!(error("method POST"), expected(8, "an operator (= != ~ !~ in)", "'POST'"));
    assert_eq!(error("method = POST status = 1"), expected(15, "and, or, or the end", "'status'"));
    assert_eq!(error("(id = 1"), expected(8, "and, or, or )", "the end"));
    assert_eq!(error("id in 1"), expected(7, "( and a list of values", "'1'"));
    assert_eq!(error("id in (1 2)"), expected(10, "a comma or )", "'2'"));
    assert_eq!(error("status >= abc"), expected(11, "a status or a class of them: 404, 5xx", "'abc'"));
    assert_eq!(error("duration > 10").1, "expected a duration with its unit: 10ms, 2s, 1.5m, found '10'");
    assert_eq!(error("id = 1 & id = 2"), expected(8, "and, or, or the end", "'&'"));
    assert_eq!(error("! failed"), expected(1, "!=, !~ or the word not", "'!'"));
    assert_eq!(error("method = and"), expected(10, "a value", "'and'"));
    assert_eq!(error("end = over").1.split(", ").count(), 6);
    assert_eq!(error("naïve = 1").0, 1);
    assert_eq!(error("path = \"ü\" and x = 1").0, 16);
}

#[test]
fn an_operator_that_means_nothing_is_refused() {
    let (column, words) = error("method < GET");
    assert_eq!((column, words.as_str()), (8, "method is text; it can be compared with = != ~ !~ in"));
    assert_eq!(error("status ~ 4").1, "status is a status; it can be compared with = != < <= > >= in");
    assert_eq!(error("failed > true").1, "failed is yes or no; it can be compared with = !=");
    assert_eq!(error("failed in (true)").0, 8);
}

#[test]
fn patterns_and_quotes_are_checked() {
    assert_eq!(error("path ~ '(a'"), (8, "not a regular expression: unclosed group".to_owned()));
    assert_eq!(error("id = 1 and path = 'a"), (19, "the quote is not closed".to_owned()));
    assert!(error(&format!("path ~ '{}'", "(a{1000}){1000}")).1.contains("exceeds size limit"));
}

#[test]
fn nesting_ends_before_the_stack_does() {
    for opening in ["(", "not ", "not ("] {
        assert_eq!(error(&opening.repeat(100_000)).1, "nested too deeply");
    }
    assert!(keeps(&format!("{}failed", "not ".repeat(63)), &exchange()));
}

#[test]
fn a_mistake_far_to_the_right_is_pointed_at() {
    let error = Filter::parse(&format!("{}stauts", " ".repeat(100_000))).unwrap_err();
    assert_eq!(error.column(), 100_001);
    assert!(error.to_string().ends_with("did you mean status?"));
}

#[test]
fn an_error_prints_as_the_expression_and_a_caret() {
    let error = Filter::parse("method = POST and stauts >= 400").unwrap_err();
    let expected = "method = POST and stauts >= 400\n                  ^^^^^^ there is no field 'stauts'; did you mean status?";
    assert_eq!(error.to_string(), expected);
    let tabbed = Filter::parse("path = naïve\tx").unwrap_err().to_string();
    assert_eq!(tabbed, "path = naïve x\n             ^ expected and, or, or the end, found 'x'");
    assert!(!Filter::parse("\x1b[2J = 1").unwrap_err().to_string().contains('\x1b'));
}

#[test]
fn a_filter_prints_as_what_it_means() {
    let printed = |text: &str| Filter::parse(text).unwrap().to_string();
    assert_eq!(printed("not(id=7)and(id=8 or failed)"), "not id = 7 and (id = 8 or failed)");
    assert_eq!(printed("a_ = 1".replace("a_", "status").as_str()), "status = 1");
    assert_eq!(printed("path ~ '\\d\"'"), r#"path ~ "\\d\"""#);
    assert_eq!(printed("method in (GET, 'in')"), r#"method in (GET, "in")"#);
}

/// Expressions of every kind of field and operator.
fn expressions() -> impl Strategy<Value = String> {
    let is_keyword = |value: &str| ["and", "or", "in", "not"].contains(&value);
    let text = prop_oneof!["[a-z/.]{1,8}", r#""[^"\\]{0,8}""#, r"'([^'\\]|\\.){0,6}'"]
        .prop_filter("a keyword is no value", move |value| !is_keyword(value));
    let ordered = || "(=|!=|<|<=|>|>=)";
    let comparison = prop_oneof![
        ("path|method|client\\.user|operation", " (=|!=) ", text.clone()).prop_map(concat),
        ("target|failure|upgraded", "~| !~ ", "'[a-z.]{0,5}'").prop_map(concat),
        ("status", ordered(), "[1-5]xx|[1-5][0-9]{2}").prop_map(concat),
        ("duration|first_byte", ordered(), "[0-9]{1,4}(\\.[0-9]{1,3})?(ns|us|ms|s|min)").prop_map(concat),
        ("request\\.bytes|answer\\.bytes", ordered(), "[0-9]{1,6}(B|KiB|MB)?").prop_map(concat),
        ("resource", text.clone(), text)
            .prop_map(|(field, one, other)| format!("{field} in ({one}, {other})")),
        "failed|failed = false|client\\.container|api >= 1\\.40|end = opaque",
    ];
    comparison.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("not {inner}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            (inner.clone(), "(and|or)", inner)
                .prop_map(|(left, word, right)| format!("{left} {word} {right}")),
        ]
    })
}

fn concat((field, sign, value): (String, String, String)) -> String {
    format!("{field}{sign}{value}")
}

proptest! {
    #[test]
    fn a_printed_filter_is_the_same_filter(text in expressions()) {
        let filter = Filter::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = Filter::parse(&filter.to_string());
        prop_assert_eq!(again.map_err(|error| TestCaseError::fail(error.to_string()))?, filter);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.to_string().lines().count() == 2 && error.column() >= 1);
        }
    }

    #[test]
    fn no_text_of_its_own_words_panics(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "and", "or", "not", "in", "(", ")", ",", "=", "!=", "<", "~", "!~", "'", "\"", "\\", "!", " ", "path", "status",
                "5xx", "failed", "duration", "9ms", "client.", "(?", "日", "\u{202e}",
            ]),
            0..30,
        ),
    ) {
        let text = words.concat();
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.to_string().lines().count() == 2);
        }
    }
}
