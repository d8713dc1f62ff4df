//! What Docker was told to do: the arguments of its daemon and its settings file, `daemon.json`.

use porthole_model::EngineSettings;
use serde::Deserialize;

/// Where Docker looks for its settings, unless it is told otherwise.
const FILE: &str = "/etc/docker/daemon.json";

/// The settings file that a daemon with these arguments reads.
pub fn file<'a>(arguments: &[&'a str]) -> &'a str {
    let named = arguments.iter().enumerate().find_map(|(place, argument)| {
        let rest = argument.strip_prefix("--config-file")?;
        if rest.is_empty() { arguments.get(place + 1).copied() } else { rest.strip_prefix('=') }
    });
    named.unwrap_or(FILE)
}

/// What arguments and file say; Docker refuses to start where both say something of the same.
pub fn parse(arguments: &[&str], file: Option<&[u8]>) -> Result<EngineSettings, serde_json::Error> {
    let told = match file {
        Some(text) if !text.trim_ascii().is_empty() => serde_json::from_slice(text)?,
        _ => File::default(),
    };
    Ok(EngineSettings {
        iptables: flag(arguments, "iptables").or(told.iptables),
        ip6tables: flag(arguments, "ip6tables").or(told.ip6tables),
        userland_proxy: flag(arguments, "userland-proxy").or(told.userland_proxy),
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    iptables: Option<bool>,
    ip6tables: Option<bool>,
    userland_proxy: Option<bool>,
}

/// `--flag`, `--flag=false`; of several the last one, with the words that Go takes for true and false.
fn flag(arguments: &[&str], name: &str) -> Option<bool> {
    let mut values = arguments.iter().filter_map(|argument| {
        let rest = argument.strip_prefix("--")?.strip_prefix(name)?;
        match rest {
            "" | "=1" | "=t" | "=T" | "=true" | "=TRUE" | "=True" => Some(true),
            "=0" | "=f" | "=F" | "=false" | "=FALSE" | "=False" => Some(false),
            _ => None,
        }
    });
    values.next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_file_are_one() {
        let arguments = ["dockerd", "--iptables=false", "-H", "unix:///run/docker.sock"];
        let read = parse(&arguments, Some(br#"{"userland-proxy": false, "debug": true}"#)).unwrap();
        let expected = EngineSettings { iptables: Some(false), ip6tables: None, userland_proxy: Some(false) };
        assert_eq!(read, expected);
        assert_eq!(parse(&["dockerd", "--ip6tables"], None).unwrap().ip6tables, Some(true));
        assert_eq!(parse(&["dockerd"], Some(b" \n")).unwrap(), EngineSettings::default());
        assert!(parse(&["dockerd"], Some(b"{")).is_err());
    }

    #[test]
    fn the_file_may_be_elsewhere() {
        assert_eq!(file(&["dockerd", "--config-file=/a.json"]), "/a.json");
        assert_eq!(file(&["dockerd", "--config-file", "/b.json"]), "/b.json");
        assert_eq!(file(&["dockerd"]), FILE);
    }
}
