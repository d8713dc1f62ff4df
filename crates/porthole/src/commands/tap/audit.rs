//! The audit of a tap: opened before the first call, opened anew at SIGHUP, closed behind the last.

use std::sync::Arc;

use porthole_engine::Endpoint;
use porthole_model::ContainerNames;
use porthole_tap::audit::{Audit, AuditError, AuditSettings};

use super::TapArgs;
use crate::error::CommandError;
use crate::interrupt;
use crate::world::World;

/// Opens every place that was asked for; `None` where there is none.
pub(super) fn open(
    args: &TapArgs,
    world: &World,
    endpoint: &Endpoint,
    names: &ContainerNames,
) -> Result<Option<Audit>, CommandError> {
    if args.audit.is_empty() {
        return Ok(None);
    }
    let printer = world.printer;
    let settings = AuditSettings {
        porthole_version: env!("CARGO_PKG_VERSION").to_owned(),
        endpoint: endpoint.url(),
        required: args.audit_required,
        names: names.clone(),
        notify: Arc::new(move |notice| printer.note(&porthole_render::error::warning(&notice.to_string()))),
    };
    Audit::open(&args.audit, settings).map(Some).map_err(refused)
}

/// Opens the files anew whenever SIGHUP asks for it, for as long as it is polled.
pub(super) async fn follow_rotation(audit: &Audit) {
    loop {
        interrupt::hung_up().await;
        audit.reopen();
    }
}

/// Writes what waits, and the last lines.
pub(super) fn close(audit: &Audit) -> Result<(), CommandError> {
    audit.finish().map_err(|error| CommandError::caused_by("cannot finish the audit", error))
}

fn refused(error: AuditError) -> CommandError {
    CommandError::caused_by("cannot audit", error).hint(
        "give a file in a directory that can be written, syslog, or otlp://host of a collector that runs",
    )
}
