//! tls: the chain of certificates that a server shows, and what this place thinks of it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::names::{self, Family};
use super::tool::{self, Failure, Outcome};
use super::trust::{Verdict, Witness};

const DAY: u64 = 86_400;

/// Show the certificates of a TLS server, and whether they are believed here
#[derive(Debug, Parser)]
#[command(
    name = "tls",
    after_help = "\
Examples:
  tls example.com
  tls registry:5000 --cafile /etc/docker/certs.d/registry/ca.crt
  tls 10.0.0.7:443 --servername example.com
  openssl s_client -connect registry:5000    the same

Exit codes: 0 the chain is believed, 1 it is not, 2 wrong use, 6 no such name, 7 no connection, 35 no TLS"
)]
struct Arguments {
    /// The server; without a port, 443
    #[arg(value_name = "HOST[:PORT]")]
    server: String,
    /// The name to ask for and to verify, where it is not the host
    #[arg(long, value_name = "NAME")]
    servername: Option<String>,
    /// A file of root certificates instead of the system's
    #[arg(long, value_name = "FILE")]
    cafile: Option<PathBuf>,
    /// Offer this protocol (ALPN); may be given several times
    #[arg(long, value_name = "PROTOCOL")]
    alpn: Vec<String>,
    /// Seconds until it is given up
    #[arg(short = 'w', long, value_name = "SECONDS", default_value = "10", value_parser = tool::seconds)]
    timeout: Duration,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| tool::block_on(look(arguments)))
}

/// `openssl s_client -connect HOST:PORT [-servername NAME] [-CAfile FILE]`, for fingers that know it.
pub(super) fn run_as_openssl(words: Vec<OsString>) -> i32 {
    const HELP: &str = "Usage: openssl s_client -connect HOST:PORT [-servername NAME] [-CAfile FILE]\n\
                        Shows the chain of a TLS server, as the tool tls does; nothing else of openssl is here.\n";
    tool::by_hand(words, HELP, |words| {
        let (first, rest) = words.split_first().ok_or_else(|| Failure::usage("only s_client is here"))?;
        if first != "s_client" {
            return Err(Failure::usage(format!("{first:?}: only s_client is here; --help shows how")));
        }
        let mut translated = vec!["tls".to_owned()];
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            let mut value =
                || rest.next().cloned().ok_or_else(|| Failure::usage(format!("{word} takes a value")));
            match word.as_str() {
                "-connect" => translated.push(value()?),
                "-servername" => translated.extend(["--servername".to_owned(), value()?]),
                "-CAfile" => translated.extend(["--cafile".to_owned(), value()?]),
                "-showcerts" | "-brief" => {}
                _ => return Err(Failure::usage(format!("unknown option {word}; --help shows how"))),
            }
        }
        let arguments = Arguments::try_parse_from(translated);
        let arguments = arguments.map_err(|_| Failure::usage("s_client takes -connect HOST:PORT"))?;
        tool::block_on(look(arguments))
    })
}

