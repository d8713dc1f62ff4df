//! Labs as others use them: real engines, real namespaces, and nothing left at the end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod commands;
mod end;
mod engine;
mod network;
mod peer;
mod registry;

use porthole_lab::{Engine, Lab};

/// A host of the newest Docker without a running engine: enough for much, and quick.
fn bare() -> Lab {
    Lab::builder(Engine::newest()).without_engine().start().unwrap()
}

/// Says so and gives false when this machine cannot have the engine.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn has(engine: Engine) -> bool {
    let has = Engine::available().contains(&engine);
    if !has {
        eprintln!("SKIPPED: {engine} is not to be had");
    }
    has
}
