//! PH104, PH106, PH107, PH109, PH110, PH112, PH113: containers that end, starve, or serve nobody.

use porthole_model::{
    Aftermath, Container, ContainerId, ContainerResources, ContainerState, DescriptorUse, Health,
    HealthProbe, HealthStatus, MaskedText, MemoryUse, Observed, Pid, Platform, Port, Secrets, TaskUse,
    Timestamp, TransportProtocol,
};

use crate::lab::{Lab, NOW, known, refused};
use crate::spec::container;

fn text(text: &str) -> MaskedText {
    MaskedText::assignment(text, Secrets::Mask)
}

fn aftermath(lines: &[&str], architecture: &str) -> Observed<Aftermath> {
    Observed::Known(Aftermath {
        last_lines: Observed::Known(lines.iter().map(|line| text(line)).collect()),
        platform: Observed::Known(Platform {
            operating_system: "linux".to_owned(),
            architecture: architecture.to_owned(),
        }),
    })
}

fn restarting(lab: &mut Lab) -> &mut Container {
    let container = lab.stop("worker");
    container.state = ContainerState::Restarting;
    container.restart_count = 7;
    container.exit_code = Some(127);
    container.aftermath = aftermath(&["sh: nothing: not found"], "amd64");
    container
}

fn resources(id: ContainerId) -> ContainerResources {
    ContainerResources {
        container: id,
        memory: Observed::Known(MemoryUse { used: 1 << 20, limit: Some(32 << 20), kills: 0 }),
        tasks: Observed::Known(TaskUse { current: 1, limit: Some(4), refused: 0 }),
        descriptors: Observed::Known(Some(DescriptorUse { pid: Pid(1001), open: 9, limit: 1024 })),
    }
}

/// A container that runs, and what it uses as `change` has it.
fn using(change: impl FnOnce(&mut ContainerResources)) -> Lab {
    let mut lab = Lab::docker();
    let id = lab.run(container("web")).id.clone();
    let mut resources = resources(id);
    change(&mut resources);
    known(&mut lab.host().resources).push(resources);
    lab
}

#[test]
fn a_container_that_waits_for_its_restart_tells_its_code_and_log() {
    let mut lab = Lab::docker();
    restarting(&mut lab);
    assert_eq!(lab.found(), ["error PH106 worker"]);
    let observed: Vec<_> = lab.only().evidence.into_iter().map(|evidence| evidence.observed).collect();
    assert_eq!(observed, ["7", "127 (the program was not found)", "sh: nothing: not found"]);
}

#[test]
fn a_container_that_runs_loops_only_with_many_restarts_of_late() {
    let found = |count: u64, ago: i64| {
        let mut lab = Lab::docker();
        let container = lab.run(container("web"));
        container.restart_count = count;
        container.started = Some(Timestamp(NOW - ago));
        lab.found()
    };
    assert_eq!(found(3, 5_000), ["error PH106 web"]);
    assert_eq!(found(2, 5_000), [""; 0]);
    assert_eq!(found(300, 3_600_000), [""; 0]);
}

#[test]
fn a_log_that_could_not_be_read_is_said_to_be_so() {
    let mut lab = Lab::docker();
    restarting(&mut lab).aftermath = refused("log");
    assert_eq!(lab.only().evidence[2].observed, "not known: permission denied");
}

#[test]
fn what_kills_a_container_explains_its_restarts() {
    let mut lab = Lab::docker();
    let killed = restarting(&mut lab);
    (killed.out_of_memory, killed.exit_code) = (true, Some(137));
    assert_eq!(lab.found(), ["error PH107 worker <- error PH106 worker"]);
    let mut lab = Lab::docker();
    restarting(&mut lab).aftermath = aftermath(&["exec /app: exec format error"], "arm64");
    assert_eq!(lab.found(), ["error PH112 worker <- error PH106 worker"]);
    assert!(lab.only().summary.contains("made for arm64 processors, and the host has amd64"));
}

