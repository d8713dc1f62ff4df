//! The variables that the shell begins with.
//!
//! The environment is that of the container, and so is whatever it would make a shell run by itself: functions, prompts
//! that hold commands, files to read. Those variables are left behind.

use std::ffi::OsString;

use brush_core::ShellVariable;

/// The file of the history: a variable of our own, for `HISTFILE` may be the container's.
const HISTORY: &str = "PORTHOLE_HISTORY";

/// Variables that a shell acts upon by itself.
const ACTED_UPON: &[&str] = &[
    "BASHOPTS",
    "BASH_ENV",
    "ENV",
    "HISTFILE",
    "IFS",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "SHELLOPTS",
];

/// Functions of bash in the environment.
const FUNCTION: &str = "BASH_FUNC_";

/// The name of the container, or of the host, and the directory.
const PROMPT: &str = r"${PORTHOLE_TARGET:-\h}:\w\$ ";

/// The variables of the environment that are harmless, and those that are ours.
pub(crate) fn variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(String, ShellVariable)> {
    // What is no text no shell in Rust can hold.
    let texts =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let (ours, rest): (Vec<_>, Vec<_>) = texts.partition(|(name, _)| name == HISTORY);
    let harmless = rest.into_iter().filter(|(name, _)| is_harmless(name));
    let mut variables: Vec<_> = harmless.map(|(name, value)| (name, exported(value))).collect();
    // An empty name is no file: the history ends with the shell.
    let history = ours.into_iter().next().map(|(_, path)| path).unwrap_or_default();
    variables.push(("HISTFILE".to_owned(), ShellVariable::new(history)));
    variables.push(("PS1".to_owned(), ShellVariable::new(PROMPT)));
    variables
}

fn is_harmless(name: &str) -> bool {
    !ACTED_UPON.contains(&name) && !name.starts_with(FUNCTION)
}

fn exported(value: String) -> ShellVariable {
    let mut variable = ShellVariable::new(value);
    variable.export();
    variable
}

#[cfg(test)]
mod tests {
    use brush_core::ShellValue;

    use super::*;

    #[test]
    fn what_would_run_by_itself_is_left_behind() {
        let environment = [
            ("PATH", "/bin"),
            ("BASH_FUNC_ls%%", "() { evil; }"),
            ("PROMPT_COMMAND", "evil"),
            ("PS1", "$(evil)"),
            ("HISTFILE", "/srv/.bash_history"),
            ("PORTHOLE_HISTORY", "/tools/history"),
        ];
        let variables = variables(environment.map(|(name, value)| (name.into(), value.into())).into_iter());
        let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["PATH", "HISTFILE", "PS1"]);
        let ShellValue::String(history) = variables[1].1.value() else { panic!("{variables:?}") };
        assert_eq!(history, "/tools/history");
    }
}
