//! What many exchanges come to, counted as they pass, in memory that does not grow with their number.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use hdrhistogram::Histogram;
use porthole_model::{
    AnswerTimes, CallCount, Caller, ClientStatistics, Exchange, OperationStatistics, Timestamp,
    TrafficSummary,
};

/// Operations and clients beyond these are counted together: a client can name whatever it likes.
const MOST_KEYS: usize = 256;
/// The longest time that is told from longer ones: a day, in microseconds.
const LONGEST_TIME: u64 = 24 * 60 * 60 * 1_000_000;
/// Two digits: a quantile is within one percent.
const SIGNIFICANT_DIGITS: u8 = 2;

/// Counts exchanges as they pass.
#[derive(Debug)]
pub struct TrafficTally {
    shown: usize,
    total: CallCount,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    operations: HashMap<Option<String>, OperationTally>,
    clients: HashMap<Caller, CallCount>,
    slowest: Vec<Exchange>,
    failures: VecDeque<Exchange>,
}

#[derive(Debug)]
struct OperationTally {
    count: CallCount,
    /// Microseconds.
    times: Histogram<u32>,
    longest: Duration,
}

/// What `exchanges` come to, with at most `shown` of the slowest and of the failed ones.
pub fn traffic_summary<'a>(
    exchanges: impl IntoIterator<Item = &'a Exchange>,
    shown: usize,
) -> TrafficSummary {
    let mut tally = TrafficTally::new(shown);
    exchanges.into_iter().for_each(|exchange| tally.add(exchange));
    tally.summary()
}

impl TrafficTally {
    /// Nothing yet; at most `shown` of the slowest and of the failed exchanges are kept.
    pub fn new(shown: usize) -> Self {
        Self {
            shown,
            total: CallCount::default(),
            first: None,
            last: None,
            operations: HashMap::new(),
            clients: HashMap::new(),
            slowest: Vec::new(),
            failures: VecDeque::new(),
        }
    }

    /// Counts an exchange.
    pub fn add(&mut self, exchange: &Exchange) {
        count(&mut self.total, exchange);
        self.first = Some(self.first.map_or(exchange.started, |first| first.min(exchange.started)));
        self.last = self.last.max(Some(exchange.started));
        let operation = key(&self.operations, exchange.operation.clone(), None);
        self.operations.entry(operation).or_insert_with(OperationTally::new).add(exchange);
        let caller = key(&self.clients, Caller::from(&exchange.client), Caller::Others);
        count(self.clients.entry(caller).or_default(), exchange);
        self.keep_if_slow(exchange);
        self.keep_if_failed(exchange);
    }

    /// What they came to until now.
    pub fn summary(&self) -> TrafficSummary {
        let mut operations: Vec<_> = self.operations.iter().map(OperationTally::statistics).collect();
        operations.sort_by(|left, right| {
            right.count.calls.cmp(&left.count.calls).then_with(|| left.operation.cmp(&right.operation))
        });
        let mut clients: Vec<_> = self
            .clients
            .iter()
            .map(|(caller, count)| ClientStatistics { caller: caller.clone(), count: *count })
            .collect();
        clients.sort_by(|left, right| {
            right.count.calls.cmp(&left.count.calls).then_with(|| left.caller.cmp(&right.caller))
        });
        TrafficSummary {
            total: self.total,
            first: self.first,
            last: self.last,
            operations,
            clients,
            slowest: self.slowest.clone(),
            failures: self.failures.iter().cloned().collect(),
        }
    }

    /// The first of equally slow ones stays before the later ones.
    fn keep_if_slow(&mut self, exchange: &Exchange) {
        let time = exchange.answer_time();
        let place = self.slowest.partition_point(|kept| kept.answer_time() >= time);
        if place < self.shown {
            self.slowest.truncate(self.shown - 1);
            self.slowest.insert(place, exchange.clone());
        }
    }

    fn keep_if_failed(&mut self, exchange: &Exchange) {
        if exchange.has_failed() && self.shown > 0 {
            if self.failures.len() == self.shown {
                self.failures.pop_front();
            }
            self.failures.push_back(exchange.clone());
        }
    }
}

impl OperationTally {
    fn new() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST_TIME, SIGNIFICANT_DIGITS);
        Self {
            count: CallCount::default(),
            times: times.expect("one microsecond to a day in two digits are bounds that a histogram takes"),
            longest: Duration::ZERO,
        }
    }

    fn add(&mut self, exchange: &Exchange) {
        count(&mut self.count, exchange);
        let time = exchange.answer_time();
        self.longest = self.longest.max(time);
        self.times.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    fn statistics((operation, tally): (&Option<String>, &Self)) -> OperationStatistics {
        // A histogram answers with the upper end of a step, which may lie above the longest time.
        let quantile =
            |quantile| Duration::from_micros(tally.times.value_at_quantile(quantile)).min(tally.longest);
        let times = AnswerTimes {
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            longest: tally.longest,
        };
        OperationStatistics { operation: operation.clone(), count: tally.count, times }
    }
}

