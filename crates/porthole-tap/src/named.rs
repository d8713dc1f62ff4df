//! What a request's head says that it asks for.

use std::borrow::Cow;

use porthole_model::{Carrier, Resource};
use porthole_wire::http::{RequestHead, Version};
use porthole_wire::{engine_api, grpc};

/// Where a request came from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    /// The upgraded exchange whose stream it came on.
    pub(crate) carrier: Option<Carrier>,
    /// Whether all that comes from there carries credentials.
    pub(crate) is_withheld: bool,
}

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    pub(crate) method: String,
    /// Without the credentials that it may carry.
    pub(crate) target: String,
    pub(crate) api_version: Option<String>,
    pub(crate) operation: Option<Cow<'static, str>>,
    pub(crate) resource: Option<Resource>,
    pub(crate) is_grpc: bool,
}

impl Named {
    /// Within the stream of an upgraded exchange the engine's own routes mean nothing.
    pub(crate) fn of(head: &RequestHead<'_>, origin: Origin) -> Self {
        let (method, target) = (head.method.to_owned(), engine_api::masked_target(head.target));
        let bare = Self { method, target, ..Self::default() };
        if head.version == Version::Http2 && grpc::is_call(head.headers) {
            let operation = grpc::method(head.target).map(|method| Cow::Owned(method.to_owned()));
            return Self { operation, is_grpc: true, ..bare };
        }
        if origin.carrier.is_some() {
            return bare;
        }
        let call = engine_api::recognise(head.method, head.target);
        Self {
            api_version: call.api_version.map(str::to_owned),
            operation: call.operation.map(|operation| Cow::Borrowed(operation.name)),
            resource: call.resource,
            ..bare
        }
    }

    /// The operation's name, empty where there is none.
    pub(crate) fn operation(&self) -> &str {
        self.operation.as_deref().unwrap_or_default()
    }
}
