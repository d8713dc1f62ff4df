//! The name servers that dockerd was given: its settings file, and its command line.

use porthole_model::NameServer;
use serde::Deserialize;
use thiserror::Error;

use super::name_server;

/// Where dockerd looks for its settings unless told otherwise.
const SETTINGS_FILE: &str = "/etc/docker/daemon.json";

/// A settings file that is not understood.
#[derive(Debug, Error)]
#[error("the engine's settings are not understood: {0}")]
pub struct SettingsError(#[from] serde_json::Error);

/// The `dns` of a daemon.json; what is no address there, dockerd would not start with.
pub fn servers_in_settings(text: &[u8]) -> Result<Vec<NameServer>, SettingsError> {
    #[derive(Deserialize)]
    struct Settings {
        #[serde(default)]
        dns: Option<Vec<String>>,
    }
    if text.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let settings: Settings = serde_json::from_slice(text)?;
    Ok(settings.dns.unwrap_or_default().iter().filter_map(|word| name_server(word)).collect())
}

/// The `--dns` of dockerd's command line.
pub fn servers_in_arguments(arguments: &[&str]) -> Vec<NameServer> {
    values(arguments, "--dns").flat_map(|value| value.split(',')).filter_map(name_server).collect()
}

/// The settings file that dockerd was told to read.
pub fn settings_file<'a>(arguments: &'a [&'a str]) -> &'a str {
    values(arguments, "--config-file").last().unwrap_or(SETTINGS_FILE)
}

/// `--option value` and `--option=value`.
fn values<'a>(arguments: &'a [&'a str], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().filter_map(move |(index, word)| match word.strip_prefix(option)? {
        "" => arguments.get(index + 1).copied(),
        rest => rest.strip_prefix('='),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_of_either_place() {
        let servers = servers_in_settings(br#"{"dns": ["10.0.0.1", "fd00::1"], "debug": true}"#).unwrap();
        assert_eq!(servers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1", "fd00::1"]);
        assert!(servers_in_settings(b"").unwrap().is_empty());
        assert!(servers_in_settings(br#"{"dns": null}"#).unwrap().is_empty());
        assert!(servers_in_settings(b"{").is_err());
        let line = ["dockerd", "--dns", "1.1.1.1", "--dns-search", "x", "--dns=9.9.9.9", "--config-file=/x"];
        let servers = servers_in_arguments(&line);
        assert_eq!(servers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.1.1.1", "9.9.9.9"]);
        assert_eq!(settings_file(&line), "/x");
        assert_eq!(settings_file(&["dockerd"]), "/etc/docker/daemon.json");
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = servers_in_settings(&bytes);
        }
    }
}
