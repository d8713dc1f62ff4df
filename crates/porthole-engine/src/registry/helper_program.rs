//! `docker-credential-*`, the programs that keep a user's credentials (docker/docker-credential-helpers).

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::credentials::Credentials;

/// Some of them ask their user something.
const LIMIT: Duration = Duration::from_mins(1);

/// What a helper says that has nothing for a registry.
const NOTHING: &str = "credentials not found";

/// The user name that says that the secret is a token.
const TOKEN: &str = "<token>";

#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

/// What the helper keeps for the registry, or why it does not say.
pub(super) async fn ask(helper: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let program = format!("docker-credential-{helper}");
    let answered = tokio::time::timeout(LIMIT, run(&program, registry)).await;
    let (is_success, answer) = match answered {
        Ok(answer) => answer.map_err(|error| format!("{program}: {error}"))?,
        Err(_) => return Err(format!("{program} did not answer within {} s", LIMIT.as_secs())),
    };
    if !is_success {
        let words = String::from_utf8_lossy(&answer).trim().to_owned();
        return if words.contains(NOTHING) { Ok(None) } else { Err(format!("{program}: {words}")) };
    }
    // What it said may hold the secret, so the error does not.
    let kept: Kept =
        serde_json::from_slice(&answer).map_err(|_| format!("{program} gave no JSON with credentials"))?;
    Ok(Some(credentials(kept, registry)))
}

async fn run(program: &str, registry: &str) -> std::io::Result<(bool, Vec<u8>)> {
    let mut command = Command::new(program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(registry.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    Ok((output.status.success(), output.stdout))
}

fn credentials(kept: Kept, registry: &str) -> Credentials {
    let server_address = registry.to_owned();
    if kept.username == TOKEN {
        Credentials { identity_token: kept.secret, server_address, ..Credentials::default() }
    } else {
        Credentials {
            username: kept.username,
            password: kept.secret,
            server_address,
            ..Credentials::default()
        }
    }
}
