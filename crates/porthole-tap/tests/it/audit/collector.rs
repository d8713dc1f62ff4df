//! A receiver of OpenTelemetry logs: HTTP on a port of its own, protobuf decoded by the official types.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use porthole_tap::audit::AuditTarget;
use prost::Message;

/// How a collector answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answering {
    Takes,
    Refuses,
    TakesNone,
}

/// A collector that runs until the test ends.
pub(super) struct Collector {
    port: u16,
    pub(super) answering: Arc<Mutex<Answering>>,
    received: Arc<Mutex<Vec<ExportLogsServiceRequest>>>,
}

impl Collector {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            port: listener.local_addr().unwrap().port(),
            answering: Arc::new(Mutex::new(Answering::Takes)),
            received: Arc::default(),
        };
        let (answering, received) = (Arc::clone(&collector.answering), Arc::clone(&collector.received));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &answering, &received);
            }
        });
        collector
    }

    pub(super) fn target(&self) -> AuditTarget {
        format!("otlp://127.0.0.1:{}", self.port).parse().unwrap()
    }

    pub(super) fn answer(&self, answering: Answering) {
        *self.answering.lock().unwrap() = answering;
    }

    /// The attributes of the resource that the last records came from.
    pub(super) fn resource(&self) -> Vec<KeyValue> {
        let received = self.received.lock().unwrap();
        received.last().unwrap().resource_logs[0].resource.clone().unwrap().attributes
    }

    /// Every record, in the order it came.
    pub(super) fn records(&self) -> Vec<LogRecord> {
        let received = self.received.lock().unwrap();
        let scopes =
            received.iter().flat_map(|request| &request.resource_logs).flat_map(|logs| &logs.scope_logs);
        scopes.flat_map(|logs| logs.log_records.clone()).collect()
    }
}

/// The text or the number of an attribute.
pub(super) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    text(found.value.as_ref()?)
}

pub(super) fn text(value: &AnyValue) -> Option<String> {
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn serve(stream: TcpStream, answering: &Mutex<Answering>, received: &Mutex<Vec<ExportLogsServiceRequest>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let mut answer = ExportLogsServiceResponse::default();
        let answering = *answering.lock().unwrap();
        let status = if answering == Answering::Refuses { "503 Service Unavailable" } else { "200 OK" };
        match answering {
            Answering::Takes => received.lock().unwrap().push(request),
            Answering::TakesNone => {
                answer.partial_success = Some(ExportLogsPartialSuccess {
                    rejected_log_records: 1,
                    error_message: "no room".to_owned(),
                });
            }
            Answering::Refuses => {}
        }
        let body = answer.encode_to_vec();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    }
}

fn read(reader: &mut impl BufRead) -> Option<ExportLogsServiceRequest> {
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    if line.is_empty() {
        return None;
    }
    assert_eq!(line, "POST /v1/logs HTTP/1.1\r\n");
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "content-type" => assert_eq!(value.trim(), "application/x-protobuf"),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(ExportLogsServiceRequest::decode(&body[..]).unwrap())
}
