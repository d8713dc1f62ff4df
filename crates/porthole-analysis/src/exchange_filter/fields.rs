//! The fields of an exchange that a filter can ask for, and what each holds.

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Connection,
    Method,
    Path,
    Query,
    Target,
    Api,
    Operation,
    Resource,
    ResourceKind,
    ResourceName,
    ExecId,
    ExecCommand,
    ExecContainer,
    ExecExitCode,
    ExitCode,
    Status,
    RequestBytes,
    AnswerBytes,
    FirstByte,
    Duration,
    Failed,
    Failure,
    Upgraded,
    End,
    ClientPid,
    ClientUid,
    ClientUser,
    ClientExecutable,
    ClientCommand,
    ClientContainer,
    ClientAddress,
    ClientCertificate,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text that is compared as it is.
    Text,
    /// A word that is compared without regard to case.
    Word,
    /// One of a few words.
    Choice(&'static [&'static str]),
    Number,
    Status,
    Bytes,
    Duration,
    Version,
    Flag,
}

const KINDS: &[&str] = &[
    "container",
    "exec",
    "image",
    "network",
    "volume",
    "plugin",
    "node",
    "service",
    "task",
    "secret",
    "config",
];
const ENDS: &[&str] = &["complete", "client_left", "engine_left", "opaque", "stopped"];

const FIELDS: [(Field, &str, Kind); 33] = [
    (Field::Id, "id", Kind::Number),
    (Field::Connection, "connection", Kind::Number),
    (Field::Method, "method", Kind::Word),
    (Field::Path, "path", Kind::Text),
    (Field::Query, "query", Kind::Text),
    (Field::Target, "target", Kind::Text),
    (Field::Api, "api", Kind::Version),
    (Field::Operation, "operation", Kind::Word),
    (Field::Resource, "resource", Kind::Text),
    (Field::ResourceKind, "resource.kind", Kind::Choice(KINDS)),
    (Field::ResourceName, "resource.name", Kind::Text),
    (Field::ExecId, "exec.id", Kind::Text),
    (Field::ExecCommand, "exec.command", Kind::Text),
    (Field::ExecContainer, "exec.container", Kind::Text),
    (Field::ExecExitCode, "exec.exit_code", Kind::Number),
    (Field::ExitCode, "exit_code", Kind::Number),
    (Field::Status, "status", Kind::Status),
    (Field::RequestBytes, "request.bytes", Kind::Bytes),
    (Field::AnswerBytes, "answer.bytes", Kind::Bytes),
    (Field::FirstByte, "first_byte", Kind::Duration),
    (Field::Duration, "duration", Kind::Duration),
    (Field::Failed, "failed", Kind::Flag),
    (Field::Failure, "failure", Kind::Text),
    (Field::Upgraded, "upgraded", Kind::Word),
    (Field::End, "end", Kind::Choice(ENDS)),
    (Field::ClientPid, "client.pid", Kind::Number),
    (Field::ClientUid, "client.uid", Kind::Number),
    (Field::ClientUser, "client.user", Kind::Text),
    (Field::ClientExecutable, "client.executable", Kind::Text),
    (Field::ClientCommand, "client.command", Kind::Text),
    (Field::ClientContainer, "client.container", Kind::Text),
    (Field::ClientAddress, "client.address", Kind::Text),
    (Field::ClientCertificate, "client.certificate", Kind::Text),
];

/// How alike a name has to be to be offered, by Jaro and Winkler.
const ALIKE: f64 = 0.8;
/// How many near names an error offers.
const NEAR_NAMES: usize = 3;

impl Field {
    pub(super) fn named(name: &str) -> Option<Self> {
        FIELDS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)).map(|(field, ..)| *field)
    }

    pub(super) fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }

    pub(super) fn kind(self) -> Kind {
        FIELDS[self as usize].2
    }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(_, name, _)| *name)
}

/// The names that `name` may have been meant to be, likeliest first.
pub(super) fn near(name: &str) -> Vec<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut near: Vec<(f64, &'static str)> =
        names().map(|known| (likeness(&name, known), known)).filter(|(alike, _)| *alike >= ALIKE).collect();
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    near.into_iter().map(|(_, known)| known).take(NEAR_NAMES).collect()
}

/// A field is also near to what is like the part behind its dot.
fn likeness(name: &str, known: &str) -> f64 {
    let part = known.rsplit_once('.').map_or(known, |(_, part)| part);
    strsim::jaro_winkler(name, known).max(strsim::jaro_winkler(name, part))
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text | Self::Word | Self::Choice(_) => "text",
            Self::Number => "a number",
            Self::Status => "a status",
            Self::Bytes => "a size",
            Self::Duration => "a duration",
            Self::Version => "a version",
            Self::Flag => "yes or no",
        }
    }

    pub(super) fn operators(self) -> &'static str {
        match self {
            Self::Text | Self::Word | Self::Choice(_) => "= != ~ !~ in",
            Self::Flag => "= !=",
            _ => "= != < <= > >= in",
        }
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Word | Self::Choice(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_its_place() {
        for (place, (field, name, _)) in FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, place);
            assert_eq!(Field::named(name), Some(*field));
            assert_eq!(field.name(), *name);
        }
    }

    #[test]
    fn near_names_are_offered() {
        assert_eq!(near("stauts"), ["status"]);
        assert_eq!(near("container"), ["exec.container", "client.container", "connection"]);
        assert_eq!(near("USER")[0], "client.user");
        assert!(near("zzz").is_empty());
    }
}
