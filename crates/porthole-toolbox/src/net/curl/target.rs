//! Where a URL leads.

use hyper::Uri;

use super::code;
use crate::net::tool::Failure;

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) tls: bool,
    /// A name or a literal address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
    /// Name and password, where the URL has them.
    pub(super) user: Option<String>,
}

impl Target {
    /// Without a scheme it is HTTP.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let bad = |reason: &str| Failure::new(code::BAD_URL, format!("{url:?} is no URL: {reason}"));
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let whole = whole.split('#').next().unwrap_or_default();
        let uri: Uri =
            whole.parse().map_err(|error: hyper::http::uri::InvalidUri| bad(&error.to_string()))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            other => {
                return Err(Failure::new(
                    1,
                    format!("{}: only http and https are here", other.unwrap_or(url)),
                ));
            }
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user.to_owned());
        let default = if tls { 443 } else { 80 };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { tls, host: host.to_owned(), port: uri.port_u16().unwrap_or(default), path, user })
    }

    /// Where an answer's `Location` leads from here.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, Failure> {
        if location.contains("://") {
            return Self::parse(location);
        }
        let scheme = if self.tls { "https" } else { "http" };
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let directory = self
            .path
            .split('?')
            .next()
            .and_then(|path| path.rsplit_once('/'))
            .map_or("", |(before, _)| before);
        let path =
            if location.starts_with('/') { location.to_owned() } else { format!("{directory}/{location}") };
        Self::parse(&format!("{scheme}://{}{path}", self.authority()))
    }

    /// Whether what is secret to one is not to the other.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }

    /// The value of the header `Host`.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }

    /// The whole URL.
    pub(super) fn url(&self) -> String {
        format!("{}://{}{}", if self.tls { "https" } else { "http" }, self.authority(), self.path)
    }

    /// The last part of the path.
    pub(super) fn file_name(&self) -> Option<&str> {
        let path = self.path.split('?').next().unwrap_or_default();
        path.rsplit('/').next().filter(|name| !name.is_empty() && *name != "..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_somewhere() {
        let target = Target::parse("db:8080/a?b=c#d").unwrap();
        assert_eq!(
            (target.tls, target.host.as_str(), target.port, target.path.as_str()),
            (false, "db", 8080, "/a?b=c")
        );
        let target = Target::parse("https://me:secret@[::1]/x").unwrap();
        assert_eq!((target.tls, target.host.as_str(), target.port), (true, "::1", 443));
        assert_eq!(target.user.as_deref(), Some("me:secret"));
        assert_eq!(target.authority(), "[::1]");
    }

    #[test]
    fn redirects_are_relative_or_whole() {
        let from = Target::parse("http://db:81/a/b?c").unwrap();
        assert_eq!(from.redirected("d").unwrap().url(), "http://db:81/a/d");
        assert_eq!(from.redirected("/d?e").unwrap().url(), "http://db:81/d?e");
        assert_eq!(from.redirected("https://x/").unwrap().url(), "https://x/");
    }

    #[test]
    fn what_is_no_url_is_told() {
        for (url, code) in [("http://", 3), ("http://a b/", 3), ("ftp://x/", 1)] {
            assert_eq!(Target::parse(url).unwrap_err().code(), code, "{url}");
        }
    }
}
