//! What dockerd was told: its settings file, and its command line.

use porthole_model::EngineSettings;
use serde::Deserialize;
use thiserror::Error;

use crate::dns::name_server;

/// Where dockerd looks for its settings unless told otherwise.
const SETTINGS_FILE: &str = "/etc/docker/daemon.json";

/// A settings file that is not understood.
#[derive(Debug, Error)]
#[error("the engine's settings are not understood: {0}")]
pub struct SettingsError(#[from] serde_json::Error);

/// The settings in the file, empty where there is none, and on the command line.
pub fn engine_settings(file: &[u8], arguments: &[&str]) -> Result<EngineSettings, SettingsError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "kebab-case")]
    struct InFile {
        dns: Option<Vec<String>>,
        #[serde(alias = "graph")]
        data_root: Option<String>,
        iptables: Option<bool>,
        ip6tables: Option<bool>,
        userland_proxy: Option<bool>,
        firewall_backend: Option<String>,
        ip_forward: Option<bool>,
        bridge: Option<String>,
    }
    let file = if file.trim_ascii().is_empty() { InFile::default() } else { serde_json::from_slice(file)? };
    let in_file = file.dns.unwrap_or_default();
    let typed = values(arguments, "--dns").flat_map(|value| value.split(','));
    let roots = ["--data-root", "--graph", "-g"].into_iter().flat_map(|option| values(arguments, option));
    Ok(EngineSettings {
        iptables: flag(arguments, "--iptables").or(file.iptables),
        ip6tables: flag(arguments, "--ip6tables").or(file.ip6tables),
        userland_proxy: flag(arguments, "--userland-proxy").or(file.userland_proxy),
        firewall_backend: last(arguments, "--firewall-backend").or(file.firewall_backend),
        ip_forward: flag(arguments, "--ip-forward").or(file.ip_forward),
        bridge: last(arguments, "--bridge").or_else(|| last(arguments, "-b")).or(file.bridge),
        name_servers: in_file.iter().map(String::as_str).chain(typed).filter_map(name_server).collect(),
        data_root: roots.last().map(str::to_owned).or(file.data_root).filter(|root| !root.is_empty()),
    })
}

/// The settings file that dockerd was told to read.
pub fn settings_file<'a>(arguments: &'a [&'a str]) -> &'a str {
    values(arguments, "--config-file").last().unwrap_or(SETTINGS_FILE)
}

fn last(arguments: &[&str], option: &str) -> Option<String> {
    values(arguments, option).last().map(str::to_owned)
}

/// `--option value` and `--option=value`.
fn values<'a>(arguments: &'a [&'a str], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().filter_map(move |(index, word)| match word.strip_prefix(option)? {
        "" => arguments.get(index + 1).copied(),
        rest => rest.strip_prefix('='),
    })
}

/// `--flag`, `--flag=false`; of several the last one, with the words that Go takes for true and false.
fn flag(arguments: &[&str], name: &str) -> Option<bool> {
    let mut values = arguments.iter().filter_map(|argument| match argument.strip_prefix(name)? {
        "" | "=1" | "=t" | "=T" | "=true" | "=TRUE" | "=True" => Some(true),
        "=0" | "=f" | "=F" | "=false" | "=FALSE" | "=False" => Some(false),
        _ => None,
    });
    values.next_back()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn servers(file: &str, arguments: &[&str]) -> Vec<String> {
        let settings = engine_settings(file.as_bytes(), arguments).unwrap();
        settings.name_servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn name_servers_of_either_place() {
        assert_eq!(
            servers(r#"{"dns": ["10.0.0.1", "fd00::1"], "debug": true}"#, &[]),
            ["10.0.0.1", "fd00::1"]
        );
        for empty in ["", " \n", "{}", r#"{"dns": null}"#] {
            assert!(servers(empty, &["dockerd"]).is_empty(), "{empty:?}");
        }
        assert!(engine_settings(b"{", &[]).is_err());
        let line = ["dockerd", "--dns", "1.1.1.1", "--dns-search", "x", "--dns=9.9.9.9", "--config-file=/x"];
        assert_eq!(servers("", &line), ["1.1.1.1", "9.9.9.9"]);
        assert_eq!(settings_file(&line), "/x");
        assert_eq!(settings_file(&["dockerd"]), "/etc/docker/daemon.json");
    }

    #[test]
    fn the_data_root_by_any_of_its_names() {
        let root = |file: &str, arguments: &[&str]| {
            engine_settings(file.as_bytes(), arguments).unwrap().data_root.unwrap_or_default()
        };
        assert_eq!(root(r#"{"data-root": "/a"}"#, &["dockerd"]), "/a");
        assert_eq!(root(r#"{"graph": "/b"}"#, &[]), "/b");
        assert_eq!(root("", &["dockerd", "--data-root", "/c"]), "/c");
        assert_eq!(root("", &["dockerd", "-g=/d"]), "/d");
        assert_eq!(root(r#"{"data-root": ""}"#, &[]), "");
    }

    #[test]
    fn arguments_and_file_are_one() {
        let arguments = ["dockerd", "--iptables=false", "-H", "unix:///run/docker.sock"];
        let read = engine_settings(br#"{"userland-proxy": false, "debug": true}"#, &arguments).unwrap();
        assert_eq!((read.iptables, read.ip6tables, read.userland_proxy), (Some(false), None, Some(false)));
        assert_eq!(engine_settings(b"", &["dockerd", "--ip6tables"]).unwrap().ip6tables, Some(true));
        assert_eq!(engine_settings(b" \n", &["dockerd"]).unwrap(), EngineSettings::default());
    }

    #[test]
    fn what_an_engine_with_nftables_needs() {
        let file = br#"{"firewall-backend": "nftables", "ip-forward": false, "bridge": "none"}"#;
        let read = engine_settings(file, &["dockerd"]).unwrap();
        assert_eq!(read.firewall_backend.as_deref(), Some("nftables"));
        assert_eq!((read.ip_forward, read.bridge.as_deref()), (Some(false), Some("none")));
        let read =
            engine_settings(file, &["dockerd", "--firewall-backend=iptables", "--ip-forward"]).unwrap();
        assert_eq!((read.firewall_backend.as_deref(), read.ip_forward), (Some("iptables"), Some(true)));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = engine_settings(&bytes, &[]);
        }
    }
}
