//! The calls of the engine's API as JSON.

use porthole_model::{ApiEndpoint, ApiParameter, ParameterPlace};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};

/// The calls of a version of the engine's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole api ls")]
pub struct ApiEndpointsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The version of the API: `1.51`.
    pub api_version: String,
    /// The calls, group by group.
    pub endpoints: Vec<ApiEndpointItem>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiEndpointItem {
    /// Its method.
    pub method: String,
    /// Its path without the version; what stands in braces, or as a star, is a name.
    pub path: String,
    /// Its name: `ContainerCreate`.
    pub operation: String,
    /// What it is for; `null` for calls that the API's description leaves out.
    pub summary: Option<String>,
    /// Whether it changes something.
    pub changes: bool,
    /// What it takes.
    pub parameters: Vec<ApiParameterItem>,
}

/// Something that a call takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiParameterItem {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: ParameterPlaceWord,
    /// Its type, or the values that it may have: `spec|previous-spec`.
    pub kind: String,
    /// What holds where it is not given.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterPlaceWord {
    /// Behind the path.
    Query,
    /// In a header.
    Header,
    /// In the JSON object of the body.
    Body,
}

/// The calls as JSON.
pub fn api_endpoints(version: &str, endpoints: &[ApiEndpoint]) -> String {
    let endpoints = endpoints.iter().map(endpoint).collect();
    pretty(&ApiEndpointsDocument {
        schema_version: SCHEMA_VERSION,
        api_version: version.to_owned(),
        endpoints,
    })
}

fn endpoint(endpoint: &ApiEndpoint) -> ApiEndpointItem {
    ApiEndpointItem {
        method: endpoint.method.to_owned(),
        path: endpoint.path.to_owned(),
        operation: endpoint.operation.to_owned(),
        summary: said(endpoint.summary),
        changes: endpoint.changes,
        parameters: endpoint.parameters.iter().map(parameter).collect(),
    }
}

fn parameter(parameter: &ApiParameter) -> ApiParameterItem {
    ApiParameterItem {
        name: parameter.name.to_owned(),
        place: match parameter.place {
            ParameterPlace::Query => ParameterPlaceWord::Query,
            ParameterPlace::Header => ParameterPlaceWord::Header,
            ParameterPlace::Body => ParameterPlaceWord::Body,
        },
        kind: parameter.kind.to_owned(),
        default: said(parameter.default),
        required: parameter.is_required,
    }
}

fn said(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
