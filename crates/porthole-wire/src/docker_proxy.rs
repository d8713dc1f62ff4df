//! The arguments of a docker-proxy process (`cmd/docker-proxy` of moby), read as Go's `flag` package reads them.

use std::net::IpAddr;
use std::str::FromStr;

use porthole_model::{DockerProxy, Pid, Port, TransportProtocol};
use thiserror::Error;

/// Why the arguments of a docker-proxy were not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("docker-proxy {pid}: -{flag} {problem}")]
pub struct DockerProxyError {
    /// The process.
    pub pid: Pid,
    /// The flag.
    pub flag: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// What the process relays; `None` when these are not the arguments of an engine's proxy.
pub fn parse(pid: Pid, arguments: &[&str]) -> Result<Option<DockerProxy>, DockerProxyError> {
    let Some((program, arguments)) = arguments.split_first() else { return Ok(None) };
    if program.rsplit('/').next() != Some("docker-proxy") || find(arguments, "container-ip").is_none() {
        return Ok(None);
    }
    Ok(Some(DockerProxy {
        pid,
        protocol: protocol(pid, find(arguments, "proto"))?,
        host_address: value::<IpAddr>(pid, arguments, "host-ip")?,
        host_port: Port(value(pid, arguments, "host-port")?),
        container_address: value::<IpAddr>(pid, arguments, "container-ip")?,
        container_port: Port(value(pid, arguments, "container-port")?),
    }))
}

/// `-flag value`, `--flag value`, `-flag=value`.
fn find<'a>(arguments: &[&'a str], flag: &str) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(place, argument)| {
        let name = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
        match name.strip_prefix(flag)? {
            "" => arguments.get(place + 1).copied(),
            rest => rest.strip_prefix('='),
        }
    })
}

/// The flag's default is TCP.
fn protocol(pid: Pid, word: Option<&str>) -> Result<TransportProtocol, DockerProxyError> {
    match word {
        None | Some("tcp") => Ok(TransportProtocol::Tcp),
        Some("udp") => Ok(TransportProtocol::Udp),
        Some("sctp") => Ok(TransportProtocol::Sctp),
        Some(other) => Err(DockerProxyError { pid, flag: "proto", problem: format!("is {other:?}") }),
    }
}

fn value<T: FromStr>(pid: Pid, arguments: &[&str], flag: &'static str) -> Result<T, DockerProxyError> {
    let wrong = |problem| DockerProxyError { pid, flag, problem };
    let word = find(arguments, flag).ok_or_else(|| wrong("is not there".to_owned()))?;
    word.parse().map_err(|_| wrong(format!("is {word:?}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(line: &str) -> Result<Option<DockerProxy>, DockerProxyError> {
        parse(Pid(9), &line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn the_arguments_of_docker_20_and_28() {
        let expected = DockerProxy {
            pid: Pid(9),
            protocol: TransportProtocol::Udp,
            host_address: "::".parse().unwrap(),
            host_port: Port(5353),
            container_address: "172.17.0.2".parse().unwrap(),
            container_port: Port(53),
        };
        for line in [
            "/usr/bin/docker-proxy -proto udp -host-ip :: -host-port 5353 -container-ip 172.17.0.2 -container-port 53",
            "docker-proxy -use-listen-fd -proto=udp -host-ip=:: -host-port=5353 --container-ip=172.17.0.2 --container-port 53",
        ] {
            assert_eq!(parsed(line), Ok(Some(expected.clone())), "{line}");
        }
    }

    #[test]
    fn other_programs_are_none() {
        assert_eq!(parsed("haproxy -f x"), Ok(None));
        assert_eq!(parsed("docker-proxy --help"), Ok(None));
        assert_eq!(parse(Pid(9), &[]), Ok(None));
    }

    #[test]
    fn a_wrong_value_is_named() {
        let error =
            parsed("docker-proxy -host-ip 0.0.0.0 -host-port 99999 -container-ip 10.0.0.1").unwrap_err();
        assert_eq!((error.flag, error.problem.as_str()), ("host-port", "is \"99999\""));
    }

    proptest! {
        #[test]
        fn any_arguments_give_no_panic(arguments: Vec<String>) {
            let mut words = vec!["docker-proxy", "-container-ip"];
            words.extend(arguments.iter().map(String::as_str));
            let _ = parse(Pid(1), &words).is_ok();
        }
    }
}
