//! What is known of an exec, and which calls it was made of.

use porthole_model::{ContainerNames, Exchange, ExchangeId, ExecCall, MaskedText};

use crate::doc::{Doc, Line, Style};
use crate::shell;

/// An exec's other calls, where there are some: how they were numbered, and its exit code.
pub fn exec_calls(calls: &[Exchange], shown: ExchangeId) -> Doc {
    let mut doc = Doc::new();
    if calls.len() < 2 {
        return doc;
    }
    let mut line = Line::of(Style::Faint, "Calls of this exec: ");
    for (place, call) in calls.iter().enumerate() {
        line.push(Style::Plain, if place == 0 { "" } else { ", " });
        let style = if call.id == shown { Style::Strong } else { Style::Plain };
        line.push(style, &format!("{} #{}", step(call), call.id));
    }
    let code = calls.iter().rev().find_map(|call| call.exec.as_ref()?.exit_code);
    if let Some(code) = code {
        line.push(Style::Plain, " → ");
        line.append(exit(code));
    }
    doc.paragraph(line);
    doc
}

fn step(call: &Exchange) -> &str {
    match call.operation.as_deref() {
        Some("ContainerExec") => "create",
        Some("ExecStart") => "start",
        Some("ExecResize") => "resize",
        Some("ExecInspect") => "inspect",
        other => other.unwrap_or("call"),
    }
}

/// `web: sh -c 'exit 3'`; nothing where neither the container nor the command is known.
pub(super) fn place_and_command(exec: &ExecCall, names: &ContainerNames) -> Line {
    let container = exec.container.as_deref().map(|written| Line::of(Style::Name, names.called(written)));
    let command = exec.command.as_deref().map(command);
    match (container, command) {
        (Some(container), Some(command)) => {
            let mut line = container.plain(": ");
            line.append(command);
            line
        }
        (one, other) => one.or(other).unwrap_or_default(),
    }
}

/// How a command or a container ended.
pub(super) fn exit(code: i64) -> Line {
    Line::of(if code == 0 { Style::Good } else { Style::Error }, &format!("exit {code}"))
}

/// The terms of an exchange in full.
pub(super) fn terms(exec: &ExecCall, names: &ContainerNames) -> Vec<(Line, Line)> {
    let mut terms = vec![("exec", Line::of(Style::Faint, &exec.id))];
    terms.extend(exec.container.as_deref().map(|written| ("runs in", place(written, names))));
    terms.extend(exec.command.as_deref().map(|words| ("runs", command(words))));
    terms.extend(exec.tty.map(|tty| ("terminal", if tty { "yes" } else { "no" }.into())));
    terms.extend(exec.exit_code.map(|code| ("ended with", exit(code))));
    terms.into_iter().map(|(term, meaning)| (Line::of(Style::Faint, term), meaning)).collect()
}

fn place(written: &str, names: &ContainerNames) -> Line {
    let name = names.called(written);
    let line = Line::of(Style::Name, name);
    if name == written { line } else { line.with(Style::Faint, &format!(" ({written})")) }
}

fn command(words: &[MaskedText]) -> Line {
    let words: Vec<String> = words.iter().map(|word| quoted(word.as_str())).collect();
    Line::of(Style::Code, &words.join(" "))
}

/// A mask is no word of a command, and is not quoted.
fn quoted(word: &str) -> String {
    if word.chars().all(|character| character == '*') && !word.is_empty() {
        return word.to_owned();
    }
    shell::quoted(word)
}

#[cfg(test)]
mod tests {
    use porthole_model::Secrets;

    use super::*;
    use crate::samples;

    fn exec() -> ExecCall {
        ExecCall {
            id: "77aa".into(),
            container: Some("web".into()),
            command: Some(MaskedText::arguments(["sh", "--token", "x y", "-c", "exit 3"], Secrets::Mask)),
            tty: None,
            exit_code: Some(3),
        }
    }

    fn call(number: u64, operation: &str, exit_code: Option<i64>) -> Exchange {
        let exec = Some(ExecCall { exit_code, ..exec() });
        let base = samples::exchanges().remove(3);
        Exchange { id: ExchangeId(number), operation: Some(operation.to_owned()), exec, ..base }
    }

    #[test]
    fn an_exec_is_called_by_its_container_and_command() {
        let line = |exec| place_and_command(&exec, &samples::container_names()).text();
        assert_eq!(line(exec()), "web: sh --token ******** -c 'exit 3'");
        assert_eq!(line(ExecCall { container: Some("c1".repeat(32)), command: None, ..exec() }), "ci");
        assert_eq!(line(ExecCall { container: None, command: None, ..exec() }), "");
    }

    #[test]
    fn the_calls_of_an_exec_are_listed_with_its_exit_code() {
        let calls = [
            call(3, "ContainerExec", None),
            call(4, "ExecStart", None),
            call(5, "ExecResize", None),
            call(7, "ExecInspect", Some(3)),
        ];
        let mut out = Vec::new();
        let settings = crate::text::TextSettings { width: None, color: false };
        crate::text::print(&exec_calls(&calls, ExchangeId(4)), &settings, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.trim(), "Calls of this exec: create #3, start #4, resize #5, inspect #7 → exit 3");
        assert!(exec_calls(&calls[..1], ExchangeId(3)).is_empty());
    }
}
