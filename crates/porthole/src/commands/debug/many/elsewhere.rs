//! One command in many containers of another host: one helper on the engine's host goes into all of them.

use std::collections::BTreeSet;

use porthole_engine::{Client, Session, SidecarMount, SidecarPlace, SidecarRequest};
use porthole_wire::session::{CrowdMember, FromCrowd, ToCrowd};
use tokio::sync::mpsc;

use super::helper::ROLE;
use crate::collect;
use crate::commands::debug::sidecar;
use crate::error::CommandError;

/// What the helper is started with.
pub(super) struct Helper<'a> {
    pub(super) client: &'a Client,
    pub(super) mounts: Vec<SidecarMount>,
    pub(super) capabilities: Vec<String>,
}

impl Helper<'_> {
    /// Runs the members, and tells what they say under their numbers; those of which nothing was heard any more were not
    /// entered, for one reason.
    pub(super) async fn run(&self, members: Vec<(u32, CrowdMember)>, told: mpsc::Sender<FromCrowd>) {
        let (numbers, members): (Vec<_>, Vec<_>) = members.into_iter().unzip();
        let mut left: BTreeSet<u32> = numbers.iter().copied().collect();
        if left.is_empty() {
            return;
        }
        if let Err(error) = self.converse(&numbers, members, &mut left, &told).await {
            let reason = [&[error.message().to_owned()], error.causes().as_slice()].concat().join(": ");
            for member in left {
                let _unread = told.send(FromCrowd::NotEntered { member, reason: reason.clone() }).await;
            }
        }
    }

    async fn converse(
        &self,
        numbers: &[u32],
        members: Vec<CrowdMember>,
        left: &mut BTreeSet<u32>,
        told: &mpsc::Sender<FromCrowd>,
    ) -> Result<(), CommandError> {
        let program = collect::own_program()?;
        let request = SidecarRequest {
            place: SidecarPlace::Host,
            role: vec![ROLE.to_owned()],
            program: &program,
            image: None,
            may_enter: true,
            capabilities: &self.capabilities,
            mounts: &self.mounts,
        };
        let mut session: Session<ToCrowd, FromCrowd> = sidecar::begin(self.client, &request).await?;
        let lost = |error: porthole_engine::SessionError| {
            CommandError::caused_by("the session with the engine's host was lost", error)
        };
        session.input.say(&ToCrowd::Begin(members)).await.map_err(|error| lost(error.into()))?;
        while !left.is_empty() {
            let word = session.output.hear().await.map_err(lost)?;
            let Some(word) = renumbered(word, numbers) else { continue };
            if matches!(word, FromCrowd::Ended { .. } | FromCrowd::NotEntered { .. }) {
                left.remove(&word.member());
            }
            let _unread = told.send(word).await;
        }
        session
            .end(self.client)
            .await
            .map_err(|error| CommandError::caused_by("cannot remove the session's container", error))
    }
}

/// The helper counts its own members.
fn renumbered(word: FromCrowd, numbers: &[u32]) -> Option<FromCrowd> {
    let member = *numbers.get(usize::try_from(word.member()).ok()?)?;
    Some(match word {
        FromCrowd::Output { line, .. } => FromCrowd::Output { member, line },
        FromCrowd::Error { line, .. } => FromCrowd::Error { member, line },
        FromCrowd::Ended { code, .. } => FromCrowd::Ended { member, code },
        FromCrowd::NotEntered { reason, .. } => FromCrowd::NotEntered { member, reason },
    })
}