fn key<K: Eq + std::hash::Hash, V>(kept: &HashMap<K, V>, wanted: K, rest: K) -> K {
    if kept.len() < MOST_KEYS || kept.contains_key(&wanted) { wanted } else { rest }
}

fn count(count: &mut CallCount, exchange: &Exchange) {
    count.calls += 1;
    count.failed += u64::from(exchange.has_failed());
    count.request_bytes = count.request_bytes.saturating_add(exchange.request.body);
    count.answer_bytes = count.answer_bytes.saturating_add(exchange.answer.body);
}

#[cfg(test)]
mod tests {
    use porthole_model::{ExchangeId, Upgrade};
    use proptest::prelude::*;

    use super::*;
    use crate::sample_exchange::exchange;

    fn timed(id: u64, operation: &str, millis: u64) -> Exchange {
        Exchange {
            id: ExchangeId(id),
            operation: Some(operation.to_owned()),
            duration: Duration::from_millis(millis),
            ..exchange()
        }
    }

    #[test]
    fn calls_are_counted_by_operation_and_client() {
        let mut refused = timed(2, "ContainerStart", 7);
        refused.status = Some(404);
        let list = timed(1, "ContainerList", 5);
        let summary = traffic_summary([&list, &refused, &list], 10);
        assert_eq!((summary.total.calls, summary.total.failed), (3, 1));
        assert_eq!(summary.total.answer_bytes, 3 * list.answer.body);
        let counted: Vec<_> =
            summary.operations.iter().map(|of| (of.operation.as_deref().unwrap(), of.count.calls)).collect();
        assert_eq!(counted, [("ContainerList", 2), ("ContainerStart", 1)]);
        assert_eq!(summary.clients.len(), 1);
        assert_eq!(summary.failures, [refused]);
    }

    #[test]
    fn the_slowest_are_kept_in_order() {
        let exchanges: Vec<_> =
            [3, 9, 1, 9, 4].iter().zip(1..).map(|(time, id)| timed(id, "X", *time)).collect();
        let ids = |shown| {
            traffic_summary(&exchanges, shown).slowest.iter().map(|kept| kept.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(3), [2, 4, 5]);
        assert_eq!(ids(10), [2, 4, 5, 1, 3]);
        assert!(ids(0).is_empty());
    }

    #[test]
    fn the_last_failures_are_kept() {
        let failed = |id| Exchange { status: Some(500), ..timed(id, "X", 1) };
        let exchanges: Vec<_> = (1..=5).map(failed).collect();
        let kept: Vec<_> = traffic_summary(&exchanges, 2).failures.iter().map(|kept| kept.id.0).collect();
        assert_eq!(kept, [4, 5]);
    }

    #[test]
    fn a_long_session_is_not_a_slow_answer() {
        let session = Exchange {
            upgraded: Some(Upgrade::Protocol("tcp".into())),
            first_byte: Some(Duration::from_millis(2)),
            ..timed(1, "ExecStart", 3_600_000)
        };
        assert_eq!(traffic_summary([&session], 1).operations[0].times.longest, Duration::from_millis(2));
    }

    #[test]
    fn names_without_end_do_not_grow_the_tally() {
        let exchanges: Vec<_> = (0..1000).map(|id| timed(id, &format!("Made{id}"), 1)).collect();
        let summary = traffic_summary(&exchanges, 10);
        assert_eq!(summary.operations.len(), MOST_KEYS + 1);
        assert_eq!(summary.operations[0].operation, None);
        assert_eq!(summary.operations.iter().map(|of| of.count.calls).sum::<u64>(), 1000);
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(mut times in prop::collection::vec(0_u64..10_000_000, 1..200)) {
            let exchanges: Vec<_> = times
                .iter()
                .map(|time| Exchange { duration: Duration::from_micros(*time), ..timed(1, "X", 0) })
                .collect();
            let found = traffic_summary(&exchanges, 0).operations[0].times;
            times.sort_unstable();
            for (quantile, found) in [(50, found.p50), (95, found.p95), (99, found.p99)] {
                let rank = (times.len() * quantile).div_ceil(100);
                let exact = Duration::from_micros(times[rank - 1]);
                prop_assert!(found >= exact && found <= exact.mul_f64(1.01) + Duration::from_micros(1));
            }
            prop_assert_eq!(found.longest, Duration::from_micros(times[times.len() - 1]));
        }
    }
}
