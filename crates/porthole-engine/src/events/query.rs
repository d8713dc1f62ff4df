//! Which events are asked for.

use std::collections::BTreeMap;

use porthole_model::EngineTime;

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// The engine's filters: `type`, `event`, `container`, `label`; values of one name are alternatives.
    pub filters: BTreeMap<String, Vec<String>>,
    /// The first moment; without it, now.
    pub since: Option<EngineTime>,
    /// The last moment; without it, there is no end.
    pub until: Option<EngineTime>,
}

impl EventQuery {
    /// The path of the call that asks for what happened since a moment.
    pub(super) fn path(&self, since: EngineTime) -> String {
        let mut path = format!("/events?since={}", seconds(since));
        if let Some(until) = self.until {
            path += &format!("&until={}", seconds(until));
        }
        if !self.filters.is_empty() {
            let filters = serde_json::json!(self.filters).to_string();
            path += &format!("&filters={}", crate::dormant::encoded(&filters));
        }
        path
    }
}

/// A moment as the API takes it: seconds and nine digits.
fn seconds(at: EngineTime) -> String {
    const BILLION: i64 = 1_000_000_000;
    format!("{}.{:09}", at.0.div_euclid(BILLION), at.0.rem_euclid(BILLION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_as_the_api_takes_it() {
        let query = EventQuery {
            filters: [("type".to_owned(), vec!["container".to_owned()])].into(),
            until: Some(EngineTime(2_000_000_000)),
            ..EventQuery::default()
        };
        assert_eq!(
            query.path(EngineTime(1_700_000_000_000_000_042)),
            "/events?since=1700000000.000000042&until=2.000000000\
             &filters=%7B%22type%22%3A%5B%22container%22%5D%7D"
        );
    }
}
