//! Whether the engine that answered runs on the host whose kernel was read: two machines must never be mixed.

use porthole_model::{Container, Engine, Gap, GapKind, Host, Observed, Pid};

/// Processes that may hold an engine's socket: its daemon, or the init that activates it.
const DAEMONS: [&str; 7] = ["dockerd", "podman", "docker", "systemd", "init", "balena-engine-d", "balenad"];

/// Whether the engine's host is the kernel that was read; the gap says why not.
///
/// A container's own process here is proof. Without one, the daemon's process, or the same kernel release and
/// host name, must do; an `ssh` or a virtual machine's proxy behind a local socket is no daemon.
pub fn locality(host: &Host, engine: &Engine) -> Result<(), Gap> {
    same_kernel(host, engine)?;
    if any_container_runs_here(host, engine) || daemon_runs_here(host, engine) {
        return Ok(());
    }
    if let Some(container) = living(engine).next() {
        let cause = format!("container '{}' runs there, but its process is not on this host", container.name);
        return Err(elsewhere(engine, cause));
    }
    same_name(host, engine)
}

fn same_kernel(host: &Host, engine: &Engine) -> Result<(), Gap> {
    match (host.kernel_release.value(), &engine.version.kernel_release) {
        (Some(here), Some(there)) if here != there => {
            Err(elsewhere(engine, format!("its kernel is {there}, the one of this host is {here}")))
        }
        _ => Ok(()),
    }
}

fn any_container_runs_here(host: &Host, engine: &Engine) -> bool {
    living(engine).any(|container| container.pid.is_some_and(|pid| runs(host, container, pid)))
}

fn runs(host: &Host, container: &Container, pid: Pid) -> bool {
    let owner = host.process(pid).and_then(|process| process.container.value());
    owner.is_some_and(|owner| owner.as_ref() == Some(&container.id))
}

fn daemon_runs_here(host: &Host, engine: &Engine) -> bool {
    let process = engine.daemon.value().and_then(|daemon| host.process(*daemon));
    process.is_some_and(|process| DAEMONS.contains(&process.name.as_str()))
}

fn living(engine: &Engine) -> impl Iterator<Item = &Container> {
    engine.containers.value().into_iter().flatten().filter(|container| container.is_alive())
}

fn same_name(host: &Host, engine: &Engine) -> Result<(), Gap> {
    let here = host.hostname.known()?;
    match &engine.info {
        Observed::Known(info) if info.name == *here => Ok(()),
        Observed::Known(info) => {
            Err(elsewhere(engine, format!("it calls its host '{}', this host is '{here}'", info.name)))
        }
        Observed::Missing(gap) => Err(elsewhere(engine, format!("it does not say where it runs: {gap}"))),
    }
}

fn elsewhere(engine: &Engine, cause: String) -> Gap {
    let what = format!("host of the engine at {}", engine.endpoint);
    Gap::new(GapKind::Elsewhere, what, cause).with_remedy("run porthole on the engine's host")
}
