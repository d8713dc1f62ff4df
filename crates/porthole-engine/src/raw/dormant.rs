//! What `GET /containers/ID/json` and `GET /images/NAME/json` tell of where files are kept.

use serde_json::Value;

use super::{RawMap, RawMount, raw};

raw! {
    /// A container or an image; an image has fewer fields.
    RawDormant {
        id: String = "Id",
        name: String = "Name",
        path: String = "Path",
        /// An image's names.
        tags: Vec<String> = "RepoTags",
        state: RawDormantState = "State",
        config: RawDormantConfig = "Config",
        host: RawDormantHost = "HostConfig",
        driver: RawGraphDriver = "GraphDriver",
        mounts: Vec<RawMount> = "Mounts",
        resolv_conf: String = "ResolvConfPath",
        hosts: String = "HostsPath",
        hostname_file: String = "HostnamePath",
    }

    /// `State`.
    RawDormantState {
        status: String = "Status",
        finished: String = "FinishedAt",
    }

    /// `Config`.
    RawDormantConfig {
        environment: Vec<String> = "Env",
        working_directory: String = "WorkingDir",
        hostname: String = "Hostname",
        is_terminal: bool = "Tty",
    }

    /// `HostConfig`.
    RawDormantHost {
        tmpfs: RawMap<String> = "Tmpfs",
    }

    /// `GraphDriver`; engines with containerd's image store have none.
    RawGraphDriver {
        name: String = "Name",
        data: RawMap<Value> = "Data",
    }

    /// One of `GET /containers/ID/changes`.
    RawChange {
        path: String = "Path",
        kind: u8 = "Kind",
    }
}
