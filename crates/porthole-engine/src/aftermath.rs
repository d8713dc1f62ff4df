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

/// Codes of 125 and above are the engine's, a shell's, or a signal's.
fn wants_explanation(container: &Container) -> bool {
    let failed = container.exit_code.is_some_and(|code| code >= 125);
    let ended =
        matches!(container.state, ContainerState::Exited | ContainerState::Created | ContainerState::Dead);
    let keeps_ending = container.state == ContainerState::Restarting || container.restart_count > 0;
    keeps_ending || (ended && (failed || container.error.is_some()))
}

async fn platform(client: &Client, image: &str) -> Result<Platform, Gap> {
    let what = "platform of its image";
    let raw: RawImage =
        client.get(&format!("/images/{image}/json")).await.map_err(|error| error.gap(what))?;
    Ok(Platform { operating_system: raw.operating_system, architecture: raw.architecture })
}
