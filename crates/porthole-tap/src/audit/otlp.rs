//! An audit at an OpenTelemetry collector: a log record a line, over HTTP in protobuf.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{LogExporter, Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, SdkLogRecord, SdkLogger, SdkLoggerProvider};
use prost::Message as _;
use tokio::runtime::Runtime;

use super::chain::Chain;
use super::line::{After, Line};
use super::otlp_attributes::attributes;
use super::writer::{Opening, Place, Sealed};

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An audit at a collector.
pub(super) struct Otlp {
    runtime: Runtime,
    exporter: LogExporter,
    logger: SdkLogger,
    scope: InstrumentationScope,
    opening: Option<Opening>,
}

impl Otlp {
    pub(super) fn new(url: &str) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = Checked(HyperClient::with_default_connector(PATIENCE, None));
        let builder = LogExporter::builder().with_http().with_http_client(client);
        let builder = builder.with_protocol(Protocol::HttpBinary).with_endpoint(url).with_timeout(PATIENCE);
        let mut exporter = builder.build().map_err(io::Error::other)?;
        exporter.set_resource(&resource());
        let scope =
            InstrumentationScope::builder("porthole.audit").with_version(env!("CARGO_PKG_VERSION")).build();
        // Records are exported here, where the collector's answer is seen, and not by a processor of the provider.
        let logger = SdkLoggerProvider::builder().build().logger_with_scope(scope.clone());
        let opening = Some(Opening { after: After::Start, torn: None });
        Ok(Self { runtime, exporter, logger, scope, opening })
    }

    fn record(&self, sealed: &Sealed<'_>) -> SdkLogRecord {
        let mut record = self.logger.create_log_record();
        let at = std::time::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(sealed.at.wall.0).unwrap_or_default());
        record.set_timestamp(at);
        record.set_observed_timestamp(at);
        record.set_event_name(event_name(&sealed.line));
        record.set_severity_number(severity(&sealed.line));
        record.set_body(sealed.text.clone().into());
        record.add_attributes(attributes(sealed.sequence, &sealed.line));
        record
    }
}

impl Place for Otlp {
    fn prepare(&mut self, _chain: &mut Chain) -> io::Result<Option<Opening>> {
        Ok(self.opening.clone())
    }

    fn write(&mut self, lines: &[Sealed<'_>]) -> io::Result<()> {
        let records: Vec<_> = lines.iter().map(|line| self.record(line)).collect();
        let batch: Vec<_> = records.iter().map(|record| (record, &self.scope)).collect();
        let sent = self.runtime.block_on(self.exporter.export(LogBatch::new(&batch)));
        sent.map_err(io::Error::other)?;
        self.opening = None;
        Ok(())
    }
}

fn resource() -> Resource {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Resource::builder_empty()
        .with_service_name("porthole")
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("host.name", host),
        ])
        .build()
}

fn event_name(line: &Line<'_>) -> &'static str {
    match line {
        Line::Opened(_) => "porthole.audit.opened",
        Line::Asked { .. } => "porthole.audit.asked",
        Line::Answered { .. } => "porthole.audit.answered",
        Line::Refused { .. } => "porthole.audit.refused",
        Line::Lost { .. } => "porthole.audit.lost",
        Line::Closed { .. } => "porthole.audit.closed",
    }
}

fn severity(line: &Line<'_>) -> Severity {
    match line {
        Line::Lost { .. } => Severity::Error,
        Line::Refused { .. } => Severity::Warn,
        Line::Answered { answer, .. } if answer.failed => Severity::Warn,
        _ => Severity::Info,
    }
}

/// A client that takes a collector's partial success for what it is: records that were not taken.
#[derive(Debug)]
struct Checked<C>(C);

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl<C: HttpClient> HttpClient for Checked<C> {
    fn send_bytes<'life, 'sending>(&'life self, request: Request<Bytes>) -> Sending<'sending>
    where
        'life: 'sending,
        Self: 'sending,
    {
        Box::pin(async move {
            let response = self.0.send_bytes(request).await?;
            refused(&response).map_or(Ok(response), |reason| Err(reason.into()))
        })
    }
}

/// What the collector says of records that it did not take.
fn refused(response: &Response<Bytes>) -> Option<String> {
    let partial = ExportLogsServiceResponse::decode(response.body().clone()).ok()?.partial_success?;
    let is_refused = response.status().is_success() && partial.rejected_log_records > 0;
    is_refused.then(|| {
        format!("the collector refused {} records: {}", partial.rejected_log_records, partial.error_message)
    })
}

impl fmt::Debug for Otlp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Otlp").field("exporter", &self.exporter).finish_non_exhaustive()
    }
}
