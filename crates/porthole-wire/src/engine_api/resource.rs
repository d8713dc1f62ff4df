//! What a call is about, from its path or its query.

use porthole_model::{Resource, ResourceKind};

use super::operations::Operation;
use super::pattern::Fit;
use super::query;

pub(super) fn of(operation: &Operation, fit: Fit<'_>, query: &str) -> Option<Resource> {
    let (kind, name) = match fit {
        Fit::Named(kind, name) => (kind, query::segment(name)),
        Fit::Plain => of_query(operation.name, query)?,
    };
    Some(Resource { kind, name, id: None })
}

fn of_query(operation: &str, query: &str) -> Option<(ResourceKind, String)> {
    let value = |name| query::value(query, name);
    let (kind, name) = match operation {
        "ContainerCreate" => (ResourceKind::Container, value("name")),
        "ImageCommit" => (ResourceKind::Container, value("container")),
        "ImageCreate" => (ResourceKind::Image, created_image(query)),
        "ImageBuild" => (ResourceKind::Image, value("t")),
        "ImageGetAll" => (ResourceKind::Image, value("names")),
        "PluginPull" => (ResourceKind::Plugin, value("name").or_else(|| value("remote"))),
        "PluginCreate" => (ResourceKind::Plugin, value("name")),
        "GetPluginPrivileges" => (ResourceKind::Plugin, value("remote")),
        _ => return None,
    };
    Some((kind, name?))
}

/// A pull names `fromImage` and `tag`, an import `repo` and `tag`; a digest comes as the tag.
fn created_image(query: &str) -> Option<String> {
    let name = query::value(query, "fromImage").or_else(|| query::value(query, "repo"))?;
    Some(match query::value(query, "tag") {
        Some(digest) if digest.contains(':') => format!("{name}@{digest}"),
        Some(tag) => format!("{name}:{tag}"),
        None => name,
    })
}
