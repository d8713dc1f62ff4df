//! All contenders in turn, round after round, so that what disturbs the machine hits all alike.

use std::collections::BTreeMap;
use std::time::Duration;

use super::contender::{Contender, Running};
use super::scenario::{Extent, SMALL, Sample, Scenario, Work};
use super::stage::Stage;
use crate::error::BenchError;

/// The figures of a scenario: each the median of its rounds.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) scenario: Scenario,
    pub(crate) of: Vec<Figure>,
}

/// The figures of one contender.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) contender: Contender,
    /// Requests or bytes a second.
    pub(crate) rate: f64,
    /// The rate beside that of the bare relay in the same round.
    pub(crate) beside_bare: f64,
    pub(crate) latency: Option<(Duration, Duration)>,
    /// The 99th percentile beside the bare relay's in the same round.
    pub(crate) p99_beside_bare: Option<f64>,
    /// Processor seconds for a request or a byte.
    pub(crate) processor: Option<f64>,
    /// In bytes, of the largest process.
    pub(crate) peak_memory: u64,
}

impl Figures {
    /// The figure of a contender.
    pub(crate) fn of(&self, contender: Contender) -> Option<&Figure> {
        self.of.iter().find(|figure| figure.contender == contender)
    }
}

/// Measures `rounds` times; one run before that only warms the caches.
pub(crate) fn run(
    stage: &Stage,
    scenario: Scenario,
    extent: Extent,
    rounds: usize,
) -> Result<Figures, BenchError> {
    let engine = stage.socket(scenario.server);
    let start = |contender| Running::start(contender, &stage.programs, &stage.directory(), &engine);
    let contenders = Contender::ALL.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
    let mut samples: BTreeMap<usize, Vec<Sample>> = BTreeMap::new();
    for round in 0..=rounds {
        eprintln!("{}: round {round} of {rounds}", scenario.title());
        for (place, running) in contenders.iter().enumerate() {
            let is_slow =
                running.contender == Contender::SocatVerbose && matches!(scenario.work, Work::Bulk(_));
            if is_slow && round > 1 {
                continue;
            }
            let extent = if is_slow || (round == 0 && matches!(scenario.work, Work::Bulk(_))) {
                SMALL
            } else {
                extent
            };
            let sample = scenario.measure(stage, running, extent)?;
            if round > 0 {
                samples.entry(place).or_default().push(sample);
            }
        }
    }
    let bare = place_of(&contenders, Contender::Bare).and_then(|place| samples.get(&place)).cloned();
    let bare = bare.unwrap_or_default();
    let mut of = Vec::new();
    for (place, running) in contenders.into_iter().enumerate() {
        let peak_memory = running.usage()?.map_or(0, |usage| usage.peak_memory);
        of.push(figure(running.contender, &samples[&place], &bare, peak_memory));
        running.end()?;
    }
    Ok(Figures { scenario, of })
}

fn place_of(contenders: &[Running], contender: Contender) -> Option<usize> {
    contenders.iter().position(|running| running.contender == contender)
}

fn figure(contender: Contender, samples: &[Sample], bare: &[Sample], peak_memory: u64) -> Figure {
    let p99 = |sample: &Sample| sample.latency.map(|(_, p99)| p99);
    let beside = |(sample, bare): (&Sample, &Sample)| sample.rate / bare.rate;
    let p99_beside =
        |(sample, bare): (&Sample, &Sample)| Some(p99(sample)?.as_secs_f64() / p99(bare)?.as_secs_f64());
    let seconds = |part: fn((Duration, Duration)) -> Duration| {
        let of_all: Vec<f64> =
            samples.iter().filter_map(|sample| Some(part(sample.latency?).as_secs_f64())).collect();
        median(of_all).map(Duration::from_secs_f64)
    };
    Figure {
        contender,
        rate: median(samples.iter().map(|sample| sample.rate).collect()).unwrap_or_default(),
        beside_bare: median(samples.iter().zip(bare).map(beside).collect()).unwrap_or_default(),
        latency: seconds(|(p50, _)| p50).zip(seconds(|(_, p99)| p99)),
        p99_beside_bare: median(samples.iter().zip(bare).filter_map(p99_beside).collect()),
        processor: median(samples.iter().filter_map(|sample| sample.processor).collect()),
        peak_memory,
    }
}

/// Between the middle two when their number is even.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => None,
        0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rate: f64, p99: u64) -> Sample {
        Sample { rate, latency: Some((Duration::ZERO, Duration::from_millis(p99))), processor: Some(1.0) }
    }

    #[test]
    fn a_round_is_compared_with_the_same_round_of_the_bare_relay() {
        let bare = [sample(100.0, 1), sample(10.0, 10), sample(100.0, 1)];
        let slow = [sample(50.0, 2), sample(5.0, 20), sample(90.0, 1)];
        let figure = figure(Contender::Viewing, &slow, &bare, 0);
        assert_eq!((figure.rate, figure.beside_bare), (50.0, 0.5));
        assert_eq!(figure.p99_beside_bare, Some(2.0));
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
    }
}
