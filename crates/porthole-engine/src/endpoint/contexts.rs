//! The docker CLI's contexts on disk: `contexts/meta/<sha256 of the name>/meta.json` and `contexts/tls/<same>/docker`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::EndpointError;
use super::tls_files::TlsFiles;

/// A context's engine.
#[derive(Debug)]
pub(super) struct StoredContext {
    /// The address; empty means the default one.
    pub(super) host: String,
    /// Whether any certificate will do.
    pub(super) skip_verification: bool,
    /// Its certificates.
    pub(super) tls: TlsFiles,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Meta {
    name: String,
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DockerEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
    #[serde(rename = "SkipTLSVerify")]
    skip_verification: Option<bool>,
}

/// Reads the context `name`.
pub(super) fn read(docker_config: &Path, name: &str) -> Result<StoredContext, EndpointError> {
    let id = directory_name(name);
    let path = docker_config.join("contexts/meta").join(&id).join("meta.json");
    let meta = match std::fs::read(&path) {
        Ok(bytes) => decode(&path, &bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(unknown(docker_config, name)),
        Err(source) => return Err(EndpointError::Unreadable { path, source }),
    };
    let docker =
        meta.endpoints.docker.ok_or_else(|| EndpointError::NoDockerEndpoint { name: name.to_owned() })?;
    let skip_verification = docker.skip_verification.unwrap_or_default();
    let tls_directory = docker_config.join("contexts/tls").join(id).join("docker");
    let tls = TlsFiles::of_directory(&tls_directory, skip_verification);
    Ok(StoredContext { host: docker.host.unwrap_or_default(), skip_verification, tls })
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Meta, EndpointError> {
    serde_json::from_slice(bytes).map_err(|source| EndpointError::Malformed { path: path.into(), source })
}

/// Follows `contextdirOf` of docker/cli's context store.
pub(super) fn directory_name(name: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(name).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        text
    })
}

fn unknown(docker_config: &Path, name: &str) -> EndpointError {
    match known(docker_config) {
        Ok(known) => EndpointError::UnknownContext { name: name.to_owned(), known },
        Err(error) => error,
    }
}

/// The names of all contexts, `default` first.
fn known(docker_config: &Path) -> Result<Vec<String>, EndpointError> {
    let directory = docker_config.join("contexts/meta");
    let unreadable = |path: PathBuf| move |source| EndpointError::Unreadable { path, source };
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec!["default".to_owned()]),
        Err(source) => return Err(unreadable(directory)(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable(directory.clone()))?.path().join("meta.json");
        let bytes = std::fs::read(&path).map_err(unreadable(path.clone()))?;
        names.push(decode(&path, &bytes)?.name);
    }
    names.sort();
    names.insert(0, "default".to_owned());
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_the_sha256_of_the_name() {
        // printf %s x | sha256sum
        assert_eq!(directory_name("x"), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
    }
}
