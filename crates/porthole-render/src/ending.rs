//! How a container that does not run ended: facts in a few lines, before its files are looked at.

use porthole_model::{Ending, ExecutableKind, MaskedText, Observed, Program};

use crate::doc::{Doc, Line, Style};
use crate::moment::for_people;
use crate::shell::quoted;

/// A line on how it ended, then what is known beside that, then the last lines of its log.
pub fn doc(ending: &Ending) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(headline(ending));
    let mut inner = Doc::new();
    inner.definitions(facts(ending));
    if let Observed::Known(log) = &ending.log
        && !log.is_empty()
    {
        inner.code(log.iter().map(String::as_str));
    }
    doc.nested(inner);
    doc
}

fn headline(ending: &Ending) -> Line {
    let code = ending.exit_code.map(|code| format!(", exit code {code}"));
    let memory = ending.out_of_memory.then(|| ", killed for memory".to_owned());
    let finished = ending.finished.map(|finished| format!(", since {}", for_people(finished)));
    let restarts = match ending.restart_count {
        0 => None,
        1 => Some(", restarted once".to_owned()),
        count => Some(format!(", restarted {count} times")),
    };
    let beside: String = [code, memory, finished, restarts].into_iter().flatten().collect();
    Line::of(Style::Name, &ending.name).plain(&format!(" is {}{beside}", ending.state))
}

fn facts(ending: &Ending) -> Vec<(Line, Line)> {
    let mut facts = Vec::new();
    if let Some(error) = &ending.error {
        facts.push(("error".into(), Line::of(Style::Error, error)));
    }
    let words = ending.command.iter().map(MaskedText::as_str).map(quoted).collect::<Vec<_>>();
    facts.push(("command".into(), Line::of(Style::Code, &words.join(" "))));
    facts.push(("program".into(), observed(&ending.program, program)));
    match &ending.log {
        Observed::Known(lines) if lines.is_empty() => facts.push(("log".into(), "empty".into())),
        Observed::Known(_) => facts.push(("log".into(), "its last lines".into())),
        Observed::Missing(gap) => facts.push(("log".into(), unknown(gap))),
    }
    facts
}

fn observed<T>(fact: &Observed<T>, words: impl Fn(&T) -> Line) -> Line {
    match fact {
        Observed::Known(known) => words(known),
        Observed::Missing(gap) => unknown(gap),
    }
}

fn unknown(gap: &porthole_model::Gap) -> Line {
    Line::of(Style::Faint, &format!("not known: {}", gap.cause))
}

fn program(program: &Program) -> Line {
    match program {
        Program::Missing { name, searched } if searched.is_empty() => {
            Line::of(Style::Error, &format!("there is no {name}"))
        }
        Program::Missing { name, searched } => {
            Line::of(Style::Error, &format!("there is no {name} in {}", searched.join(", ")))
        }
        Program::Found { path, is_executable, kind, interpreter_is_there } => {
            let mut line = Line::of(Style::Code, path).plain(" is ").plain(&kind_in_words(kind));
            if !is_executable && *kind != ExecutableKind::Directory {
                line.push(Style::Error, ", which may not be executed");
            }
            if *interpreter_is_there == Some(false) {
                line.push(Style::Error, ", which is not there");
            }
            line
        }
    }
}

fn kind_in_words(kind: &ExecutableKind) -> String {
    match kind {
        ExecutableKind::Script { interpreter } => format!("a script for {interpreter}"),
        ExecutableKind::Elf { machine, interpreter: None } => format!("a static program for {machine}"),
        ExecutableKind::Elf { machine, interpreter: Some(interpreter) } => {
            format!("a program for {machine}, linked by {interpreter}")
        }
        ExecutableKind::Directory => "a directory".to_owned(),
        ExecutableKind::Empty => "empty".to_owned(),
        ExecutableKind::Unknown => "neither a program nor a script that begins with #!".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::{ContainerState, Secrets, Timestamp};

    use super::*;
    use crate::text::{self, TextSettings};

    fn found(kind: ExecutableKind, interpreter_is_there: Option<bool>) -> Program {
        Program::Found { path: "/entry".to_owned(), is_executable: true, kind, interpreter_is_there }
    }

    fn ending(program: Program) -> Ending {
        Ending {
            name: "web".to_owned(),
            state: ContainerState::Exited,
            exit_code: Some(127),
            out_of_memory: false,
            error: None,
            finished: Some(Timestamp(1_772_366_400_000)),
            restart_count: 3,
            command: MaskedText::arguments(["/entry", "--password", "x"], Secrets::Mask),
            program: Observed::Known(program),
            log: Observed::Known(vec!["cannot read /etc/app.conf\u{1b}[2J".to_owned()]),
        }
    }

    fn printed(ending: &Ending) -> String {
        let mut out = Vec::new();
        text::print(&doc(ending), &TextSettings { width: None, color: false }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_facts_stand_in_a_few_lines() {
        let script = ExecutableKind::Script { interpreter: "/bin/sh\r".to_owned() };
        insta::assert_snapshot!(printed(&ending(found(script, Some(false)))), @r"
        web is exited, exit code 127, since 2026-03-01 12:00:00 UTC, restarted 3 times
          command  /entry --password '********'
          program  /entry is a script for /bin/sh\r, which is not there
          log      its last lines
            cannot read /etc/app.conf\u{1b}[2J
        ");
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let words = |program| self::program(&program).text();
        let missing = Program::Missing { name: "run".to_owned(), searched: vec!["/bin".to_owned()] };
        assert_eq!(words(missing), "there is no run in /bin");
        let locked = Program::Found {
            path: "/run".to_owned(),
            is_executable: false,
            kind: ExecutableKind::Unknown,
            interpreter_is_there: None,
        };
        assert!(words(locked).ends_with("begins with #!, which may not be executed"));
        let linker = Some("/lib/ld-musl.so".to_owned());
        let elf = ExecutableKind::Elf { machine: "aarch64".to_owned(), interpreter: linker };
        assert_eq!(
            words(found(elf, Some(false))),
            "/entry is a program for aarch64, linked by /lib/ld-musl.so, which is not there"
        );
    }
}
