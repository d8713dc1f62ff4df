//! What an exit code says of how a program ended, as far as codes are agreed upon.

/// The words for a code, by the conventions of shells (POSIX, "Exit Status for Commands") and of engines.
pub(crate) fn meaning(code: i64) -> Option<&'static str> {
    Some(match code {
        125 => "the engine could not run it",
        126 => "the program was found and could not be executed",
        127 => "the program was not found",
        129 => "ended by SIGHUP",
        130 => "ended by SIGINT, as Ctrl-C sends it",
        132 => "ended by SIGILL: its instructions are not of this processor",
        134 => "ended by SIGABRT: it gave up on itself",
        135 => "ended by SIGBUS",
        136 => "ended by SIGFPE",
        137 => "ended by SIGKILL: by the kernel for want of memory, or by a stop that took too long",
        139 => "ended by SIGSEGV: it crashed",
        143 => "ended by SIGTERM, as a stop sends it",
        _ => return None,
    })
}

/// `137 (ended by SIGKILL: …)`.
pub(crate) fn in_words(code: i64) -> String {
    meaning(code).map_or_else(|| code.to_string(), |meaning| format!("{code} ({meaning})"))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn codes_without_an_agreed_meaning_stand_alone() {
        assert_eq!(in_words(1), "1");
        assert_eq!(in_words(127), "127 (the program was not found)");
    }
}
