//! A change of the state by hand: under the lock, and nothing is sent.

use std::time::Duration;

use super::super::leased_store::{self, LeasedStore};
use super::super::prepare::Files;
use super::super::{Context, store};
use crate::domain::Who;
use crate::error::Error;
use crate::store::{Accounts, Lease, State};

/// Does `work` on the state once no run is under way; the state is given back whatever comes of it.
pub(super) async fn by_hand<T>(
    context: &Context<'_>,
    patience: Duration,
    work: impl FnOnce(&mut State, &Lease, &Who) -> Result<T, Error>,
) -> Result<T, Error> {
    let files = Files::read_config(context)?;
    // Also so that none is made where there was none.
    drop(store::required(context)?);
    let (world, location) = (context.world, files.state_location(context)?);
    let LeasedStore { mut state, lease } =
        leased_store::take(&location, world, &Accounts::All, patience).await?;
    let who = world.who(&context.global.dir).await;
    let done = work(&mut state, &lease, &who);
    state.release(&lease, world.uptime().as_ref())?;
    state.close()?;
    done
}
