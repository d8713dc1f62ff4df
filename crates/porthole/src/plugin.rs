//! porthole as a plugin of the docker CLI: installed as `docker-porthole`, run as `docker porthole …`.
//!
//! The protocol is in docker/cli, `cli-plugins/manager` and `docs/extend/cli_plugins.md`.

mod completion;
mod global;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;

/// The name of the command, and of the program behind `docker-`.
const NAME: &str = "porthole";

/// Names the socket that the CLI closes to end its plugin, where no terminal sends Ctrl-C to both.
const SOCKET_VARIABLE: &str = "DOCKER_CLI_PLUGIN_SOCKET";

/// What the docker CLI asks of a plugin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PluginCall {
    /// Who are you?
    Metadata,
    /// What may stand next? The words after the command, the last of them unfinished.
    Complete(Vec<String>),
    /// Run these words, with these changes to the environment.
    Run(Vec<OsString>, BTreeMap<String, String>),
}

/// What the docker CLI asks; `None` where porthole was not started under a plugin's name.
pub(crate) fn call(mut words: impl Iterator<Item = OsString>) -> Option<Result<PluginCall, CommandError>> {
    let program = words.next()?;
    let is_plugin = Path::new(&program).file_name() == Some(OsStr::new("docker-porthole"));
    is_plugin.then(|| understood(words.collect()))
}

fn understood(words: Vec<OsString>) -> Result<PluginCall, CommandError> {
    match words.first().and_then(|word| word.to_str()) {
        Some("docker-cli-plugin-metadata") => Ok(PluginCall::Metadata),
        // The first word behind it is the plugin's own name.
        Some("__complete" | "__completeNoDesc") => Ok(PluginCall::Complete(
            words.iter().skip(2).map(|word| word.to_string_lossy().into_owned()).collect(),
        )),
        // `docker help porthole doctor`
        Some("help") => {
            let topic = words.into_iter().skip(1).filter(|word| word != NAME);
            Ok(PluginCall::Run(topic.chain(["--help".into()]).collect(), BTreeMap::new()))
        }
        _ => global::split(words).map(|(words, environment)| PluginCall::Run(words, environment)),
    }
}

/// Answers what needs no work of a command.
pub(crate) fn answer(call: &PluginCall) -> Result<Exit, CommandError> {
    match call {
        PluginCall::Complete(words) => Printer::text(&completion::answer(&crate::cli(), words))?,
        PluginCall::Metadata | PluginCall::Run(..) => Printer::text(&metadata())?,
    }
    Ok(Exit::Success)
}

fn metadata() -> String {
    json!({
        "SchemaVersion": "0.1.0",
        "Vendor": "porthole",
        "Version": env!("CARGO_PKG_VERSION"),
        "ShortDescription": env!("CARGO_PKG_DESCRIPTION"),
    })
    .to_string()
}

/// Ends when the docker CLI dismisses its plugin; never, where it cannot.
pub(crate) async fn dismissed() {
    if let Some(mut line) = line_to_docker().await {
        // Nothing is ever sent: the end is the message.
        let _end = line.read(&mut [0; 16]).await;
    } else {
        std::future::pending::<()>().await;
    }
}

async fn line_to_docker() -> Option<UnixStream> {
    let name = std::env::var(SOCKET_VARIABLE).ok()?;
    // Go writes an abstract name with `@` where the kernel has a zero byte.
    let address = name.strip_prefix('@').map_or(name.clone(), |name| format!("\0{name}"));
    UnixStream::connect(address).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(words: &[&str]) -> PluginCall {
        let words = ["/usr/lib/docker/cli-plugins/docker-porthole"].iter().chain(words);
        call(words.map(OsString::from)).unwrap().unwrap()
    }

    #[test]
    fn under_its_own_name_it_is_no_plugin() {
        assert!(
            call(["/usr/bin/porthole", "docker-cli-plugin-metadata"].map(OsString::from).into_iter())
                .is_none()
        );
    }

    #[test]
    fn what_the_cli_asks() {
        assert_eq!(called(&["docker-cli-plugin-metadata"]), PluginCall::Metadata);
        assert_eq!(
            called(&["__complete", "porthole", "tr", ""]),
            PluginCall::Complete(vec!["tr".into(), String::new()])
        );
        let help = PluginCall::Run(vec!["doctor".into(), "--help".into()], BTreeMap::new());
        assert_eq!(called(&["help", "porthole", "doctor"]), help);
    }

    #[test]
    fn metadata_is_what_the_cli_checks() {
        let metadata: serde_json::Value = serde_json::from_str(&metadata()).unwrap();
        assert_eq!((&metadata["SchemaVersion"], &metadata["Vendor"]), (&"0.1.0".into(), &"porthole".into()));
    }
}
