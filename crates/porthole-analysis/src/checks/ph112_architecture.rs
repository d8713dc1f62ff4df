//! PH112: a container's image is made for another processor.

use porthole_model::{CheckCode, Container, Engine, Gap, GapKind, MaskedText, Observed, Platform, Severity};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(112);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "an image is made for another processor",
    documentation: Documentation {
        checks: "For containers that ended badly: whether their image was made for another architecture than the \
                 engine's host has.",
        why: "The kernel cannot execute another processor's programs unless an emulator is registered with \
              binfmt_misc. The container ends at once, with `exec format error` as its only word. It happens when an \
              image is built on a laptop with an ARM processor and run on a server with an x86 one, or when a tag \
              was pulled with `--platform`.",
        mend: "Pull or build the image for this host's architecture (`--platform`), or register emulators: Debian's \
               package qemu-user-static does.",
        example: "`exec /usr/bin/app: exec format error`, and the container is gone.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()?.iter().filter(|container| !container.is_alive()) {
        found.part(judge(engine, container));
    }
    Ok(found)
}

fn judge(engine: &Engine, container: &Container) -> Result<Option<Concern>, Gap> {
    let aftermath = match &container.aftermath {
        Observed::Known(aftermath) => aftermath,
        // A run that ended well.
        Observed::Missing(gap) if gap.kind == GapKind::NotAsked => return Ok(None),
        Observed::Missing(gap) => return Err(gap.clone()),
    };
    let said = container.error.iter().map(String::as_str);
    let mut said = said.chain(aftermath.last_lines.value().into_iter().flatten().map(MaskedText::as_str));
    let Some(complaint) = said.find(|line| line.contains("exec format error")) else { return Ok(None) };
    let platform = aftermath.platform.known()?;
    Ok((platform.architecture != engine.version.architecture)
        .then(|| concern(engine, container, platform, complaint)))
}

fn concern(engine: &Engine, container: &Container, platform: &Platform, complaint: &str) -> Concern {
    let (made_for, host) = (&platform.architecture, &engine.version.architecture);
    let image = word(&container.image);
    let summary = format!(
        "container '{}' cannot run: its image is made for {made_for} processors, and the host has {host}",
        container.name
    );
    Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("image '{}', Architecture", container.image), made_for)
        .evidence("architecture of the engine's host", host)
        .evidence(format!("container '{}' said", container.name), complaint)
        .remedy(
            "pull the image for this host, and make the container anew",
            vec![format!("{} pull --platform linux/{} {image}", client(engine), word(host))],
        )
        .remedy(
            "or register an emulator for that architecture",
            vec!["apt-get install qemu-user-static".to_owned()],
        )
}
