//! The engine's answers as they come: what is missing or null counts as empty, what is unknown is passed over.

mod container;
mod dormant;
mod network;
mod saved;
mod system;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub(crate) use container::{
    RawAttachment, RawContainer, RawListed, RawLogConfig, RawMount, RawNetworkSettings, RawPortBinding,
    RawPorts, RawState,
};
pub(crate) use dormant::{RawChange, RawDormant, RawGraphDriver};
pub(crate) use network::{RawNetwork, RawPodmanNetwork, RawSubnet};
pub(crate) use saved::{RawMember, RawPlace, RawPool, RawSavedNetwork};
pub(crate) use system::{RawComponent, RawDefaultPool, RawImage, RawInfo, RawVersion};

/// Go writes `null` for an empty list or map.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A map of the API.
pub(crate) type RawMap<T> = BTreeMap<String, T>;

/// Declares structs of the API whose fields may all be missing or null.
macro_rules! raw {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $kind:ty = $key:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            $($(#[$field_meta])*
            #[serde(rename = $key, deserialize_with = "crate::raw::nullable")]
            pub(crate) $field: $kind,)+
        }
    )+};
}
pub(crate) use raw;
