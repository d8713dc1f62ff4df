//! The one place of `lab` that prints: results to standard output, all else to standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the module that prints")]

pub(crate) fn line(text: &str) {
    println!("{text}");
}

pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

pub(crate) fn problem(text: &str) {
    eprintln!("lab: {text}");
}
