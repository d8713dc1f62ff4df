//! Where an engine with overlayfs keeps a container's or image's files.

use std::path::PathBuf;

use serde_json::Value;

use super::DormantKind;
use crate::raw::RawGraphDriver;

/// Directories of the engine's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// Those that are only read, uppermost first.
    pub lower: Vec<PathBuf>,
    /// The container's own layer and the work directory beside it; an image has none.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Why the layers are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLayers {
    /// containerd keeps them.
    #[error("this engine keeps its images in containerd and does not say where the layers are")]
    NotTold,
    /// Another driver keeps them.
    #[error("this engine keeps its files with the storage driver {0}")]
    OtherDriver(String),
}

pub(super) fn of(kind: DormantKind, driver: &RawGraphDriver) -> Result<Layers, NoLayers> {
    let path = |key: &str| driver.data.get(key).and_then(Value::as_str).filter(|path| !path.is_empty());
    match driver.name.as_str() {
        // The name of containerd's snapshotter.
        "" | "overlayfs" => return Err(NoLayers::NotTold),
        "overlay2" | "overlay" => {}
        other => return Err(NoLayers::OtherDriver(other.to_owned())),
    }
    let (Some(upper), Some(work)) = (path("UpperDir"), path("WorkDir")) else {
        return Err(NoLayers::NotTold);
    };
    let lower = path("LowerDir").into_iter().flat_map(|text| text.split(':'));
    Ok(match kind {
        DormantKind::Container => {
            Layers { lower: lower.map(PathBuf::from).collect(), own: Some((upper.into(), work.into())) }
        }
        DormantKind::Image => {
            Layers { lower: [upper].into_iter().chain(lower).map(PathBuf::from).collect(), own: None }
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn driver(value: Value) -> RawGraphDriver {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_image_is_its_layers_and_a_container_has_one_more() {
        let driver = driver(json!({
            "Name": "overlay2",
            "Data": { "LowerDir": "/b/diff:/a/diff", "UpperDir": "/c/diff", "WorkDir": "/c/work", "ID": null },
        }));
        let image = of(DormantKind::Image, &driver).unwrap();
        assert_eq!(image.lower, ["/c/diff", "/b/diff", "/a/diff"].map(PathBuf::from));
        let container = of(DormantKind::Container, &driver).unwrap();
        assert_eq!(container.lower, ["/b/diff", "/a/diff"].map(PathBuf::from));
        assert_eq!(container.own, Some(("/c/diff".into(), "/c/work".into())));
    }

    #[test]
    fn other_stores_are_named() {
        let layers = |value| of(DormantKind::Container, &driver(value));
        assert_eq!(layers(json!({})), Err(NoLayers::NotTold));
        assert_eq!(layers(json!({ "Name": "btrfs" })), Err(NoLayers::OtherDriver("btrfs".to_owned())));
    }
}
