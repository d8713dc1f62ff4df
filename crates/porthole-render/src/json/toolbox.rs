//! The tools that porthole takes into a container, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};
use crate::toolbox::Tool;

/// The tools that porthole takes into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole toolbox ls")]
pub struct ToolboxDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The tools, those of a group together.
    pub tools: Vec<ToolItem>,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToolItem {
    /// What it is called as.
    pub name: String,
    /// What it is about.
    pub group: String,
    /// What it does, in a few words.
    pub summary: String,
}

/// The tools as JSON.
pub fn toolbox(tools: &[Tool<'_>]) -> String {
    let item = |tool: &Tool<'_>| ToolItem {
        name: tool.name.to_owned(),
        group: tool.group.to_owned(),
        summary: tool.summary.to_owned(),
    };
    pretty(&ToolboxDocument { schema_version: SCHEMA_VERSION, tools: tools.iter().map(item).collect() })
}
