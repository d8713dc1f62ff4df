//! Contenders for one question, run in turn, round after round, so that what disturbs the machine hits all alike.

use std::time::Duration;

use crate::error::BenchError;
use crate::sample::Sample;

/// Where commands are run and measured.
pub(crate) trait Ground {
    /// Runs a contender's command once.
    fn measure(&self, contender: &Contender) -> Result<Sample, BenchError>;
}

/// One question and those who answer it, porthole first.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) contenders: Vec<Contender>,
}

/// A command that gives the answer.
#[derive(Debug)]
pub(crate) struct Contender {
    /// As the table names it.
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    /// What every line of the answer holds that counts.
    pub(crate) row: &'static str,
    /// How many such lines the full answer has; a run with any other number is an error.
    pub(crate) rows: usize,
    /// When the clock is stopped.
    pub(crate) moment: Moment,
}

/// When the clock is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At the end of the command.
    End,
    /// When a shell on a terminal has answered what was typed at its prompt.
    Answer,
}

/// What the runs of one contender took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) median: Duration,
    pub(crate) fastest: Duration,
    pub(crate) slowest: Duration,
    /// The median of the processor's time.
    pub(crate) processor: Duration,
    /// The largest of all runs, in bytes.
    pub(crate) peak_memory: u64,
}

impl Contender {
    /// A command whose full answer has `rows` lines that hold `row`.
    pub(crate) fn new(name: impl Into<String>, command: &[&str], row: &'static str, rows: usize) -> Self {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Self { name: name.into(), command, row, rows, moment: Moment::End }
    }

    /// A command that gives a shell on a terminal, measured until that shell has answered.
    pub(crate) fn shell(name: impl Into<String>, command: &[&str]) -> Self {
        Self { moment: Moment::Answer, ..Self::new(name, command, "", 1) }
    }

    /// The shell script that the command is, if it is one.
    pub(crate) fn script(&self) -> Option<&str> {
        match self.command.as_slice() {
            [shell, option, script] if shell == "sh" && option == "-c" => Some(script),
            _ => None,
        }
    }

    fn measure(&self, ground: &dyn Ground) -> Result<Sample, BenchError> {
        let sample = ground.measure(self)?;
        if sample.rows == self.rows {
            return Ok(sample);
        }
        let problem = format!("{} rows instead of {}", sample.rows, self.rows);
        Err(BenchError::Answer { command: self.name.clone(), problem })
    }
}

/// Measures every contender `rounds` times; one run before that only warms the caches.
pub(crate) fn run(
    ground: &dyn Ground,
    scenario: &Scenario,
    rounds: usize,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<Figures>, BenchError> {
    say(&scenario.title);
    let mut samples = vec![Vec::with_capacity(rounds); scenario.contenders.len()];
    for contender in &scenario.contenders {
        contender.measure(ground)?;
    }
    for round in 1..=rounds {
        say(&format!("  round {round} of {rounds}"));
        for (contender, samples) in scenario.contenders.iter().zip(&mut samples) {
            samples.push(contender.measure(ground)?);
        }
    }
    Ok(samples.iter().map(|samples| figures(samples)).collect())
}

fn figures(samples: &[Sample]) -> Figures {
    let mut walls: Vec<Duration> = samples.iter().map(|sample| sample.wall).collect();
    walls.sort_unstable();
    let mut processor: Vec<Duration> = samples.iter().map(|sample| sample.processor).collect();
    processor.sort_unstable();
    Figures {
        median: median(&walls),
        fastest: walls.first().copied().unwrap_or_default(),
        slowest: walls.last().copied().unwrap_or_default(),
        processor: median(&processor),
        peak_memory: samples.iter().map(|sample| sample.peak_memory).max().unwrap_or_default(),
    }
}

/// Of sorted durations; between the middle two when their number is even.
fn median(sorted: &[Duration]) -> Duration {
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted) {
        (_, []) => Duration::ZERO,
        (0, _) => (sorted[middle - 1] + sorted[middle]) / 2,
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_run_does_not_move_the_median() {
        let samples = [12, 900, 10, 11, 13].map(|wall| Sample {
            wall: Duration::from_millis(wall),
            processor: Duration::from_millis(wall / 2),
            peak_memory: wall,
            rows: 1,
        });
        let milliseconds = Duration::from_millis;
        let expected = Figures {
            median: milliseconds(12),
            fastest: milliseconds(10),
            slowest: milliseconds(900),
            processor: milliseconds(6),
            peak_memory: 900,
        };
        assert_eq!(figures(&samples), expected);
    }

    #[test]
    fn an_even_number_of_runs_has_its_median_between_two() {
        assert_eq!(median(&[1, 2, 4, 9].map(Duration::from_secs)), Duration::from_secs(3));
    }
}
