//! The progress of pulls, pushes, builds and loads, as the docker client prints it.

use porthole_model::JsonText;
use serde::Deserialize;

use crate::doc::{Line, Style};
use crate::units;

/// `jsonmessage.JSONMessage` of moby. A line with other fields is no progress.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    stream: Option<String>,
    status: Option<String>,
    id: Option<String>,
    progress: Option<String>,
    #[serde(rename = "progressDetail")]
    detail: Option<Detail>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    error_detail: Option<ErrorDetail>,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    current: i64,
    #[serde(default)]
    total: i64,
}

#[derive(Deserialize)]
struct ErrorDetail {
    message: Option<String>,
}

/// The lines of a progress message; `None` where it is something else.
pub(super) fn lines(value: &JsonText) -> Option<Vec<Line>> {
    let message: Message = serde_json::from_str(&value.text).ok().filter(|_| value.is_whole)?;
    let error = message.error_detail.and_then(|detail| detail.message).or(message.error);
    if let Some(error) = error {
        return Some(vec![Line::of(Style::Error, "error: ").plain(error.trim_end())]);
    }
    if let Some(stream) = message.stream {
        return Some(stream.trim_end().split('\n').map(|line| line.trim_end_matches('\r').into()).collect());
    }
    let status = message.status?;
    let id = message.id.filter(|id| !id.is_empty()).map(|id| format!("{id}: "));
    let line = Line::of(Style::Name, id.as_deref().unwrap_or_default()).plain(status.trim_end());
    let progress = message.progress.filter(|text| !text.is_empty());
    Some(vec![match progress.or_else(|| message.detail.and_then(|detail| detail.words())) {
        Some(progress) => line.with(Style::Faint, &format!(" {}", progress.trim())),
        None => line,
    }])
}

impl Detail {
    fn words(&self) -> Option<String> {
        let size = |bytes: i64| u64::try_from(bytes).ok().filter(|bytes| *bytes > 0).map(units::size);
        let current = size(self.current)?;
        Some(size(self.total).map_or_else(|| current.clone(), |total| format!("{current}/{total}")))
    }
}
