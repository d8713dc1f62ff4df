//! What can be asked of an engine over its API.

use serde::Serialize;

/// A call of the API, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiEndpoint {
    /// Its method.
    pub method: &'static str,
    /// Its path without the version: `/containers/{container}/start`.
    pub path: &'static str,
    /// Its name in the API's description: `ContainerStart`.
    pub operation: &'static str,
    /// What it is for; empty where no description has it.
    pub summary: &'static str,
    /// Whether it changes something.
    pub changes: bool,
    /// What it takes, in the order of the API's description.
    pub parameters: Vec<ApiParameter>,
}

/// Something that a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ApiParameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: ParameterPlace,
    /// A type of JSON, `JSON` for text that is JSON itself, or the values it may have: `spec|previous-spec`.
    pub kind: &'static str,
    /// Its value where none is given; empty where there is none.
    pub default: &'static str,
    /// Whether the call is refused without it.
    pub is_required: bool,
    /// The minor version of the API 1 it came with; `None` for what every engine of today takes.
    pub since: Option<u16>,
}

/// Where a parameter stands in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterPlace {
    /// Behind the path: `?name=value`.
    Query,
    /// In a header.
    Header,
    /// In the JSON object of the body.
    Body,
}
