//! What may stand next on the command line, as cobra's `__complete` answers.

use std::fmt::Write;

use clap::Command;

/// `cobra.ShellCompDirectiveNoFileComp` and `cobra.ShellCompDirectiveDefault`.
const NO_FILES: u8 = 4;
const FILES_TOO: u8 = 0;

/// A line for each word that may stand where the last of `words` does, and what else the shell may offer.
pub(super) fn answer(root: &Command, words: &[String]) -> String {
    let (unfinished, finished) =
        words.split_last().map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    let command =
        finished.iter().fold(root, |command, word| command.find_subcommand(word).unwrap_or(command));
    let mut answer = String::new();
    let mut offer = |word: &str, help: String| {
        if word.starts_with(unfinished) {
            // Writing to a String cannot fail.
            let _written = writeln!(answer, "{word}\t{}", help.lines().next().unwrap_or_default());
        }
    };
    if unfinished.starts_with('-') {
        for argument in
            root.get_arguments().filter(|argument| argument.is_global_set()).chain(command.get_arguments())
        {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            argument.get_long().into_iter().for_each(|long| offer(&format!("--{long}"), help.clone()));
        }
    } else {
        for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
            offer(subcommand.get_name(), subcommand.get_about().map(ToString::to_string).unwrap_or_default());
        }
    }
    let directive = if answer.is_empty() { FILES_TOO } else { NO_FILES };
    format!("{answer}:{directive}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(words: &[&str]) -> String {
        answer(&crate::cli(), &words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn commands_and_their_options() {
        assert!(offered(&["doc"]).starts_with("doctor\tSay what is wrong"), "{}", offered(&["doc"]));
        assert!(offered(&["traffic", "st"]).starts_with("stats\t"));
        let options = offered(&["doctor", "--fa"]);
        assert!(options.starts_with("--fail-on\t") && options.ends_with("\n:4\n"), "{options}");
        assert_eq!(offered(&["sockets", "we"]), ":0\n");
    }
}
