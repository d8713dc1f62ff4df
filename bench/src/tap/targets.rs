//! What is to be reached, and whether it is.

use super::contender::Contender;
use super::intact::{CALLS, Intact};
use super::race::{Figure, Figures};
use super::scenario::Work;

/// A target and the figures that it was held against.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) title: &'static str,
    pub(crate) contender: Contender,
    /// How many scenarios reach it, of how many.
    pub(crate) reached: (usize, usize),
    /// The figure that is farthest from it, and where that was.
    pub(crate) worst: String,
}

/// Which scenarios a target is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Requests,
    Bulk,
    All,
}

/// A figure of porthole, of the same scenario's other contenders, and how the two are compared.
struct Rule {
    title: &'static str,
    kind: Kind,
    is_at_least: bool,
    limit: f64,
    value: fn(&Figures, &Figure) -> Option<f64>,
}

const RULES: &[Rule] = &[
    Rule {
        title: "requests, at least 0.9 of the bare relay's",
        kind: Kind::Requests,
        is_at_least: true,
        limit: 0.9,
        value: |_, figure| Some(figure.beside_bare),
    },
    Rule {
        title: "99th percentile, at most 1.2 of the bare relay's",
        kind: Kind::Requests,
        is_at_least: false,
        limit: 1.2,
        value: |_, figure| figure.p99_beside_bare,
    },
    Rule {
        title: "bulk, at least 0.95 of the bare relay's",
        kind: Kind::Bulk,
        is_at_least: true,
        limit: 0.95,
        value: |_, figure| Some(figure.beside_bare),
    },
    Rule {
        title: "requests, at least 5 times `socat -v`",
        kind: Kind::Requests,
        is_at_least: true,
        limit: 5.0,
        value: |figures, figure| Some(figure.rate / figures.of(Contender::SocatVerbose)?.rate),
    },
    Rule {
        title: "bulk, at least 100 times `socat -v`",
        kind: Kind::Bulk,
        is_at_least: true,
        limit: 100.0,
        value: |figures, figure| Some(figure.rate / figures.of(Contender::SocatVerbose)?.rate),
    },
    Rule {
        title: "processor time for bulk, at most half of `socat`'s",
        kind: Kind::Bulk,
        is_at_least: false,
        limit: 0.5,
        value: |figures, figure| Some(figure.processor? / figures.of(Contender::Socat)?.processor?),
    },
    Rule {
        title: "peak memory, at most 64 MiB",
        kind: Kind::All,
        is_at_least: false,
        limit: 64.0,
        value: |_, figure| Some(mebibytes(figure.peak_memory)),
    },
];

/// Every target for each of porthole's ways.
pub(crate) fn all(figures: &[Figures], intact: Intact) -> Vec<Target> {
    let ways = Contender::PORTHOLE;
    let rules = RULES.iter().flat_map(|rule| ways.map(|contender| rule.hold(figures, contender)));
    let counts = [(Contender::Viewing, intact.viewed), (Contender::Recording, intact.recorded)];
    let intact = counts.map(|(contender, count)| Target {
        title: "calls of 32 clients at once, every one whole",
        contender,
        reached: (count, CALLS),
        worst: format!("{count} of {CALLS}; `socat -v` {}", intact.socat),
    });
    rules.chain(intact).collect()
}

impl Rule {
    fn hold(&self, figures: &[Figures], contender: Contender) -> Target {
        let mut values = Vec::new();
        for figures in figures.iter().filter(|figures| self.is_for(figures)) {
            if let Some(value) = figures.of(contender).and_then(|figure| (self.value)(figures, figure)) {
                values.push((value, figures.scenario.title()));
            }
        }
        let reached = values.iter().filter(|(value, _)| self.is_reached(*value)).count();
        let count = values.len();
        values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let worst = if self.is_at_least { values.first() } else { values.last() };
        let worst = worst.map_or_else(String::new, |(value, title)| format!("{} ({title})", short(*value)));
        Target { title: self.title, contender, reached: (reached, count), worst }
    }

    fn is_for(&self, figures: &Figures) -> bool {
        match figures.scenario.work {
            Work::Requests(_) => self.kind != Kind::Bulk,
            Work::Bulk(_) => self.kind != Kind::Requests,
        }
    }

    fn is_reached(&self, value: f64) -> bool {
        if self.is_at_least { value >= self.limit } else { value <= self.limit }
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal of a mebibyte is what is shown")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// Two decimals of what is small, none of what is large.
pub(crate) fn short(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::load::Load;
    use crate::tap::scenario::Scenario;
    use crate::tap::stage::Server;

    fn figures(contender: Contender, beside_bare: f64) -> Figures {
        let load = Load { clients: 1, is_fresh: false };
        let scenario = Scenario { server: Server::Mock, work: Work::Requests(load) };
        let figure = Figure {
            contender,
            rate: 1.0,
            beside_bare,
            latency: None,
            p99_beside_bare: None,
            processor: None,
            peak_memory: 0,
        };
        Figures { scenario, of: vec![figure] }
    }

    #[test]
    fn the_worst_scenario_is_named_and_counted() {
        let ratios = [0.95, 0.8, 0.91].map(|ratio| figures(Contender::Viewing, ratio));
        let target = RULES[0].hold(&ratios, Contender::Viewing);
        assert_eq!((target.reached, target.worst.as_str()), ((2, 3), "0.80 (mock: kept, 1)"));
        assert_eq!(RULES[0].hold(&ratios, Contender::Recording).reached, (0, 0));
    }
}