#[test]
fn an_image_of_another_architecture_that_ended_for_another_reason_is_no_finding() {
    let mut lab = Lab::docker();
    let container = lab.stop("emulated");
    container.exit_code = Some(137);
    container.aftermath = aftermath(&["bye"], "arm64");
    assert_eq!(lab.found(), [""; 0]);
    // A script without its first line has the same complaint.
    lab.container("emulated").aftermath = aftermath(&["exec /run.sh: exec format error"], "amd64");
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn memory_that_ran_out_is_an_error_for_the_dead_and_a_warning_for_the_living() {
    let mut lab = Lab::docker();
    let db = lab.stop("db");
    (db.out_of_memory, db.exit_code) = (true, Some(137));
    assert_eq!(lab.found(), ["error PH107 db"]);
    lab.container("db").exit_code = Some(0);
    assert_eq!(lab.found(), ["warning PH107 db"]);
    let lab = using(|resources| known(&mut resources.memory).kills = 2);
    assert_eq!(lab.found(), ["warning PH107 web"]);
    assert_eq!(lab.only().evidence[1].observed, "1 MiB in use, limit 32 MiB");
    assert_eq!(using(|_| ()).found(), [""; 0]);
}

#[test]
fn limits_are_found_when_they_are_reached() {
    assert_eq!(using(|resources| known(&mut resources.tasks).current = 4).found(), ["error PH110 web"]);
    assert_eq!(using(|resources| known(&mut resources.tasks).refused = 1).found(), ["warning PH110 web"]);
    let unlimited =
        using(|resources| *known(&mut resources.tasks) = TaskUse { current: 999, limit: None, refused: 0 });
    assert_eq!(unlimited.found(), [""; 0]);
    let full = |open: u64| {
        using(|resources| known(&mut resources.descriptors).as_mut().expect("a process").open = open).found()
    };
    assert_eq!(full(1024), ["error PH110 web"]);
    assert_eq!(full(1023), [""; 0]);
}

#[test]
fn what_could_not_be_read_of_a_container_is_a_gap() {
    let lab = using(|resources| resources.tasks = refused("pids"));
    assert_eq!(lab.gaps(110), ["pids: permission denied"]);
    assert_eq!(lab.gaps(107), [""; 0]);
}

fn unhealthy(exit_code: i64, output: &str) -> Lab {
    let mut lab = Lab::docker();
    let last_probe = Some(HealthProbe { exit_code, output: text(output) });
    lab.run(container("web")).health =
        Some(Health { status: HealthStatus::Unhealthy, failing_streak: 3, last_probe });
    lab
}

#[test]
fn a_health_check_that_cannot_run_is_told_from_one_that_fails() {
    for (code, output) in [
        (127, "/bin/sh: curl: not found"),
        (-1, "OCI runtime exec failed: exec: \"curl\": executable file not found in $PATH: unknown"),
    ] {
        let lab = unhealthy(code, output);
        assert_eq!(lab.found(), ["error PH109 web"]);
        assert!(lab.only().summary.contains("cannot be run"), "{code}");
    }
    for (code, output) in [(1, "curl: (7) connection refused"), (-1, "Health check exceeded timeout (1s)")] {
        assert!(unhealthy(code, output).only().summary.ends_with("its health check fails"), "{code}");
    }
}

fn warned(warning: &str) -> Vec<String> {
    let mut lab = Lab::docker();
    known(&mut lab.engine().info).warnings.push(warning.to_owned());
    lab.found()
}

#[test]
fn an_open_api_is_an_error_and_on_loopback_a_warning() {
    let open = |url: &str| {
        format!("WARNING: API is accessible on {url} without encryption.\n  Access to the remote")
    };
    assert_eq!(warned(&open("http://0.0.0.0:2375")), ["error PH104 API at http://0.0.0.0:2375"]);
    assert_eq!(warned(&open("http://[::1]:2375")), ["warning PH104 API at http://[::1]:2375"]);
    assert_eq!(warned(&open("http://127.0.0.1:2375")), ["warning PH104 API at http://127.0.0.1:2375"]);
    assert_eq!(
        warned(
            "[DEPRECATION NOTICE]: API is accessible on https://[::]:2376 without TLS client verification."
        ),
        ["error PH104 API at https://[::]:2376"]
    );
    assert_eq!(warned("WARNING: No swap limit support"), [""; 0]);
}

fn exposing(network: Option<&'static str>) -> Lab {
    let mut lab = Lab::docker();
    let mut spec = container("db").listen("tcp", "0.0.0.0:5432");
    if let Some(network) = network {
        lab.add_network(network, "172.18.0.0/16");
        spec = spec.on(network);
    }
    lab.run(spec).exposed_ports.push((Port(5432), TransportProtocol::Tcp));
    lab
}

#[test]
fn a_served_port_that_nobody_can_reach_is_a_note() {
    assert_eq!(exposing(Some("app")).found(), ["note PH113 db"]);
    let mut lab = exposing(None);
    "none".clone_into(&mut lab.container("db").network_mode);
    assert_eq!(lab.found(), ["note PH113 db"]);
    assert!(lab.only().summary.ends_with("nobody can reach it"));
}

#[test]
fn a_port_that_somebody_can_reach_is_none() {
    let mut lab = exposing(Some("app"));
    lab.run(container("app").on("app"));
    assert_eq!(lab.found(), [""; 0]);
    let mut lab = exposing(Some("app"));
    let id = lab.container("db").id.clone();
    lab.run(container("beside")).network_mode = format!("container:{id}");
    assert_eq!(lab.found(), [""; 0]);
    let mut lab = exposing(Some("app"));
    known(&mut lab.stack_of("db").sockets).clear();
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_health_check_without_its_program_has_a_cause_of_its_own() {
    let mut lab = unhealthy(127, "curl: not found");
    let id = lab.container("web").id.clone();
    let mut other = Lab::docker();
    other.run(container("web").publish("0.0.0.0:8080", "80/tcp"));
    assert_eq!(other.container("web").id, id);
    other.container("web").health = lab.container("web").health.take();
    assert_eq!(other.found(), ["error PH011 80/tcp of web", "error PH109 web"]);
}
