//! What is measured.

use std::time::Duration;

use super::bulk::{self, Transfer, Upload};
use super::contender::Running;
use super::load::{self, Load};
use super::stage::{Server, Stage};
use crate::error::BenchError;

/// How much is done of each thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// How long requests are sent.
    pub(crate) requests: Duration,
    /// Bytes of an image.
    pub(crate) image: u64,
    /// Bytes of a stream.
    pub(crate) stream: u64,
}

/// All of it.
pub(crate) const FULL: Extent =
    Extent { requests: Duration::from_millis(700), image: 500_000_000, stream: 1_000_000_000 };

/// Enough to see whether something went wrong.
pub(crate) const SHORT: Extent =
    Extent { requests: Duration::from_millis(300), image: 100_000_000, stream: 200_000_000 };

/// For `socat -v`, which relays less than a megabyte a second.
pub(crate) const SMALL: Extent =
    Extent { requests: Duration::from_millis(700), image: 1_000_000, stream: 1_000_000 };

/// Something to do through each contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) server: Server,
    pub(crate) work: Work,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Requests(Load),
    Bulk(Bulk),
}

/// Many bytes, one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bulk {
    Save,
    Load,
    ExecOut,
    ExecIn,
    Length,
    Chunks,
    Upload,
    StreamDown,
    StreamUp,
}

/// What one round of one contender gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// Requests or bytes a second.
    pub(crate) rate: f64,
    /// Median and 99th percentile of the requests.
    pub(crate) latency: Option<(Duration, Duration)>,
    /// The contender's processor seconds for a request or a byte.
    pub(crate) processor: Option<f64>,
}

/// All scenarios in the order of the rows.
pub(crate) fn all() -> Vec<Scenario> {
    let requests = [Server::Engine, Server::Mock].into_iter().flat_map(|server| {
        [false, true].into_iter().flat_map(move |is_fresh| {
            [1, 8, 32].map(|clients| Scenario { server, work: Work::Requests(Load { clients, is_fresh }) })
        })
    });
    let bulk = |server, works: &'static [Bulk]| {
        works.iter().map(move |bulk| Scenario { server, work: Work::Bulk(*bulk) })
    };
    requests
        .chain(bulk(Server::Engine, &[Bulk::Save, Bulk::Load, Bulk::ExecOut, Bulk::ExecIn]))
        .chain(bulk(
            Server::Mock,
            &[Bulk::Length, Bulk::Chunks, Bulk::Upload, Bulk::StreamDown, Bulk::StreamUp],
        ))
        .collect()
}

impl Scenario {
    /// As a row names it.
    pub(crate) fn title(&self) -> String {
        let what = match self.work {
            Work::Requests(Load { clients, is_fresh }) => {
                format!("{}, {clients}", if is_fresh { "fresh" } else { "kept" })
            }
            Work::Bulk(bulk) => bulk.title().to_owned(),
        };
        format!("{}: {what}", self.server.title())
    }

    /// Does it once through a running contender.
    pub(crate) fn measure(
        &self,
        stage: &Stage,
        running: &Running,
        extent: Extent,
    ) -> Result<Sample, BenchError> {
        let before = running.usage()?;
        let (amount, elapsed, latency) = match self.work {
            Work::Requests(load) => {
                let requests = load::run(running.socket(), load, extent.requests)?;
                (requests.count as u64, requests.elapsed, Some((requests.p50, requests.p99)))
            }
            Work::Bulk(bulk) => {
                let transfer = bulk.transfer(stage, extent)?;
                (transfer.bytes, bulk::run(running.socket(), &transfer)?, None)
            }
        };
        let processor = running.usage()?.zip(before).map(|(after, before)| {
            (after.processor.saturating_sub(before.processor)).as_secs_f64() / float(amount)
        });
        Ok(Sample { rate: float(amount) / elapsed.as_secs_f64(), latency, processor })
    }
}

#[expect(clippy::cast_precision_loss, reason = "ratios need no more than 52 bits")]
fn float(number: u64) -> f64 {
    number as f64
}

impl Bulk {
    fn title(self) -> &'static str {
        match self {
            Self::Save => "an image saved",
            Self::Load => "an image loaded",
            Self::ExecOut => "exec, output",
            Self::ExecIn => "exec, input",
            Self::Length => "answer of known length",
            Self::Chunks => "answer in chunks",
            Self::Upload => "request of known length",
            Self::StreamDown => "stream from the engine",
            Self::StreamUp => "stream to the engine",
        }
    }

    fn transfer(self, stage: &Stage, extent: Extent) -> Result<Transfer, BenchError> {
        let Extent { image: image_bytes, stream: bytes, .. } = extent;
        let image = if image_bytes == SMALL.image { "small" } else { "large" };
        let get =
            |target: String| format!("GET {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n");
        let post = |target: String, headers: String| {
            format!("POST {target} HTTP/1.1\r\nHost: docker\r\n{headers}\r\n\r\n")
        };
        let start = |id: &str| {
            let headers =
                "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: tcp";
            post(format!("/v1.41/exec/{id}/start"), headers.to_owned()) + "{}"
        };
        let down =
            |head: String, bytes| Transfer { head, upload: Upload::Nothing, bytes, ends_with: String::new() };
        let stream = |id: &str| Transfer {
            head: start(id),
            upload: Upload::Stream(bytes),
            bytes,
            ends_with: bytes.to_string(),
        };
        Ok(match self {
            Self::Save => down(get(format!("/v1.41/images/{image}:1/get")), image_bytes),
            Self::Load => Transfer {
                head: post(
                    "/v1.41/images/load?quiet=1".to_owned(),
                    "Content-Type: application/x-tar\r\nConnection: close\r\nTransfer-Encoding: chunked"
                        .to_owned(),
                ),
                upload: Upload::Chunks(stage.saved(image)),
                bytes: image_bytes,
                ends_with: "0".to_owned(),
            },
            Self::ExecOut => down(start(&stage.exec(&format!("head -c {bytes} /dev/zero"))?), bytes),
            Self::ExecIn => stream(&stage.exec("wc -c")?),
            Self::Length => down(get(format!("/down/{bytes}")), bytes),
            Self::Chunks => down(get(format!("/chunks/{bytes}")), bytes),
            Self::Upload => Transfer {
                head: post(format!("/up/{bytes}"), format!("Content-Length: {bytes}")),
                upload: Upload::Zeros(bytes),
                bytes,
                ends_with: "done".to_owned(),
            },
            Self::StreamDown => down(start(&format!("give-{bytes}")), bytes),
            Self::StreamUp => stream("take"),
        })
    }
}
