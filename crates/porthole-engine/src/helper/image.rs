//! Images of porthole's own program: one file, imported under a tag that names its content.

use std::time::Duration;

use hyper::Method;
use porthole_wire::{executable, tar};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Creation, HelperError, LABEL, PROGRAM, encoded, error_in_lines};
use crate::client::Client;
use crate::request_error::RequestError;

/// Ten megabytes over a slow line.
pub(crate) const UPLOAD_LIMIT: Duration = Duration::from_mins(10);

/// The name of the helper's image with `program`, which is there afterwards.
pub(crate) async fn provide(client: &Client, program: &[u8]) -> Result<String, HelperError> {
    let image = OneFileImage { repository: "porthole-helper", kind: Creation::Helper, program, names: &[] };
    image.provide(client).await
}

/// An image with one program, a static binary, and nothing else.
pub(crate) struct OneFileImage<'a> {
    /// What it is called.
    pub(crate) repository: &'a str,
    /// What it is for.
    pub(crate) kind: Creation,
    /// The program.
    pub(crate) program: &'a [u8],
    /// Names in `/bin` that lead to it.
    pub(crate) names: &'a [&'a str],
}

impl OneFileImage<'_> {
    /// The name of the image, which is there afterwards.
    pub(crate) async fn provide(&self, client: &Client) -> Result<String, HelperError> {
        let tag = self.tag();
        let name = format!("{}:{tag}", self.repository);
        match client.get::<Value>(&format!("/images/{name}/json")).await {
            Ok(_) => Ok(name),
            Err(error) if error.is_not_found() => self.import(client, &tag).await.map(|()| name),
            Err(source) => Err(step(source)),
        }
    }

    async fn import(&self, client: &Client, tag: &str) -> Result<(), HelperError> {
        let names = self.names.iter().map(|name| format!("bin/{name}"));
        let stream = tar::of_program_with_names(PROGRAM, self.program, names)?;
        let label = encoded(&format!("LABEL {LABEL}={}", self.kind.word()));
        let path = format!("/images/create?fromSrc=-&repo={}&tag={tag}&changes={label}", self.repository);
        let content = ("application/x-tar", stream.into());
        let answer = client.upload(Method::POST, &path, content, UPLOAD_LIMIT).await.map_err(step)?;
        error_in_lines(&answer).map_or(Ok(()), |message| Err(HelperError::Import { message }))
    }

    /// The beginning of a hash: another program never runs under this name by mistake. What the linker left stands for
    /// the content, which would take longer to hash than a container to make.
    fn tag(&self) -> String {
        let mut digest = Sha256::new_with_prefix(self.identity());
        for name in self.names {
            digest.update(name);
        }
        let digest = digest.finalize();
        digest.first_chunk().map(|start| format!("{:016x}", u64::from_be_bytes(*start))).unwrap_or_default()
    }

    fn identity(&self) -> &[u8] {
        let start = &self.program[..self.program.len().min(executable::ENOUGH)];
        executable::build_id(start).unwrap_or(self.program)
    }
}

fn step(source: RequestError) -> HelperError {
    HelperError::Engine { step: "import porthole's image", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(program: &[u8], names: &[&str]) -> String {
        OneFileImage { repository: "r", kind: Creation::Helper, program, names }.tag()
    }

    #[test]
    fn another_program_and_other_names_have_another_tag() {
        assert_eq!(tag(b"one", &["sh"]), tag(b"one", &["sh"]));
        assert_ne!(tag(b"one", &["sh"]), tag(b"two", &["sh"]));
        assert_ne!(tag(b"one", &["sh"]), tag(b"one", &["sh", "ls"]));
    }

    #[test]
    fn a_linked_program_is_known_without_being_read() {
        let this = std::fs::read("/proc/self/exe").unwrap();
        let start = &this[..executable::ENOUGH];
        assert!(executable::build_id(start).is_some(), "the linker leaves one");
        assert_eq!(tag(&this, &[]), tag(start, &[]));
    }
}
