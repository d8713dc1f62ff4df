//! `docs/cli.md`: the help of every command, at a width that no terminal changes.

use clap::Command;

const WIDTH: usize = 100;

const BEGIN: &str = "\
# The command line

Written by `cargo xtask docs` from the program itself: this is what `porthole --help` and
`porthole COMMAND --help` print.
";

/// The page of `command` and its subcommands.
pub(crate) fn page(command: Command) -> String {
    let mut command = command.term_width(WIDTH);
    command.build();
    BEGIN.to_owned() + &sections(&mut command)
}

/// The section of a command, and those of its subcommands behind it.
fn sections(command: &mut Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    let own = format!("\n## {name}\n\n```text\n{}\n```\n", help.join("\n"));
    let shown = command.get_subcommands_mut().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set());
    shown.fold(own, |text, sub| text + &sections(sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_help_at_a_fixed_width() {
        let long = "word ".repeat(50);
        let sub = Command::new("doctor").about(long).disable_help_subcommand(true);
        let page = page(Command::new("porthole").subcommand(sub).subcommand(Command::new("own").hide(true)));
        assert!(page.contains("\n## porthole doctor\n"), "{page}");
        assert!(page.contains("Usage: porthole doctor"), "{page}");
        assert!(!page.contains("own") && !page.contains("## porthole help"), "{page}");
        assert!(page.lines().all(|line| line.len() <= WIDTH && line == line.trim_end()), "{page}");
    }
}
