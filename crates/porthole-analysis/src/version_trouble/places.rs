//! Where in a request something may stand, and when it matters.

use std::fmt;

/// Where in a request something may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A parameter of the query.
    Parameter(&'static str),
    /// A key of the parameter `filters`.
    Filter(&'static str),
    /// A field of the body: `HostConfig.Mounts[].Type`.
    Field(&'static str, Meaning),
}

/// Which values of a field matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Those that are not empty, zero or false.
    Set,
    /// All but null.
    Present,
    /// That one.
    Is(&'static str),
    /// Those that are not empty, unless the other field is set, from which an older engine takes it.
    SetWithout(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(formatter, "the parameter '{name}'"),
            Self::Filter(name) => write!(formatter, "the filter '{name}'"),
            Self::Field(path, Meaning::Is(value)) => write!(formatter, "{path}={value}"),
            Self::Field(path, _) => formatter.write_str(path),
        }
    }
}
