//! Which endpoint each way of naming one leads to, and which way wins.

use std::fs;

use tempfile::TempDir;

use super::*;

struct Case {
    directory: TempDir,
    request: EndpointRequest,
}

impl Case {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let request =
            EndpointRequest { docker_config: directory.path().to_owned(), ..EndpointRequest::default() };
        Self { directory, request }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.request.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn host(mut self, host: &str) -> Self {
        self.request.host = Some(host.to_owned());
        self
    }

    fn context(mut self, name: &str) -> Self {
        self.request.context = Some(name.to_owned());
        self
    }

    fn file(self, path: &str, content: &str) -> Self {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A context named `name`, as `docker context create` writes it.
    fn stored(self, name: &str, endpoint: &str) -> Self {
        let meta = format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{endpoint}}}}}"#);
        let path = format!("contexts/meta/{}/meta.json", contexts::directory_name(name));
        self.file(&path, &meta)
    }

    fn resolved(&self) -> String {
        match resolve(&self.request) {
            Ok(endpoint) => {
                let tls = if endpoint.tls().is_some() { " with TLS" } else { "" };
                format!("{} by {}{tls}", endpoint.url(), endpoint.origin())
            }
            Err(error) => error.to_string(),
        }
    }
}

const REMOTE: &str = r#"{"Host":"tcp://10.0.0.9:2375","SkipTLSVerify":false}"#;

#[test]
fn without_a_word_it_is_the_default_socket() {
    assert_eq!(Case::new().resolved(), "unix:///var/run/docker.sock by the default");
    assert_eq!(
        Case::new().variable("DOCKER_HOST", "").resolved(),
        "unix:///var/run/docker.sock by the default"
    );
}

#[test]
fn host_and_context_exclude_each_other() {
    let case = Case::new().host("unix:///a").context("default");
    assert_eq!(case.resolved(), "conflicting options: either specify --host or --context, not both");
}

#[test]
fn the_first_that_is_given_wins() {
    let config = r#"{"currentContext":"far"}"#;
    let case = Case::new().stored("far", REMOTE).stored("near", r#"{"Host":"unix:///near"}"#);
    let case = case.file("config.json", config);
    assert_eq!(case.resolved(), "tcp://10.0.0.9:2375 by context \"far\"");
    let case = case.variable("DOCKER_CONTEXT", "near");
    assert_eq!(case.resolved(), "unix:///near by context \"near\"");
    let case = case.variable("DOCKER_HOST", "unix:///h");
    assert_eq!(case.resolved(), "unix:///h by DOCKER_HOST");
    let case = case.context("far");
    assert_eq!(case.resolved(), "tcp://10.0.0.9:2375 by context \"far\"");
}

#[test]
fn the_host_option_beats_every_variable() {
    let case = Case::new().variable("DOCKER_HOST", "unix:///h").variable("DOCKER_CONTEXT", "gone");
    assert_eq!(case.host("ssh://me@far").resolved(), "ssh://me@far by --host");
}

#[test]
fn the_default_context_is_docker_host() {
    let case = Case::new().file("config.json", r#"{"currentContext":"far"}"#).context("default");
    assert_eq!(case.resolved(), "unix:///var/run/docker.sock by the default");
    assert_eq!(case.variable("DOCKER_HOST", "unix:///h").resolved(), "unix:///h by DOCKER_HOST");
}

#[test]
fn an_unknown_context_comes_with_the_known_ones() {
    let case = Case::new().stored("far", REMOTE).stored("b", REMOTE).context("fra");
    assert_eq!(case.resolved(), r#"context "fra" does not exist; known contexts: default, b, far"#);
    assert_eq!(
        Case::new().variable("DOCKER_CONTEXT", "x").resolved(),
        r#"context "x" does not exist; known contexts: default"#
    );
}

#[test]
fn a_context_brings_its_own_certificates() {
    let tls = format!("contexts/tls/{}/docker", contexts::directory_name("far"));
    let case = Case::new().stored("far", r#"{"Host":"tcp://h","SkipTLSVerify":true}"#).context("far");
    assert_eq!(case.resolved(), "tcp://h:2376 by context \"far\" with TLS");
    assert!(resolve(&case.request).unwrap().tls().unwrap().skip_verification);
    let case = case.stored("far", r#"{"Host":"tcp://h:1"}"#);
    assert_eq!(case.resolved(), "tcp://h:1 by context \"far\"");
    let case = case.file(&format!("{tls}/ca.pem"), "").file(&format!("{tls}/cert.pem"), "");
    let endpoint = resolve(&case.request).unwrap();
    let files = endpoint.tls().unwrap();
    assert!(files.authority.as_ref().unwrap().ends_with("docker/ca.pem"));
    assert_eq!((files.client.as_ref(), files.skip_verification), (None, false));
}

#[test]
fn the_environment_s_tls_goes_with_tcp_only() {
    let case = Case::new().variable("DOCKER_TLS_VERIFY", "1").file("ca.pem", "");
    assert_eq!(case.resolved(), "tcp://localhost:2376 by the default with TLS");
    let case = case.variable("DOCKER_HOST", "unix:///h");
    assert_eq!(case.resolved(), "unix:///h by DOCKER_HOST");
    let case = case.variable("DOCKER_HOST", "tcp://h");
    assert_eq!(case.resolved(), "tcp://h:2376 by DOCKER_HOST with TLS");
}

#[test]
fn tls_that_must_be_verified_needs_the_authority() {
    let case = Case::new().variable("DOCKER_HOST", "tcp://h").variable("DOCKER_CERT_PATH", "/nowhere");
    assert_eq!(case.resolved(), "tcp://h:2375 by DOCKER_HOST");
    let case = case.variable("DOCKER_TLS", "1");
    assert!(resolve(&case.request).unwrap().tls().unwrap().skip_verification);
    let case = case.variable("DOCKER_TLS_VERIFY", "1");
    assert_eq!(case.resolved(), "/nowhere/ca.pem does not exist, but DOCKER_TLS_VERIFY asks for TLS with it");
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let case = Case::new().file("config.json", "{");
    assert!(case.resolved().contains("config.json is not what the docker CLI writes"), "{}", case.resolved());
    let case = Case::new().stored("far", "null").context("far");
    assert_eq!(case.resolved(), "context \"far\" has no docker endpoint");
    let case = Case::new().stored("far", r#"{"Host":"fd://"}"#).context("far");
    assert!(
        case.resolved().starts_with("context \"far\": \"fd://\" cannot be used here"),
        "{}",
        case.resolved()
    );
}

#[test]
fn the_api_version_is_taken_without_its_letter() {
    let case = Case::new().variable("DOCKER_API_VERSION", "v1.41");
    assert_eq!(resolve(&case.request).unwrap().api_version(), Some("1.41"));
}
