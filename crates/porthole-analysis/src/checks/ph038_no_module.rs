//! PH038: the kernel has no veth pairs or bridges for a container, because its modules are gone.

use porthole_model::{CheckCode, Container, Gap, KernelModules, Severity, Snapshot};

use super::concern::about_container;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(38);

/// What the engine says when the kernel refuses to make the interface (`EOPNOTSUPP`).
const REFUSED: &str = "operation not supported";

/// What it wanted to make.
const WANTED: [&str; 2] = ["veth", "failed to create bridge"];

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the kernel makes no veth pair for a container",
    documentation: Documentation {
        checks: "Whether a container could not be started because the kernel does not support the interface that the \
                 engine asked for, and whether the modules of the running kernel are below `/lib/modules`.",
        why: "veth pairs and bridges are modules of the kernel on most systems, and are loaded when they are first \
              needed. When the kernel package was upgraded or removed and the machine not booted since, the modules of \
              the kernel that runs are gone from the disk: what is loaded works, and the first container after that \
              fails with \"failed to add the host (veth…) <=> sandbox (veth…) pair interfaces: operation not \
              supported\". A host without the directory is well as long as nothing is missing: its kernel may have \
              everything built in.",
        mend: "Boot into the new kernel, or install the modules of the running one again.",
        example: "After `pacman -Syu`, `docker run` fails with \"operation not supported\"; after a reboot it works.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let containers = snapshot.engine.known()?.containers.known()?;
    let mut found = Found::default();
    for (container, error) in containers.iter().filter_map(refused) {
        found.concerns.push(concern(snapshot, container, error));
    }
    Ok(found)
}

fn refused(container: &Container) -> Option<(&Container, &str)> {
    let error = container.error.as_deref().filter(|_| !container.is_alive())?;
    let lower = error.to_lowercase();
    (lower.contains(REFUSED) && WANTED.iter().any(|wanted| lower.contains(wanted)))
        .then_some((container, error))
}

fn concern(snapshot: &Snapshot, container: &Container, error: &str) -> Concern {
    let host = snapshot.host.value();
    let modules = host.and_then(|host| host.kernel_modules.value());
    let release = host.and_then(|host| host.kernel_release.value()).map_or("", String::as_str);
    let is_gone = modules.is_some_and(|modules| !modules.has_running && !modules.releases.is_empty());
    let why = if is_gone {
        format!("the modules of the running kernel {release} are gone from the disk")
    } else {
        "it lacks the module veth or bridge".to_owned()
    };
    let summary = format!(
        "container '{}' cannot start: the kernel does not make the interface that it needs, because {why}",
        container.name
    );
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("container '{}', State.Error", container.name), error);
    let concern = match modules {
        Some(modules) => concern.evidence(format!("/lib/modules, for kernel {release}"), listed(modules)),
        None => concern,
    };
    let concern = if is_gone { concern } else { concern.likely() };
    let restart = format!("docker start {}", word(&container.name));
    if is_gone {
        concern.remedy(
            "boot into the kernel that is installed, then start it",
            vec!["reboot".to_owned(), restart],
        )
    } else {
        concern.remedy(
            "load the modules, then start it",
            vec!["modprobe veth".to_owned(), "modprobe bridge".to_owned(), restart],
        )
    }
}

fn listed(modules: &KernelModules) -> String {
    let has = if modules.has_running { "there" } else { "not there" };
    if modules.releases.is_empty() {
        return format!("{has}; there are none at all");
    }
    format!("{has}; there are those of {}", modules.releases.join(", "))
}
