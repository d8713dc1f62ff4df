//! The routes of the engine's API, v1.24 to v1.55, with the names of the public API description.

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its method.
    pub method: &'static str,
    /// Its path without the version; `{image}` stands for the thing it is about, `*` for anything else.
    pub pattern: &'static str,
    /// Its name: `ContainerCreate`.
    pub name: &'static str,
    /// Whether it changes something: the engine, what it runs, or a registry. What a program reads on its standard
    /// input changes it, too.
    pub changes: bool,
}

/// A route; all but GET and HEAD change something, unless it is said otherwise.
const fn on(method: &'static str, pattern: &'static str, name: &'static str) -> Operation {
    let changes = !matches!(method.as_bytes(), b"GET" | b"HEAD");
    Operation { method, pattern, name, changes }
}

/// A POST that only asks, waits, or tells the size of a terminal.
const fn harmless(pattern: &'static str, name: &'static str) -> Operation {
    Operation { changes: false, ..on("POST", pattern, name) }
}

/// Every route. The first that fits is the one, as in the engine's own router.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    on("GET", "/_ping", "SystemPing"),
    on("HEAD", "/_ping", "SystemPingHead"),
    on("GET", "/version", "SystemVersion"),
    on("GET", "/info", "SystemInfo"),
    on("GET", "/events", "SystemEvents"),
    on("GET", "/system/df", "SystemDataUsage"),
    harmless("/auth", "SystemAuth"),

    on("GET", "/containers/json", "ContainerList"),
    on("POST", "/containers/create", "ContainerCreate"),
    on("POST", "/containers/prune", "ContainerPrune"),
    on("GET", "/containers/{container}/json", "ContainerInspect"),
    on("GET", "/containers/{container}/top", "ContainerTop"),
    on("GET", "/containers/{container}/logs", "ContainerLogs"),
    on("GET", "/containers/{container}/changes", "ContainerChanges"),
    on("GET", "/containers/{container}/export", "ContainerExport"),
    on("GET", "/containers/{container}/stats", "ContainerStats"),
    harmless("/containers/{container}/resize", "ContainerResize"),
    on("POST", "/containers/{container}/start", "ContainerStart"),
    on("POST", "/containers/{container}/stop", "ContainerStop"),
    on("POST", "/containers/{container}/restart", "ContainerRestart"),
    on("POST", "/containers/{container}/kill", "ContainerKill"),
    on("POST", "/containers/{container}/update", "ContainerUpdate"),
    on("POST", "/containers/{container}/rename", "ContainerRename"),
    on("POST", "/containers/{container}/pause", "ContainerPause"),
    on("POST", "/containers/{container}/unpause", "ContainerUnpause"),
    on("POST", "/containers/{container}/attach", "ContainerAttach"),
    Operation { changes: true, ..on("GET", "/containers/{container}/attach/ws", "ContainerAttachWebsocket") },
    harmless("/containers/{container}/wait", "ContainerWait"),
    on("HEAD", "/containers/{container}/archive", "ContainerArchiveInfo"),
    on("GET", "/containers/{container}/archive", "ContainerArchive"),
    on("PUT", "/containers/{container}/archive", "PutContainerArchive"),
    harmless("/containers/{container}/copy", "ContainerCopy"),
    on("GET", "/containers/{container}/checkpoints", "CheckpointList"),
    on("POST", "/containers/{container}/checkpoints", "CheckpointCreate"),
    on("DELETE", "/containers/{container}/checkpoints/*", "CheckpointDelete"),
    on("POST", "/containers/{container}/exec", "ContainerExec"),
    on("DELETE", "/containers/{container}", "ContainerDelete"),

    on("POST", "/exec/{exec}/start", "ExecStart"),
    harmless("/exec/{exec}/resize", "ExecResize"),
    on("GET", "/exec/{exec}/json", "ExecInspect"),

    on("GET", "/images/json", "ImageList"),
    on("POST", "/images/create", "ImageCreate"),
    on("GET", "/images/search", "ImageSearch"),
    on("POST", "/images/prune", "ImagePrune"),
    on("GET", "/images/get", "ImageGetAll"),
    on("POST", "/images/load", "ImageLoad"),
    on("GET", "/images/{image}/json", "ImageInspect"),
    on("GET", "/images/{image}/history", "ImageHistory"),
    on("GET", "/images/{image}/get", "ImageGet"),
    on("GET", "/images/{image}/attestations", "ImageAttestations"),
    on("POST", "/images/{image}/push", "ImagePush"),
    on("POST", "/images/{image}/tag", "ImageTag"),
    on("DELETE", "/images/{image}", "ImageDelete"),
    on("POST", "/commit", "ImageCommit"),
    on("POST", "/build", "ImageBuild"),
    on("POST", "/build/prune", "BuildPrune"),
    on("POST", "/build/cancel", "BuildCancel"),
    on("GET", "/distribution/{image}/json", "DistributionInspect"),
    on("POST", "/session", "Session"),
    on("POST", "/grpc", "Grpc"),

    on("GET", "/networks", "NetworkList"),
    on("POST", "/networks/create", "NetworkCreate"),
    on("POST", "/networks/prune", "NetworkPrune"),
    on("GET", "/networks/{network}", "NetworkInspect"),
    on("DELETE", "/networks/{network}", "NetworkDelete"),
    on("POST", "/networks/{network}/connect", "NetworkConnect"),
    on("POST", "/networks/{network}/disconnect", "NetworkDisconnect"),

    on("GET", "/volumes", "VolumeList"),
    on("POST", "/volumes/create", "VolumeCreate"),
    on("POST", "/volumes/prune", "VolumePrune"),
    on("GET", "/volumes/{volume}", "VolumeInspect"),
    on("PUT", "/volumes/{volume}", "VolumeUpdate"),
    on("DELETE", "/volumes/{volume}", "VolumeDelete"),

    on("GET", "/plugins", "PluginList"),
    on("GET", "/plugins/privileges", "GetPluginPrivileges"),
    on("POST", "/plugins/pull", "PluginPull"),
    on("POST", "/plugins/create", "PluginCreate"),
    on("GET", "/plugins/{plugin}/json", "PluginInspect"),
    on("POST", "/plugins/{plugin}/enable", "PluginEnable"),
    on("POST", "/plugins/{plugin}/disable", "PluginDisable"),
    on("POST", "/plugins/{plugin}/upgrade", "PluginUpgrade"),
    on("POST", "/plugins/{plugin}/push", "PluginPush"),
    on("POST", "/plugins/{plugin}/set", "PluginSet"),
    on("DELETE", "/plugins/{plugin}", "PluginDelete"),

    on("GET", "/nodes", "NodeList"),
    on("GET", "/nodes/{node}", "NodeInspect"),
    on("DELETE", "/nodes/{node}", "NodeDelete"),
    on("POST", "/nodes/{node}/update", "NodeUpdate"),

    on("GET", "/swarm", "SwarmInspect"),
    on("POST", "/swarm/init", "SwarmInit"),
    on("POST", "/swarm/join", "SwarmJoin"),
    on("POST", "/swarm/leave", "SwarmLeave"),
    on("POST", "/swarm/update", "SwarmUpdate"),
    on("GET", "/swarm/unlockkey", "SwarmUnlockkey"),
    on("POST", "/swarm/unlock", "SwarmUnlock"),

    on("GET", "/services", "ServiceList"),
    on("POST", "/services/create", "ServiceCreate"),
    on("GET", "/services/{service}", "ServiceInspect"),
    on("DELETE", "/services/{service}", "ServiceDelete"),
    on("POST", "/services/{service}/update", "ServiceUpdate"),
    on("GET", "/services/{service}/logs", "ServiceLogs"),

    on("GET", "/tasks", "TaskList"),
    on("GET", "/tasks/{task}", "TaskInspect"),
    on("GET", "/tasks/{task}/logs", "TaskLogs"),

    on("GET", "/secrets", "SecretList"),
    on("POST", "/secrets/create", "SecretCreate"),
    on("GET", "/secrets/{secret}", "SecretInspect"),
    on("DELETE", "/secrets/{secret}", "SecretDelete"),
    on("POST", "/secrets/{secret}/update", "SecretUpdate"),

    on("GET", "/configs", "ConfigList"),
    on("POST", "/configs/create", "ConfigCreate"),
    on("GET", "/configs/{config}", "ConfigInspect"),
    on("DELETE", "/configs/{config}", "ConfigDelete"),
    on("POST", "/configs/{config}/update", "ConfigUpdate"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::OPERATIONS;
    use crate::engine_api::recognise;

    /// A path that a client could send for the pattern.
    fn example(pattern: &str) -> String {
        let (before, after) = pattern.split_once('{').unwrap_or((pattern, ""));
        let after = after.split_once('}').map_or("", |(_, after)| after);
        let name = if pattern.contains('{') { "thing-1" } else { "" };
        format!("/v1.44{before}{name}{after}").replace('*', "first")
    }

    fn names_of(prefixes: &[&str]) -> Vec<&'static str> {
        let of_group = |pattern: &str| prefixes.iter().any(|prefix| pattern.starts_with(prefix));
        OPERATIONS
            .iter()
            .filter(|operation| of_group(operation.pattern))
            .map(|operation| {
                let path = example(operation.pattern);
                let found = recognise(operation.method, &path).operation.map(|found| found.name);
                assert_eq!(found, Some(operation.name), "{} {path}", operation.method);
                operation.name
            })
            .collect()
    }

    #[test]
    fn the_group_of_the_system() {
        let names = names_of(&["/_ping", "/version", "/info", "/events", "/system", "/auth"]);
        assert_eq!(names.len(), 7);
    }

    #[test]
    fn the_groups_of_containers_and_execs() {
        assert_eq!(names_of(&["/containers"]).len(), 30);
        assert_eq!(names_of(&["/exec"]), ["ExecStart", "ExecResize", "ExecInspect"]);
    }

    #[test]
    fn the_groups_of_images_and_builds() {
        assert_eq!(names_of(&["/images"]).len(), 13);
        assert_eq!(
            names_of(&["/commit", "/build", "/distribution", "/session", "/grpc"]),
            [
                "ImageCommit",
                "ImageBuild",
                "BuildPrune",
                "BuildCancel",
                "DistributionInspect",
                "Session",
                "Grpc"
            ]
        );
    }

    #[test]
    fn the_groups_of_networks_volumes_and_plugins() {
        assert_eq!(names_of(&["/networks"]).len(), 7);
        assert_eq!(names_of(&["/volumes"]).len(), 6);
        assert_eq!(names_of(&["/plugins"]).len(), 11);
    }

    #[test]
    fn the_groups_of_swarm() {
        assert_eq!(names_of(&["/nodes"]).len(), 4);
        assert_eq!(names_of(&["/swarm"]).len(), 7);
        assert_eq!(names_of(&["/services"]).len(), 6);
        assert_eq!(names_of(&["/tasks"]).len(), 3);
        assert_eq!(names_of(&["/secrets"]).len(), 5);
        assert_eq!(names_of(&["/configs"]).len(), 5);
    }

    #[test]
    fn what_reads_by_post_and_what_writes_by_get_is_known() {
        let exceptions: Vec<_> = OPERATIONS
            .iter()
            .filter(|operation| operation.changes == matches!(operation.method, "GET" | "HEAD"))
            .map(|operation| operation.name)
            .collect();
        assert_eq!(
            exceptions,
            [
                "SystemAuth",
                "ContainerResize",
                "ContainerAttachWebsocket",
                "ContainerWait",
                "ContainerCopy",
                "ExecResize"
            ]
        );
    }

    #[test]
    fn no_name_and_no_route_stands_twice() {
        let names: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
        let routes: BTreeSet<_> =
            OPERATIONS.iter().map(|operation| (operation.method, operation.pattern)).collect();
        assert_eq!((names.len(), routes.len()), (OPERATIONS.len(), OPERATIONS.len()));
    }
}