async fn look(arguments: Arguments) -> Outcome {
    let (host, port) = split(&arguments.server)?;
    let name = arguments.servername.clone().unwrap_or_else(|| host.to_owned());
    let server_name = ServerName::try_from(name.clone());
    let server_name = server_name.map_err(|_| Failure::usage(format!("{name:?} is no name of a server")))?;
    let addresses = names::addresses(host, port, Family::Any).map_err(|error| Failure::new(6, error))?;
    let witness = Witness::new(arguments.cafile.as_deref(), true)?;
    let protocols: Vec<&str> = arguments.alpn.iter().map(String::as_str).collect();
    let connector = TlsConnector::from(Arc::new(witness.client(&protocols)?));
    let work = async {
        let stream = TcpStream::connect(&addresses[..]).await;
        let stream = stream
            .map_err(|error| Failure::new(7, format!("cannot connect to {host} port {port}: {error}")))?;
        let peer = stream.peer_addr()?;
        let stream = connector.connect(server_name, stream).await;
        let stream = stream
            .map_err(|error| Failure::new(35, format!("{peer} was reached, but TLS failed: {error}")))?;
        Ok::<_, Failure>((peer, stream))
    };
    let (peer, stream) = tokio::time::timeout(arguments.timeout, work)
        .await
        .map_err(|_| Failure::new(28, format!("{host} port {port}: no answer in time")))??;
    let session = stream.get_ref().1;
    let verdict = witness.verdict().ok_or_else(|| Failure::new(35, "the server showed no certificate"))?;
    let mut text = format!("server     {peer}, asked for {name}\n");
    let version = session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default();
    let cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    let alpn = session.alpn_protocol().map(|protocol| format!(", {}", String::from_utf8_lossy(protocol)));
    let spoken =
        [version.replace("TLSv1_", "TLS 1."), cipher.map(|name| format!(", {name}")).unwrap_or_default()];
    let _infallible = writeln!(text, "protocol   {}{}", spoken.concat(), alpn.unwrap_or_default());
    text.push_str(&described(&verdict));
    let mut out = tool::out();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(i32::from(verdict.fault.is_some()))
}

/// A host and a port, the address of IPv6 in brackets.
fn split(server: &str) -> Result<(&str, u16), Failure> {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
        _ => (server, "443"),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    port.parse().map(|port| (host, port)).map_err(|_| Failure::usage(format!("{port:?} is no port")))
}

fn described(verdict: &Verdict) -> String {
    let mut text = match &verdict.fault {
        None => "believed   yes\n".to_owned(),
        Some(fault) => format!("believed   no: {fault}\n"),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    for (index, certificate) in verdict.chain.iter().enumerate() {
        let _infallible = match Certificate::from_der(certificate) {
            Ok(certificate) => write!(text, "\n{}", one(index, &certificate, now)),
            Err(error) => writeln!(text, "\n{index}  not understood: {error}"),
        };
    }
    text
}

fn one(index: usize, certificate: &Certificate, now: u64) -> String {
    let content = certificate.tbs_certificate();
    let (subject, issuer) = (content.subject().to_string(), content.issuer().to_string());
    let validity = content.validity();
    let (begin, end) =
        (validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs());
    let mut text = format!("{index}  subject  {}\n", if subject.is_empty() { "(none)" } else { &subject });
    let own = if subject == issuer { " (itself)" } else { "" };
    let _infallible = writeln!(text, "   issuer   {issuer}{own}");
    let names = alternative_names(certificate);
    if !names.is_empty() {
        let _infallible = writeln!(text, "   names    {}", names.join(", "));
    }
    let (not_before, not_after) = (validity.not_before, validity.not_after);
    let _infallible =
        writeln!(text, "   valid    {not_before} to {not_after}, {}", remaining(begin, end, now));
    text
}

fn remaining(begin: u64, end: u64, now: u64) -> String {
    if now < begin {
        format!("in {} days", (begin - now) / DAY)
    } else if now > end {
        format!("expired {} days ago", (now - end) / DAY)
    } else {
        format!("{} days left", (end - now) / DAY)
    }
}

fn alternative_names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, names))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    names.0.iter().filter_map(alternative_name).collect()
}

fn alternative_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => {
            Some(text.to_string())
        }
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            bytes if bytes.len() == 4 => {
                <[u8; 4]>::try_from(bytes).ok().map(|octets| std::net::Ipv4Addr::from(octets).to_string())
            }
            bytes => {
                <[u8; 16]>::try_from(bytes).ok().map(|octets| std::net::Ipv6Addr::from(octets).to_string())
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_split_off() {
        assert_eq!(split("db:5432").unwrap(), ("db", 5432));
        assert_eq!(split("example.com").unwrap(), ("example.com", 443));
        assert_eq!(split("[::1]:8443").unwrap(), ("::1", 8443));
        assert_eq!(split("::1").unwrap(), ("::1", 443));
        assert_eq!(split("db:x").unwrap_err().code(), 2);
    }
}
