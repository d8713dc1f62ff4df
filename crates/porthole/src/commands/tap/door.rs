//! The way in and the way on: where clients connect, and where the relay reaches the engine.

use std::sync::Arc;

use porthole_engine::Endpoint;
use porthole_host::HeldSocket;
use porthole_model::ContainerNames;
use porthole_tap::Listener;

use super::take_over::TakeOver;
use super::{TapArgs, listen};
use crate::error::CommandError;
use crate::world::World;

/// The way in and the way on.
pub(super) struct Door {
    /// Where clients are let in.
    pub(super) listener: Listener,
    /// Its address, as `DOCKER_HOST` takes it.
    pub(super) url: String,
    /// The engine behind.
    pub(super) engine: Endpoint,
    /// What its endpoint leads through as long as the relay runs.
    pub(super) held: Option<Arc<HeldSocket>>,
    /// What is to be given back in the end.
    pub(super) take_over: Option<TakeOver>,
}

impl Door {
    /// Opens it where the arguments say.
    pub(super) async fn open(
        args: &TapArgs,
        world: &World,
        endpoint: &Endpoint,
        names: &ContainerNames,
    ) -> Result<Self, CommandError> {
        if args.take_over {
            let (listener, take_over) = TakeOver::begin(world, endpoint, names.clone()).await?;
            let held = take_over.engine();
            let engine =
                held.as_ref().map_or_else(|| endpoint.clone(), |held| Endpoint::of_socket(held.path()));
            return Ok(Self { listener, url: endpoint.url(), engine, held, take_over: Some(take_over) });
        }
        let listener = Listener::bind(&listen::address(args, world)?).await.map_err(listen::refused)?;
        let url = listen::url(&listener);
        Ok(Self { listener, url, engine: endpoint.clone(), held: None, take_over: None })
    }
}
