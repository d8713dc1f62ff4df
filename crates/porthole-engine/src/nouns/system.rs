//! `GET /version` and `GET /info` as nouns.

use porthole_model::{EngineInfo, EngineKind, EngineVersion};

use super::filled;
use crate::negotiation::ApiVersion;
use crate::raw::{RawInfo, RawVersion};

/// What the engine is, and the version that is spoken with it.
pub(crate) fn version(raw: &RawVersion, negotiated: ApiVersion) -> EngineVersion {
    // Podman names its component "Podman Engine".
    let is_podman = raw.components.iter().any(|component| component.name.contains("Podman"));
    EngineVersion {
        kind: if is_podman { EngineKind::Podman } else { EngineKind::Docker },
        version: raw.version.clone(),
        api_version: raw.api_version.clone(),
        minimum_api_version: filled(raw.min_api_version.clone()),
        negotiated_api_version: negotiated.to_string(),
        operating_system: raw.operating_system.clone(),
        architecture: raw.architecture.clone(),
        kernel_release: filled(raw.kernel_release.clone()),
    }
}

/// What the engine says of its host and of itself.
pub(crate) fn info(raw: RawInfo) -> EngineInfo {
    EngineInfo {
        id: raw.id,
        name: raw.name,
        operating_system: raw.operating_system,
        storage_driver: raw.storage_driver,
        data_root: raw.data_root,
        security_options: raw.security_options,
        live_restore: raw.live_restore,
        swarm_state: filled(raw.swarm.local_node_state).unwrap_or_else(|| "inactive".to_owned()),
        warnings: raw.warnings,
    }
}
