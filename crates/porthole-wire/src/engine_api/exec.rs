//! What the bodies of an exec's calls say of it, and what the end of a wait says of a container.

use porthole_model::{MaskedText, Secrets};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What one call says of an exec; `None` for what it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecFacts {
    /// The exec's id, where a body tells it.
    pub id: Option<String>,
    /// The id of the container that it runs in.
    pub container: Option<String>,
    /// The command, with what looks like a credential masked.
    pub command: Option<Vec<MaskedText>>,
    /// Whether it has a terminal.
    pub tty: Option<bool>,
    /// Its exit code, once it has ended.
    pub exit_code: Option<i64>,
}

/// The request of `ContainerExec` and of `ExecStart`.
#[derive(Default, Deserialize)]
struct Asked {
    #[serde(rename = "Cmd")]
    command: Option<Vec<String>>,
    #[serde(rename = "Tty")]
    tty: Option<bool>,
}

/// The answer of `ContainerExec`.
#[derive(Default, Deserialize)]
struct Created {
    #[serde(rename = "Id", alias = "ID")]
    id: Option<String>,
}

/// The answer of `ExecInspect`.
#[derive(Default, Deserialize)]
struct Inspected {
    #[serde(rename = "ContainerID")]
    container: Option<String>,
    #[serde(rename = "Running", default)]
    is_running: bool,
    #[serde(rename = "ExitCode")]
    exit_code: Option<i64>,
    #[serde(rename = "ProcessConfig")]
    process: Option<Process>,
}

#[derive(Deserialize)]
struct Process {
    tty: Option<bool>,
    entrypoint: Option<String>,
    arguments: Option<Vec<String>>,
}

/// The answer of `ContainerWait`.
#[derive(Default, Deserialize)]
struct Waited {
    #[serde(rename = "StatusCode")]
    status: Option<i64>,
}

/// Whether that operation is one of an exec's.
pub fn is_of_exec(operation: &str) -> bool {
    matches!(operation, "ContainerExec" | "ExecStart" | "ExecResize" | "ExecInspect")
}

/// What the bodies of a call say of its exec. Bodies that are no JSON object, or not whole, say nothing.
pub fn exec_of_bodies(operation: &str, request: &[u8], answer: &[u8]) -> ExecFacts {
    match operation {
        "ContainerExec" => {
            let Asked { command, tty } = first_object(request);
            let id = first_object::<Created>(answer).id;
            ExecFacts { id, command: command.map(masked), tty, ..ExecFacts::default() }
        }
        "ExecStart" => ExecFacts { tty: first_object::<Asked>(request).tty, ..ExecFacts::default() },
        "ExecInspect" => first_object::<Inspected>(answer).into(),
        _ => ExecFacts::default(),
    }
}

/// The exit code that the answer of a wait tells.
pub fn exit_code_of_wait(answer: &[u8]) -> Option<i64> {
    first_object::<Waited>(answer).status
}

impl From<Inspected> for ExecFacts {
    fn from(inspected: Inspected) -> Self {
        let Inspected { container, is_running, exit_code, process } = inspected;
        let exit_code = exit_code.filter(|_| !is_running);
        let tty = process.as_ref().and_then(|process| process.tty);
        Self { id: None, container, command: process.and_then(Process::command), tty, exit_code }
    }
}

impl Process {
    fn command(self) -> Option<Vec<MaskedText>> {
        let entrypoint = self.entrypoint?;
        Some(masked(std::iter::once(entrypoint).chain(self.arguments.unwrap_or_default()).collect()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the unmasked words end here")]
fn masked(words: Vec<String>) -> Vec<MaskedText> {
    MaskedText::arguments(words.iter().map(String::as_str), Secrets::Mask)
}

/// What follows the first object, such as the stream of an exec, is passed over.
fn first_object<T: DeserializeOwned + Default>(body: &[u8]) -> T {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<T>();
    values.next().and_then(Result::ok).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(facts: &ExecFacts) -> Vec<&str> {
        facts.command.iter().flatten().map(MaskedText::as_str).collect()
    }

    #[test]
    fn a_creation_tells_command_terminal_and_id() {
        let asked = br#"{"User":"","Tty":true,"Cmd":["mysql","--password","x1"],"Env":null}"#;
        let facts = exec_of_bodies("ContainerExec", asked, br#"{"Id":"ee"}"#);
        assert_eq!(words(&facts), ["mysql", "--password", "********"]);
        assert_eq!((facts.id.as_deref(), facts.tty, facts.exit_code), (Some("ee"), Some(true), None));
    }

    #[test]
    fn a_start_tells_of_the_terminal_before_its_stream() {
        let facts = exec_of_bodies("ExecStart", b"{\"Detach\":false,\"Tty\":true}\n{typed\x03", b"");
        assert_eq!(facts, ExecFacts { tty: Some(true), ..ExecFacts::default() });
    }

    #[test]
    fn an_inspection_tells_of_an_exec_that_was_made_elsewhere() {
        let answer = |running| {
            format!(
                r#"{{"ID":"ee","Running":{running},"ExitCode":3,"ContainerID":"c1","ProcessConfig":
                {{"tty":false,"entrypoint":"sh","arguments":["-c","exit 3"],"privileged":false}}}}"#
            )
        };
        let facts = exec_of_bodies("ExecInspect", b"", answer("false").as_bytes());
        assert_eq!(words(&facts), ["sh", "-c", "exit 3"]);
        assert_eq!((facts.container.as_deref(), facts.exit_code), (Some("c1"), Some(3)));
        assert_eq!(exec_of_bodies("ExecInspect", b"", answer("true").as_bytes()).exit_code, None);
        let unstarted = br#"{"Running":false,"ExitCode":null,"ContainerID":"c1"}"#;
        assert_eq!(exec_of_bodies("ExecInspect", b"", unstarted).exit_code, None);
    }

    #[test]
    fn a_wait_tells_the_exit_code() {
        assert_eq!(exit_code_of_wait(b"{\"StatusCode\":137,\"Error\":null}\n"), Some(137));
        assert_eq!(exit_code_of_wait(br#"{"message":"No such container: x"}"#), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(request: Vec<u8>, answer: Vec<u8>) {
            for operation in ["ContainerExec", "ExecStart", "ExecInspect", ""] {
                let _ = exec_of_bodies(operation, &request, &answer).id.is_some();
            }
            let _ = exit_code_of_wait(&answer).is_some();
        }
    }
}
