//! Figures as Markdown tables.

use std::fmt::Write as _;
use std::time::Duration;

use super::contender::Contender;
use super::race::{Figure, Figures};
use super::scenario::Work;
use super::targets::{Target, mebibytes, short};

/// The targets, then all figures.
pub(crate) fn all(figures: &[Figures], targets: &[Target]) -> String {
    let [requests, bulk] = [true, false].map(|wanted| {
        figures
            .iter()
            .filter(|figures| matches!(figures.scenario.work, Work::Requests(_)) == wanted)
            .collect::<Vec<_>>()
    });
    [
        table_of_targets(targets),
        table("Requests a second, beside the bare relay", &requests, &|figure| Some(rate(figure, 1.0, "/s"))),
        table("Latency: median and 99th percentile, ms", &requests, &|figure| figure.latency.map(latency)),
        table("Processor time of the relay, ms for 1000 requests", &requests, &|figure| {
            figure.processor.map(|seconds| short(seconds * 1e6))
        }),
        table("Megabytes a second, beside the bare relay", &bulk, &|figure| Some(rate(figure, 1e6, " MB/s"))),
        table("Processor time of the relay, seconds for a gigabyte", &bulk, &|figure| {
            figure.processor.map(|seconds| short(seconds * 1e9))
        }),
        memory(figures),
    ]
    .join("\n")
}

fn table_of_targets(targets: &[Target]) -> String {
    let mut text =
        "### Targets\n\n| | | reached in | farthest from it |\n| --- | --- | ---: | --- |\n".to_owned();
    for Target { title, contender, reached: (reached, of), worst } in targets {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {title} | {} | {reached} of {of} | {worst} |", contender.title());
    }
    text
}

fn table(title: &str, figures: &[&Figures], cell: &dyn Fn(&Figure) -> Option<String>) -> String {
    let titles: String = Contender::ALL.map(|contender| format!(" {} |", contender.title())).concat();
    let rule = "---: |".repeat(Contender::ALL.len());
    let mut text = format!("### {title}\n\n| |{titles}\n| --- |{rule}\n");
    for figures in figures {
        let cells: String = Contender::ALL
            .map(|contender| {
                let cell = figures.of(contender).and_then(cell);
                format!(" {} |", cell.unwrap_or_default())
            })
            .concat();
        let _ = writeln!(text, "| {} |{cells}", figures.scenario.title());
    }
    text
}

/// The bare relay's own figure, and for all others how they stand beside it.
fn rate(figure: &Figure, unit: f64, name: &str) -> String {
    match figure.contender {
        Contender::Bare => format!("{:.0}{name}", figure.rate / unit),
        _ if figure.beside_bare < 0.095 => format!("{:.4}", figure.beside_bare),
        _ => short(figure.beside_bare),
    }
}

fn latency((p50, p99): (Duration, Duration)) -> String {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    format!("{:.2} / {:.1}", milliseconds(p50), milliseconds(p99))
}

fn memory(figures: &[Figures]) -> String {
    let mut text =
        "### Peak memory of the largest process, in all scenarios\n\n| | MiB |\n| --- | ---: |\n".to_owned();
    for contender in Contender::ALL.into_iter().filter(|contender| *contender != Contender::Direct) {
        let peaks =
            figures.iter().filter_map(|figures| figures.of(contender)).map(|figure| figure.peak_memory);
        let peak = peaks.max().unwrap_or_default();
        let _ = writeln!(text, "| {} | {:.1} |", contender.title(), mebibytes(peak));
    }
    text
}
