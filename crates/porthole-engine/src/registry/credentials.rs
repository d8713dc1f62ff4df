//! What the docker CLI would show a registry: its configuration's `auths`, `credsStore` and `credHelpers`
//! (docker/cli, `cli/config/configfile`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};

use super::helper_program;
use super::reference::{configured_name, host_of, registry_of};

/// What a pull is asked with.
#[derive(Default)]
pub(crate) struct Authorization {
    /// The value of `X-Registry-Auth`; it is never shown.
    pub(crate) header: Option<HeaderValue>,
    /// Why there may be none although the user has logged in.
    pub(crate) trouble: Option<String>,
}

/// What an engine passes on to the registry (moby/api, `registry.AuthConfig`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Credentials {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) password: String,
    #[serde(rename = "identitytoken", skip_serializing_if = "String::is_empty")]
    pub(super) identity_token: String,
    #[serde(rename = "registrytoken", skip_serializing_if = "String::is_empty")]
    pub(super) registry_token: String,
    #[serde(rename = "serveraddress")]
    pub(super) server_address: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    auths: BTreeMap<String, Stored>,
    #[serde(rename = "credsStore")]
    store: String,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stored {
    auth: String,
    username: String,
    password: String,
    #[serde(rename = "identitytoken")]
    identity_token: String,
    #[serde(rename = "registrytoken")]
    registry_token: String,
}

/// What the user of `docker_config` may show the registry of this image. Without anything a pull may do as well.
pub(crate) async fn authorize(docker_config: &Path, image: &str) -> Authorization {
    let registry = configured_name(registry_of(image));
    let found = match read(docker_config) {
        Ok(configuration) => configuration.credentials(registry).await,
        Err(trouble) => Err(trouble),
    };
    match found {
        Ok(None) => Authorization::default(),
        Ok(Some(credentials)) => Authorization { header: header(&credentials), trouble: None },
        Err(trouble) => Authorization { header: None, trouble: Some(trouble) },
    }
}

fn read(docker_config: &Path) -> Result<Configuration, String> {
    let path: PathBuf = docker_config.join("config.json");
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Configuration::default()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn header(credentials: &Credentials) -> Option<HeaderValue> {
    let json = serde_json::to_vec(credentials).ok()?;
    let mut header = HeaderValue::try_from(URL_SAFE.encode(json)).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Configuration {
    /// Of a registry with a helper, the helper alone is asked.
    async fn credentials(&self, registry: &str) -> Result<Option<Credentials>, String> {
        let helper = self.helpers.get(registry).unwrap_or(&self.store);
        if helper.is_empty() { self.stored(registry) } else { helper_program::ask(helper, registry).await }
    }

    fn stored(&self, registry: &str) -> Result<Option<Credentials>, String> {
        let same_host = || self.auths.iter().find(|(name, _)| host_of(name) == host_of(registry));
        let stored = self.auths.get(registry).or_else(|| same_host().map(|(_, stored)| stored));
        stored.map(|stored| stored.credentials(registry)).transpose()
    }
}

impl Stored {
    fn credentials(&self, registry: &str) -> Result<Credentials, String> {
        let (username, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            user_and_password(&self.auth)
                .ok_or_else(|| format!("what is stored for {registry} is no user name and password"))?
        };
        Ok(Credentials {
            username,
            password,
            identity_token: self.identity_token.clone(),
            registry_token: self.registry_token.clone(),
            server_address: registry.to_owned(),
        })
    }
}

fn user_and_password(text: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(configuration: &str, image: &str) -> Result<Option<Credentials>, String> {
        let configuration: Configuration = serde_json::from_str(configuration).unwrap();
        configuration.stored(configured_name(registry_of(image)))
    }

    #[test]
    fn the_one_for_the_image_s_registry_is_taken() {
        let configuration = r#"{ "auths": {
            "https://index.docker.io/v1/": { "auth": "bWU6c2VzYW1l" },
            "https://ghcr.io/v2/": { "identitytoken": "long" }, "broken.test": { "auth": "?" } } }"#;
        let hub = stored(configuration, "alpine").unwrap().unwrap();
        assert_eq!((hub.username.as_str(), hub.password.as_str()), ("me", "sesame"));
        assert_eq!(hub.server_address, "https://index.docker.io/v1/");
        let token = stored(configuration, "ghcr.io/a/b").unwrap().unwrap();
        assert_eq!((token.username.as_str(), token.identity_token.as_str()), ("", "long"));
        assert!(stored(configuration, "other.test/a").unwrap().is_none());
        let broken = stored(configuration, "broken.test/a").err().unwrap();
        assert!(broken.contains("broken.test") && !broken.contains('?'), "{broken}");
    }

    #[test]
    fn the_engine_gets_what_the_docker_cli_sends() {
        let credentials = Credentials {
            username: "me".into(),
            password: "sesame".into(),
            server_address: "localhost:5000".into(),
            ..Credentials::default()
        };
        let header = header(&credentials).unwrap();
        assert!(header.is_sensitive());
        let json = URL_SAFE.decode(header.as_bytes()).unwrap();
        assert_eq!(json, br#"{"username":"me","password":"sesame","serveraddress":"localhost:5000"}"#);
    }
}
