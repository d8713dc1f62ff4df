//! A container's inspection as a noun.

use porthole_model::{
    Container, ContainerId, ContainerLog, ContainerState, DnsSettings, Gap, Health, HealthProbe,
    HealthStatus, MaskedText, Observed, Pid, Port, Secrets, TransportProtocol,
};

use super::text::time;
use super::{OddValue, attachment, filled, mount, port};
use crate::raw::{RawContainer, RawLogConfig, RawMap, RawState};

/// The container that `raw` describes.
pub(crate) fn container(raw: RawContainer, secrets: Secrets) -> Result<Container, OddValue> {
    let name = raw.name.trim_start_matches('/').to_owned();
    let state = state(&raw.state.status);
    let is_alive = matches!(state, ContainerState::Running | ContainerState::Paused);
    let published_ports = if is_alive {
        port::published("NetworkSettings.Ports", &raw.network.ports)
    } else {
        port::published("HostConfig.PortBindings", &raw.host.port_bindings)
    }?;
    let arguments = raw.arguments.iter().map(String::as_str);
    let command = filled(raw.path);
    let dns = DnsSettings {
        servers: raw.host.dns_servers,
        search: raw.host.dns_search,
        options: raw.host.dns_options,
    };
    Ok(Container {
        id: ContainerId(raw.id),
        image: raw.config.image,
        pid: Some(raw.state.pid).filter(|pid| *pid != 0).map(Pid),
        exit_code: exit_code(&raw.state, &state),
        out_of_memory: raw.state.out_of_memory,
        restart_count: raw.restart_count,
        restart_policy: filled(raw.host.restart_policy.name).unwrap_or_else(|| "no".to_owned()),
        created: time("Created", &raw.created)?,
        started: time("StartedAt", &raw.state.started)?,
        finished: time("FinishedAt", &raw.state.finished)?,
        aftermath: Observed::Missing(Gap::not_asked("what is left of its last run")),
        log: log(raw.host.log, raw.log_path),
        health: health(&raw.state, secrets),
        error: filled(raw.state.error),
        network_mode: raw.host.network_mode,
        pid_mode: raw.host.pid_mode,
        runtime: raw.host.runtime,
        privileged: raw.host.privileged,
        attachments: attachment::attachments(&name, raw.network)?,
        published_ports,
        exposed_ports: exposed(&raw.config.exposed_ports)?,
        mounts: mount::mounts(raw.mounts, &raw.host.tmpfs),
        labels: super::labels(raw.config.labels, secrets),
        command: MaskedText::arguments(command.as_deref().into_iter().chain(arguments), secrets),
        environment: raw
            .config
            .environment
            .iter()
            .map(|text| MaskedText::assignment(text, secrets))
            .collect(),
        dns,
        state,
        name,
    })
}

/// `State.Status`; Podman's own words for the same states beside Docker's.
pub(crate) fn state(word: &str) -> ContainerState {
    match word {
        "created" | "configured" | "initialized" => ContainerState::Created,
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "exited" | "stopped" => ContainerState::Exited,
        "dead" => ContainerState::Dead,
        other => ContainerState::Other(other.to_owned()),
    }
}

/// A container that never ran has code 0 too; one that failed to start has another and an error.
fn exit_code(raw: &RawState, state: &ContainerState) -> Option<i64> {
    let ended = match state {
        ContainerState::Running | ContainerState::Paused => false,
        ContainerState::Created => raw.exit_code != 0,
        _ => true,
    };
    ended.then_some(raw.exit_code)
}

/// Without a health check, Docker has no value or `none`, Podman an empty one.
fn health(state: &RawState, secrets: Secrets) -> Option<Health> {
    let raw = state.health.as_ref()?;
    let status = match raw.status.as_str() {
        "starting" => HealthStatus::Starting,
        "healthy" => HealthStatus::Healthy,
        "unhealthy" => HealthStatus::Unhealthy,
        _ => return None,
    };
    let last_probe = raw.log.last().map(|probe| HealthProbe {
        exit_code: probe.exit_code,
        output: MaskedText::assignment(beginning(probe.output.trim()), secrets),
    });
    Some(Health { status, failing_streak: raw.failing_streak, last_probe })
}

/// As much of a text as says what is wrong.
fn beginning(text: &str) -> &str {
    const ENOUGH: usize = 300;
    text.char_indices().nth(ENOUGH).map_or(text, |(end, _)| &text[..end])
}

fn log(raw: RawLogConfig, path: String) -> ContainerLog {
    let max_size = match raw.driver.as_str() {
        // `defaultMaxFileSize` of moby's daemon/logger/local.
        "local" => Some("20m".to_owned()),
        _ => None,
    };
    let set = raw.options.get("max-size").filter(|size| *size != "-1").cloned();
    ContainerLog { max_size: set.or(max_size), driver: raw.driver, path: filled(path) }
}

fn exposed(ports: &RawMap<serde_json::Value>) -> Result<Vec<(Port, TransportProtocol)>, OddValue> {
    let mut exposed = Vec::new();
    for key in ports.keys() {
        exposed.extend(port::declared("Config.ExposedPorts", key)?);
    }
    exposed.sort_unstable();
    Ok(exposed)
}

#[cfg(test)]
mod tests;
