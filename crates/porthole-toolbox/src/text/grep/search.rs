//! The search itself, and its exit code.

use std::io::{self, IsTerminal};
use std::path::Path;

use grep::printer::{ColorSpecs, Standard, StandardBuilder, Summary, SummaryBuilder, SummaryKind};
use grep::regex::{RegexMatcher, RegexMatcherBuilder};
use grep::searcher::{BinaryDetection, Searcher, SearcherBuilder};
use termcolor::{ColorChoice, StandardStream};

use super::WRONG;
use super::arguments::{GrepArguments, Syntax, When};
use super::files::Selection;
use super::pattern::translate;
use crate::input;
use crate::trouble::{Trouble, reason, say};

/// A line was selected.
const SELECTED: i32 = 0;
/// None was.
const NONE: i32 = 1;

/// What is printed of a file.
enum Printer {
    Lines(Standard<StandardStream>),
    Summary(Summary<StandardStream>),
}

/// Searches everything and gives the exit code.
pub(super) fn search(arguments: &GrepArguments, syntax: Syntax) -> Result<i32, Trouble> {
    let matcher = matcher(arguments, syntax)?;
    let selection = Selection::new(arguments)?;
    let mut searcher = searcher(arguments);
    let mut printer = printer(arguments);
    let (mut is_selected, mut is_wrong) = (false, false);
    for file in arguments.places().iter().flat_map(|place| selection.files(place)) {
        let outcome = match file {
            Ok(path) => search_file(&matcher, &mut searcher, &mut printer, &path),
            Err(why) => Err(Trouble::Said(why)),
        };
        match outcome {
            Ok(found) => is_selected |= found,
            Err(Trouble::Unread) => return Err(Trouble::Unread),
            Err(Trouble::Said(why)) => {
                is_wrong = true;
                if !arguments.no_messages {
                    say("grep", why);
                }
            }
        }
        if is_selected && arguments.quiet {
            return Ok(SELECTED);
        }
    }
    Ok(match (is_wrong, is_selected) {
        (true, _) => WRONG,
        (false, true) => SELECTED,
        (false, false) => NONE,
    })
}

/// Whether a line was selected; for `-L` whether the name was printed.
fn search_file(
    matcher: &RegexMatcher,
    searcher: &mut Searcher,
    printer: &mut Printer,
    path: &Path,
) -> Result<bool, Trouble> {
    let name = if path == Path::new(input::STANDARD) { Path::new("(standard input)") } else { path };
    let source = input::open(path)?;
    let failed = |error: io::Error| match Trouble::from(io::Error::new(error.kind(), reason(&error))) {
        Trouble::Said(why) => Trouble::Said(format!("{}: {why}", name.display())),
        Trouble::Unread => Trouble::Unread,
    };
    Ok(match printer {
        Printer::Lines(printer) => {
            let mut sink = printer.sink_with_path(matcher, name);
            searcher.search_reader(matcher, source, &mut sink).map_err(failed)?;
            sink.has_match()
        }
        Printer::Summary(printer) => {
            let mut sink = printer.sink_with_path(matcher, name);
            searcher.search_reader(matcher, source, &mut sink).map_err(failed)?;
            sink.has_match()
        }
    })
}

fn matcher(arguments: &GrepArguments, syntax: Syntax) -> Result<RegexMatcher, Trouble> {
    let patterns: Vec<_> = arguments.patterns()?.iter().map(|pattern| translate(pattern, syntax)).collect();
    let mut builder = RegexMatcherBuilder::new();
    builder.case_insensitive(arguments.ignore_case).word(arguments.words).whole_line(arguments.lines);
    builder.multi_line(true).line_terminator(Some(b'\n'));
    builder.build_many(&patterns).map_err(Trouble::new)
}

fn searcher(arguments: &GrepArguments) -> Searcher {
    let (before, after) = if arguments.only_matching { (0, 0) } else { arguments.context() };
    let binary = if arguments.text { BinaryDetection::none() } else { BinaryDetection::convert(0) };
    SearcherBuilder::new()
        .invert_match(arguments.invert_match)
        .line_number(arguments.line_number)
        .before_context(before)
        .after_context(after)
        .max_matches(arguments.max_count)
        .binary_detection(binary)
        .build()
}

fn printer(arguments: &GrepArguments) -> Printer {
    let is_colored = match arguments.color {
        When::Always => true,
        When::Auto => io::stdout().is_terminal(),
        When::Never => false,
    };
    let out = StandardStream::stdout(if is_colored { ColorChoice::AlwaysAnsi } else { ColorChoice::Never });
    let colors = ColorSpecs::default_with_color();
    let Some(kind) = summary(arguments) else {
        let mut builder = StandardBuilder::new();
        builder.color_specs(colors).path(arguments.names_files()).only_matching(arguments.only_matching);
        return Printer::Lines(builder.build(out));
    };
    let names = arguments.names_files() || !matches!(kind, SummaryKind::Count);
    Printer::Summary(
        SummaryBuilder::new().kind(kind).color_specs(colors).path(names).exclude_zero(false).build(out),
    )
}

/// What is printed in place of lines.
fn summary(arguments: &GrepArguments) -> Option<SummaryKind> {
    let kinds = [
        (arguments.quiet, SummaryKind::QuietWithMatch),
        (arguments.files_without_match, SummaryKind::PathWithoutMatch),
        (arguments.files_with_matches, SummaryKind::PathWithMatch),
        (arguments.count, SummaryKind::Count),
    ];
    kinds.into_iter().find(|(is_wanted, _)| *is_wanted).map(|(_, kind)| kind)
}
