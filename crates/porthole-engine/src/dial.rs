//! Bare byte streams to an engine, for whoever speaks with it in its own words.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::named;
use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::transport::Dialler;

/// Opens byte streams to one engine, over any transport that the docker CLI knows.
pub struct Line {
    dialler: Dialler,
}

impl Line {
    /// Reads what the endpoint needs, such as certificates; opens nothing yet.
    pub fn new(endpoint: &Endpoint) -> Result<Self, Box<ConnectError>> {
        let dialler = Dialler::new(endpoint, "/".into()).map_err(|cause| Box::new(named(endpoint, cause)))?;
        Ok(Self { dialler })
    }

    /// Opens a stream. Shutting its writing half down tells the engine that no more comes.
    pub async fn open(&self) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static, ConnectError> {
        let dialled = self.dialler.dial().await;
        let dialled = dialled.map_err(|cause| named(&self.dialler.endpoint, cause))?;
        Ok(dialled.stream)
    }
}
