//! Where an audit goes, as it is typed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// The socket of the system's log.
const LOG_SOCKET: &str = "/dev/log";

/// The port of OTLP over HTTP (OTLP specification, "OTLP/HTTP Default Port").
const OTLP_PORT: u16 = 4318;

/// The path of logs (OTLP specification, "OTLP/HTTP Request").
const OTLP_PATH: &str = "/v1/logs";

/// Where an audit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// A file, to which lines are appended.
    File(PathBuf),
    /// The system's log, by its socket of datagrams.
    Syslog(PathBuf),
    /// An OpenTelemetry collector, by the URL that takes logs over HTTP.
    Otlp(String),
}

/// A place that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("give a file, syslog, syslog:///path/of/a.socket, or otlp://host[:port][/path]")]
pub struct WrongTarget;

impl FromStr for AuditTarget {
    type Err = WrongTarget;

    fn from_str(text: &str) -> Result<Self, WrongTarget> {
        match text.split_once("://") {
            None if text == "syslog" => Ok(Self::Syslog(LOG_SOCKET.into())),
            Some(("syslog", path)) if path.starts_with('/') => Ok(Self::Syslog(path.into())),
            Some(("otlp", place)) => collector(place).map(Self::Otlp).ok_or(WrongTarget),
            None if !text.is_empty() => Ok(Self::File(text.into())),
            _ => Err(WrongTarget),
        }
    }
}

fn collector(place: &str) -> Option<String> {
    let (authority, path) = place.find('/').map_or((place, OTLP_PATH), |start| place.split_at(start));
    let path = if path == "/" { OTLP_PATH } else { path };
    let host_end = authority.rfind(']').map_or(0, |end| end + 1);
    let has_port = authority[host_end..].contains(':');
    let is_plain =
        !authority.is_empty() && !authority.contains(['@', '?', '#']) && !authority.starts_with(':');
    let port = if has_port { String::new() } else { format!(":{OTLP_PORT}") };
    is_plain.then(|| format!("http://{authority}{port}{path}"))
}

impl fmt::Display for AuditTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Syslog(path) => write!(formatter, "{}", path.display()),
            Self::Otlp(url) => formatter.write_str(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_place_is_understood() {
        let otlp = |url: &str| Ok(AuditTarget::Otlp(url.to_owned()));
        assert_eq!("audit.log".parse(), Ok(AuditTarget::File("audit.log".into())));
        assert_eq!("./syslog".parse(), Ok(AuditTarget::File("./syslog".into())));
        assert_eq!("syslog".parse(), Ok(AuditTarget::Syslog("/dev/log".into())));
        assert_eq!("syslog:///run/log".parse(), Ok(AuditTarget::Syslog("/run/log".into())));
        assert_eq!("otlp://collector".parse(), otlp("http://collector:4318/v1/logs"));
        assert_eq!("otlp://[::1]".parse(), otlp("http://[::1]:4318/v1/logs"));
        assert_eq!("otlp://[::1]:80/".parse(), otlp("http://[::1]:80/v1/logs"));
        assert_eq!("otlp://10.0.0.1:99/otel/logs".parse(), otlp("http://10.0.0.1:99/otel/logs"));
        for wrong in ["", "otlp://", "otlp://:4318", "otlp://u:p@h", "syslog://host", "http://h"] {
            assert_eq!(wrong.parse::<AuditTarget>(), Err(WrongTarget), "{wrong}");
        }
    }
}
