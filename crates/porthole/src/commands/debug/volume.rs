//! What `-v` shows to a session: a file or directory, or a volume of the engine.

use std::path::{Path, PathBuf};

use porthole_engine::{MountedFrom, SidecarMount};
use porthole_host::SessionMount;

use crate::error::CommandError;

/// `SOURCE:DESTINATION[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    source: Source,
    destination: PathBuf,
    read_only: bool,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// A path of the host that the session is on.
    Path(PathBuf),
    /// A volume of the engine.
    Named(String),
}

impl Volume {
    /// Whether only the engine knows where it is.
    pub(super) fn needs_engine(&self) -> bool {
        matches!(self.source, Source::Named(_))
    }

    fn in_sidecar(&self, target: String) -> SidecarMount {
        let source = match &self.source {
            Source::Path(path) => MountedFrom::Path(path.to_string_lossy().into_owned()),
            Source::Named(name) => MountedFrom::Volume(name.clone()),
        };
        SidecarMount { source, target, read_only: self.read_only }
    }

    fn at(&self, source: PathBuf) -> SessionMount {
        SessionMount { source, destination: self.destination.clone(), read_only: self.read_only }
    }
}

/// A source with a slash, or that begins with a dot, is a path, which may be relative to where porthole is; any other is
/// a volume, as for `docker run`.
pub(super) fn parse(text: &str) -> Result<Volume, String> {
    let (paths, read_only) = match text.rsplit_once(':') {
        Some((paths, "ro")) => (paths, true),
        Some((paths, "rw")) => (paths, false),
        _ => (text, false),
    };
    let (source, destination) =
        paths.rsplit_once(':').ok_or("two paths with a colon between them, as in ./tools:/mnt")?;
    if !destination.starts_with('/') {
        return Err(
            "the second path is in the container and begins with a slash, as in ./tools:/mnt".to_owned()
        );
    }
    if source.is_empty() {
        return Err("a path or a volume comes first, as in ./tools:/mnt".to_owned());
    }
    let source = if source.contains('/') || source.starts_with('.') {
        Source::Path(std::path::absolute(source).map_err(|error| format!("{source}: {error}"))?)
    } else {
        Source::Named(source.to_owned())
    };
    Ok(Volume { source, destination: destination.into(), read_only })
}

/// Those of this host, for a session that enters from here.
pub(super) fn of_this_host(volumes: &[Volume]) -> Result<Vec<SessionMount>, CommandError> {
    let one = |volume: &Volume| match &volume.source {
        Source::Path(path) => found(path).map(|path| volume.at(path)),
        Source::Named(name) => Err(CommandError::new(format!("cannot show volume '{name}' here"))
            .hint("a volume is shown by its name in containers of an engine that run")
            .hint(format!(
                "give its path, if it has one: docker volume inspect -f '{{{{.Mountpoint}}}}' {name}"
            ))),
    };
    volumes.iter().map(one).collect()
}

fn found(path: &Path) -> Result<PathBuf, CommandError> {
    std::fs::canonicalize(path)
        .map_err(|error| CommandError::caused_by(format!("cannot show {}", path.display()), error))
}

/// Those of the engine's host: what a sidecar that enters a container has, and what the session makes of it.
pub(super) fn of_engine(volumes: &[Volume]) -> (Vec<SidecarMount>, Vec<SessionMount>) {
    let place = |(number, volume): (usize, &Volume)| {
        let target = format!("/mounts/{number}");
        (volume.in_sidecar(target.clone()), volume.at(target.into()))
    };
    volumes.iter().enumerate().map(place).unzip()
}

/// Those of the engine's host, for a sidecar that is itself what the session sees.
pub(super) fn in_place(volumes: &[Volume]) -> Vec<SidecarMount> {
    let target = |volume: &Volume| volume.destination.to_string_lossy().into_owned();
    volumes.iter().map(|volume| volume.in_sidecar(target(volume))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_typed_as_for_docker() {
        let typed =
            |text: &str| parse(text).map(|volume| (volume.source, volume.destination, volume.read_only));
        let path = |path: &str| Source::Path(path.into());
        assert_eq!(typed("/:/mnt"), Ok((path("/"), "/mnt".into(), false)));
        assert_eq!(typed("/srv/a:/mnt:ro"), Ok((path("/srv/a"), "/mnt".into(), true)));
        assert_eq!(typed("data:/mnt:rw"), Ok((Source::Named("data".into()), "/mnt".into(), false)));
        let here = std::env::current_dir().unwrap();
        assert_eq!(typed("./data:/mnt").map(|typed| typed.0), Ok(Source::Path(here.join("data"))));
        assert_eq!(typed(".:/mnt").map(|typed| typed.0), Ok(Source::Path(here)));
        for wrong in ["/", "/:mnt", ":/mnt", "data"] {
            assert!(typed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_shown() {
        let volumes = [parse("/no/such:/mnt").unwrap()];
        let error = of_this_host(&volumes).unwrap_err();
        assert!(error.message().contains("/no/such") && error.causes()[0].contains("No such file"));
    }

    #[test]
    fn each_has_a_place_of_its_own_beside_the_container() {
        let volumes = [parse("/a:/mnt").unwrap(), parse("b:/srv:ro").unwrap()];
        let (sidecar, session) = of_engine(&volumes);
        assert_eq!(sidecar[1].source, MountedFrom::Volume("b".into()));
        assert!(sidecar[1].read_only && session[1].read_only);
        for (outside, inside) in sidecar.iter().zip(&session) {
            assert_eq!(Path::new(&outside.target), inside.source);
        }
        assert_ne!(sidecar[0].target, sidecar[1].target);
        assert_eq!(in_place(&volumes)[0].target, "/mnt");
    }
}
