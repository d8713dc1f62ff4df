//! What is left of a container's run that did not end well: the end of its log, and what its image was made for.

use porthole_model::{Aftermath, Container, ContainerState, Gap, MaskedText, Observed, Platform, Secrets};

use crate::client::Client;
use crate::last_lines::last_lines;
use crate::raw::RawImage;

/// Where to look.
#[derive(Clone, Debug)]
pub(crate) struct Remains {
    /// Whether the container has a terminal.
    pub(crate) is_terminal: bool,
    /// The id of its image.
    pub(crate) image: String,
}

/// Reads what is left, where a container's state wants an explanation.
pub(crate) async fn aftermath(
    client: &Client,
    container: &Container,
    remains: &Remains,
    secrets: Secrets,
) -> Observed<Aftermath> {
    if !wants_explanation(container) {
        return Observed::Missing(Gap::not_asked("what is left of a run that ended well"));
    }
    let (lines, platform) = tokio::join!(
        last_lines(client, &container.id.0, remains.is_terminal),
        platform(client, &remains.image)
    );
    let masked =
        |lines: Vec<String>| lines.iter().map(|line| MaskedText::assignment(line, secrets)).collect();
    Observed::Known(Aftermath { last_lines: lines.map(masked).into(), platform: platform.into() })
}

/// A program that fails within this time, in milliseconds, did not get far.
const AT_ONCE: i64 = 5_000;

fn wants_explanation(container: &Container) -> bool {
    match container.state {
        ContainerState::Restarting => true,
        ContainerState::Exited | ContainerState::Created | ContainerState::Dead => {
            container.error.is_some() || failed_to_begin(container)
        }
        _ => container.restart_count > 0,
    }
}

/// Codes of 125 and above are the engine's, a shell's, or a signal's. Older runtimes end with 1 where the program
/// cannot be executed.
fn failed_to_begin(container: &Container) -> bool {
    let lasted = container.started.zip(container.finished).map(|(started, finished)| finished.0 - started.0);
    let ended_at_once = lasted.is_some_and(|lasted| lasted < AT_ONCE);
    container.exit_code.is_some_and(|code| code >= 125 || (code != 0 && ended_at_once))
}

async fn platform(client: &Client, image: &str) -> Result<Platform, Gap> {
    let what = "platform of its image";
    let raw: RawImage =
        client.get(&format!("/images/{image}/json")).await.map_err(|error| error.gap(what))?;
    Ok(Platform { operating_system: raw.operating_system, architecture: raw.architecture })
}
