//! `GET /version` and `GET /info` as nouns.

use porthole_model::{DefaultPool, EngineInfo, EngineKind, EngineVersion, Gap, GapKind, Observed};

use super::filled;
use crate::negotiation::ApiVersion;
use crate::raw::{RawComponent, RawDefaultPool, RawInfo, RawVersion};

/// What the engine is, and the version that is spoken with it.
pub(crate) fn version(raw: &RawVersion, negotiated: ApiVersion) -> EngineVersion {
    EngineVersion {
        kind: if podman(raw).is_some() { EngineKind::Podman } else { EngineKind::Docker },
        version: raw.version.clone(),
        api_version: raw.api_version.clone(),
        minimum_api_version: filled(raw.min_api_version.clone()),
        negotiated_api_version: negotiated.to_string(),
        operating_system: raw.operating_system.clone(),
        architecture: raw.architecture.clone(),
        kernel_release: filled(raw.kernel_release.clone()),
    }
}

/// The component that is there if the engine is Podman.
pub(crate) fn podman(raw: &RawVersion) -> Option<&RawComponent> {
    raw.components.iter().find(|component| component.name == "Podman Engine")
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
        firewall_backend: Observed::Known(filled(raw.firewall_backend.driver)),
        address_pools: raw.default_address_pools.iter().map(pool).collect::<Result<_, _>>().into(),
    }
}

fn pool(raw: &RawDefaultPool) -> Result<DefaultPool, Gap> {
    let base = raw.base.parse().map_err(|_not_a_prefix| {
        let cause = format!("the engine names {:?}, which is no range of addresses", raw.base);
        Gap::new(GapKind::Failed, "address pools of the engine", cause)
    });
    Ok(DefaultPool { base: base?, size: raw.size })
}
