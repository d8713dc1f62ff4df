//! `/proc/PID/cgroup`: the control groups of a process, and the container that their names tell (cgroups(7)).

use porthole_model::ContainerId;

use crate::proc_error::{ProcError, lines};

const FILE: &str = "/proc/PID/cgroup";

/// One line: the process's group in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlGroup {
    /// The hierarchy; 0 is the unified one (v2).
    pub hierarchy: u32,
    /// Its controllers, or `name=systemd`; empty for the unified one.
    pub controllers: Vec<String>,
    /// The group's path from the root of the reader's cgroup namespace.
    pub path: String,
}

/// The lines of the file.
pub fn parse(text: &[u8]) -> Result<Vec<ControlGroup>, ProcError> {
    lines(text).map(|line| control_group(line).ok_or_else(|| ProcError::line(FILE, line))).collect()
}

fn control_group(line: &[u8]) -> Option<ControlGroup> {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.splitn(3, ':');
    let hierarchy = parts.next()?.parse().ok()?;
    let controllers = parts.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some(ControlGroup { hierarchy, controllers, path: parts.next()?.to_owned() })
}

/// The container that these groups name: the innermost one, as an engine inside a container sees it.
pub fn container(groups: &[ControlGroup]) -> Option<ContainerId> {
    groups.iter().find_map(|group| group.path.rsplit('/').find_map(container_of_component))
}

/// The part of a group's path that ends with the innermost container it names: processes in a container may live in
/// groups of their own below it.
pub fn container_path(path: &str) -> Option<&str> {
    let ends = path.rmatch_indices('/').map(|(start, _)| start + 1);
    let mut ended = Some(path.len());
    ends.into_iter().find_map(|start| {
        let end = ended.replace(start - 1)?;
        container_of_component(&path[start..end])?;
        Some(&path[..end])
    })
}

/// The service of systemd that these groups name: `docker.service` of `/system.slice/docker.service`.
pub fn service(groups: &[ControlGroup]) -> Option<String> {
    groups.iter().find_map(|group| {
        let mut parts = group.path.split('/').filter(|part| part.ends_with(".service"));
        parts.next_back().map(str::to_owned)
    })
}

/// `ID`, `docker-ID.scope`, `libpod-ID.scope`, `libpod-ID`, `cri-containerd-ID.scope`; but not conmon's own
/// `libpod-conmon-ID.scope`, which lies outside the container.
fn container_of_component(component: &str) -> Option<ContainerId> {
    let name = component.strip_suffix(".scope").unwrap_or(component);
    let (engine, id) = name.rsplit_once('-').unwrap_or(("", name));
    container_id(id).filter(|_| !engine.ends_with("conmon"))
}

/// The whole id of a container, as engines write it.
pub(crate) fn container_id(text: &str) -> Option<ContainerId> {
    const DIGITS: usize = 64;
    let is_id = text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_id.then(|| ContainerId(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OUTER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const INNER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    fn container_in(text: &str) -> Option<String> {
        container(&parse(text.as_bytes()).unwrap()).map(|id| id.0)
    }

    #[test]
    fn a_service_is_named_by_its_group() {
        let service = |text: &str| service(&parse(text.as_bytes()).unwrap());
        assert_eq!(service("0::/system.slice/docker.service\n").as_deref(), Some("docker.service"));
        assert_eq!(service("1:name=systemd:/user.slice/session-1.scope\n"), None);
    }

    #[test]
    fn every_engine_and_driver_names_its_container() {
        for path in [
            format!("0::/docker/{OUTER}"),
            format!("0::/system.slice/docker-{OUTER}.scope"),
            format!("0::/machine.slice/libpod-{OUTER}.scope/container"),
            format!("0::/libpod_parent/libpod-{OUTER}"),
            format!("0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{OUTER}.scope/init"),
            format!("12:cpu,cpuacct:/docker/{OUTER}\n0::/\n"),
            format!("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{OUTER}.scope"),
            format!("0::/../docker/{OUTER}"),
        ] {
            assert_eq!(container_in(&path).as_deref(), Some(OUTER), "{path}");
        }
    }

    #[test]
    fn a_container_in_a_container_is_the_inner_one() {
        assert_eq!(container_in(&format!("0::/docker/{OUTER}/docker/{INNER}/init")).as_deref(), Some(INNER));
    }

    #[test]
    fn a_container_s_path_ends_with_its_own_group() {
        let outer = format!("/docker/{OUTER}");
        assert_eq!(container_path(&outer), Some(outer.as_str()));
        assert_eq!(container_path(&format!("{outer}/init/deep")), Some(outer.as_str()));
        let inner = format!("{outer}/docker/{INNER}");
        assert_eq!(container_path(&format!("{inner}/init")), Some(inner.as_str()));
        assert_eq!(container_path("/system.slice/docker.service"), None);
        assert_eq!(container_path("no slash"), None);
    }

    #[test]
    fn other_groups_name_none() {
        for path in [
            "0::/system.slice/docker.service".to_owned(),
            format!("0::/machine.slice/libpod-conmon-{OUTER}.scope"),
            format!("0::/docker/{}", &OUTER[1..]),
            format!("0::/docker/{}", OUTER.to_uppercase()),
        ] {
            assert_eq!(container_in(&path), None, "{path}");
        }
    }

    #[test]
    fn a_line_of_v1_has_its_controllers() {
        let groups = parse(b"4:memory:/x:y\n1:name=systemd:/\n").unwrap();
        assert_eq!(
            (groups[0].controllers.as_slice(), groups[0].path.as_str()),
            (&["memory".to_owned()][..], "/x:y")
        );
        assert_eq!(groups[1].controllers, ["name=systemd"]);
        assert!(parse(b"nonsense").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = container_path(&String::from_utf8_lossy(&bytes));
            let _ = parse(&bytes).map(|groups| container(&groups));
        }
    }
}
