//! What is to be reached: ratios of medians.

use std::fmt::Write as _;

use super::shells::{BESIDE, EXEC, LOCAL, SIDECAR};
use crate::race::Figures;

/// A target and how it was reached.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    title: &'static str,
    limit: f64,
    ratio: f64,
}

impl Target {
    fn new(title: &'static str, limit: f64, (of, beside): (&Figures, &Figures)) -> Self {
        Self { title, limit, ratio: of.median.as_secs_f64() / beside.median.as_secs_f64() }
    }

    fn is_reached(&self) -> bool {
        self.ratio <= self.limit
    }
}

/// Those of the time to a shell, of the figures in the order of its table.
pub(super) fn of_shells(figures: &[Figures]) -> Vec<Target> {
    let pair = |one: usize, other: usize| (&figures[one], &figures[other]);
    vec![
        Target::new("`porthole debug C`, beside docker-debug's way", 0.15, pair(LOCAL, BESIDE)),
        Target::new("`porthole debug C`, beside `docker exec`", 0.5, pair(LOCAL, EXEC)),
        Target::new(
            "`porthole debug --mode sidecar C`, beside docker-debug's way",
            0.8,
            pair(SIDECAR, BESIDE),
        ),
    ]
}

/// All of them.
pub(super) fn table(targets: &[Target]) -> String {
    let mut text =
        "### Targets\n\n| | at most | measured | reached |\n| --- | ---: | ---: | --- |\n".to_owned();
    for target in targets {
        let reached = if target.is_reached() { "yes" } else { "no" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {} | {:.2} | {reached} |", target.title, target.limit, target.ratio);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_ratio_is_one_of_medians() {
        let figures = [1, 7, 4, 8].map(|seconds| Figures {
            median: Duration::from_secs(seconds),
            fastest: Duration::ZERO,
            slowest: Duration::MAX,
            processor: Duration::ZERO,
            peak_memory: 0,
        });
        let targets = of_shells(&figures);
        assert_eq!(targets.iter().map(|target| target.ratio).collect::<Vec<_>>(), [0.125, 0.25, 0.875]);
        assert_eq!(targets.iter().map(Target::is_reached).collect::<Vec<_>>(), [true, true, false]);
        assert!(table(&targets).ends_with("| 0.8 | 0.88 | no |\n"));
    }
}
