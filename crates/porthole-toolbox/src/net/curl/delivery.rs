//! An answer's head and body, to where they were asked for.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use http_body_util::BodyExt;

use super::connection::Answer;
use super::target::Target;
use super::{Arguments, code};
use crate::net::tool::{Failure, Outcome};

/// Writes the answer as it comes.
pub(super) async fn deliver(arguments: &Arguments, target: &Target, answer: Answer) -> Outcome {
    let Answer { response, peer, begin } = answer;
    let status = response.status();
    let mut out = destination(arguments, target)?;
    if arguments.include || arguments.head {
        out.write_all(head(&response).as_bytes()).map_err(Failure::from)?;
    }
    let mut body = response.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::new(code::BROKEN, format!("broken off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            length += data.len();
            written(out.write_all(&data).and_then(|()| out.flush()))?;
        }
    }
    written(out.flush())?;
    if let Some(format) = &arguments.write_out {
        let facts = [
            ("http_code", status.as_u16().to_string()),
            ("response_code", status.as_u16().to_string()),
            ("remote_ip", peer.map(|peer| peer.ip().to_string()).unwrap_or_default()),
            ("remote_port", peer.map(|peer| peer.port().to_string()).unwrap_or_default()),
            ("size_download", length.to_string()),
            ("time_total", format!("{:.6}", begin.elapsed().as_secs_f64())),
            ("url_effective", target.url()),
        ];
        written(io::stdout().write_all(filled(format, &facts).as_bytes()))?;
    }
    Ok(0)
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(code::NOT_WRITTEN),
        _ => Failure::new(code::NOT_WRITTEN, format!("cannot write: {error}")),
    })
}

fn destination(arguments: &Arguments, target: &Target) -> Result<Box<dyn Write>, Failure> {
    let path = match &arguments.output {
        Some(path) if path.as_os_str() != "-" => path.as_path(),
        None if arguments.remote_name => Path::new(target.file_name().ok_or_else(|| {
            Failure::new(code::NOT_WRITTEN, format!("{} has no file name; -o gives one", target.url()))
        })?),
        _ => return Ok(Box::new(io::stdout())),
    };
    let file = File::create(path);
    let failed = |error| Failure::new(code::NOT_WRITTEN, format!("{}: {error}", path.display()));
    Ok(Box::new(file.map_err(failed)?))
}

fn head(response: &hyper::Response<hyper::body::Incoming>) -> String {
    let mut head = format!("{:?} {}\r\n", response.version(), response.status());
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _infallible = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// `%{name}` is a fact, `\n` and `\t` are what they are elsewhere.
fn filled(format: &str, facts: &[(&str, String)]) -> String {
    let mut text = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    for (name, value) in facts {
        text = text.replace(&format!("%{{{name}}}"), value);
    }
    text
}
