//! PH102: a client in a container speaks a version of the API that the engine does not.

use porthole_model::{CheckCode, Container, ContainerState, Engine, Gap, MaskedText, Severity};

use super::concern::{about_container, client};
use super::ph105_engine_socket::holds_socket;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;
use crate::version::ApiVersion;

const CODE: CheckCode = CheckCode(102);

/// What engines say to clients of another age.
const REFUSAL: &str = "client version ";

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a client in a container is too old or too new for the engine",
    documentation: Documentation {
        checks: "For every container that holds the engine's socket: whether `DOCKER_API_VERSION` in its environment, \
                 or the version that the engine refused by the last lines of its log, lies outside of the versions \
                 that this engine speaks. A `DOCKER_API_VERSION` of one's own that does not fit shows in porthole \
                 itself, which goes by it (PH101). The docker command is not looked at: without that variable it comes \
                 down to the engine's version by itself.",
        why: "An engine speaks a range of versions of its API. Tools that watch or manage containers often speak one \
              version that was built into them. Docker 29 speaks none before 1.44, and refuses clients that ask for \
              1.24, as many tools do; an old engine refuses what is newer than itself.",
        mend: "Update the tool, or set `DOCKER_API_VERSION` to a version that both speak; where the engine is the older \
               side, update it.",
        example: "`client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client to \
                  a newer version`",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let Some(range) = Range::of(engine) else { return Ok(Found::default()) };
    let used = |container: &&Container| {
        (container.is_alive() || container.state == ContainerState::Restarting || has_aftermath(container))
            && holds_socket(engine, container)
    };
    let containers = engine.containers.known()?.iter().filter(used);
    let concerns = containers.filter_map(|container| {
        let asked = told(container).or_else(|| refused(container))?;
        range.lacks(asked.version).then(|| concern(engine, container, &range, &asked))
    });
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

/// The versions that an engine speaks.
struct Range {
    oldest: Option<ApiVersion>,
    newest: ApiVersion,
}

impl Range {
    fn of(engine: &Engine) -> Option<Self> {
        let oldest = engine.version.minimum_api_version.as_deref().and_then(ApiVersion::parse);
        Some(Self { oldest, newest: ApiVersion::parse(&engine.version.api_version)? })
    }

    fn lacks(&self, version: ApiVersion) -> bool {
        version > self.newest || self.is_older(version)
    }

    fn is_older(&self, version: ApiVersion) -> bool {
        self.oldest.is_some_and(|oldest| version < oldest)
    }

    fn in_words(&self) -> String {
        match self.oldest {
            Some(oldest) => format!("{oldest} to {}", self.newest),
            None => format!("up to {}", self.newest),
        }
    }
}

/// A version that a client speaks, and what says so.
struct Asked {
    version: ApiVersion,
    source: String,
    observed: String,
}

/// By its environment.
fn told(container: &Container) -> Option<Asked> {
    let value =
        |variable: &MaskedText| variable.as_str().strip_prefix("DOCKER_API_VERSION=").map(str::to_owned);
    let observed = container.environment.iter().rev().find_map(value)?;
    let version = ApiVersion::parse(observed.trim())?;
    Some(Asked { version, source: format!("container '{}', DOCKER_API_VERSION", container.name), observed })
}

/// By what the engine answered, as its log has it.
fn refused(container: &Container) -> Option<Asked> {
    let lines = container.aftermath.value()?.last_lines.value()?;
    lines.iter().rev().find_map(|line| {
        let (_, rest) = line.as_str().split_once(REFUSAL)?;
        let (version, end) = rest.split_once(" is too ")?;
        let version =
            ApiVersion::parse(version).filter(|_| end.starts_with("old") || end.starts_with("new"))?;
        let source = format!("log of container '{}'", container.name);
        Some(Asked { version, source, observed: line.as_str().trim().to_owned() })
    })
}

fn has_aftermath(container: &Container) -> bool {
    container.aftermath.value().is_some()
}

fn concern(engine: &Engine, container: &Container, range: &Range, asked: &Asked) -> Concern {
    let (name, version) = (&container.name, asked.version);
    let age = if range.is_older(version) { "old" } else { "new" };
    let summary = format!(
        "container '{name}' speaks API {version} with the engine and is too {age} for it: it speaks {}",
        range.in_words()
    );
    let fitting = range.oldest.filter(|_| range.is_older(version)).unwrap_or(range.newest);
    Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(asked.source.clone(), asked.observed.clone())
        .evidence("versions of the API that the engine speaks", range.in_words())
        .remedy(
            format!(
                "make it anew with a newer image, or with DOCKER_API_VERSION={fitting} if it can speak that"
            ),
            vec![format!("{} inspect --format '{{{{json .Config.Env}}}}' {}", client(engine), word(name))],
        )
}
