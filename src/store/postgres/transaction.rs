//! How a transaction ends.

use tokio_postgres::{Client, Error};

/// Ends a transaction: what it came to is kept, or nothing of it is. What failed within counts
/// before what failed at its end: a connection that a server closes after it refused something is
/// closed for the end too.
pub(super) async fn end<T>(
    client: &Client,
    done: Result<T, Error>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<T, Error> {
    let end = if done.as_ref().is_ok_and(is_kept) { "COMMIT" } else { "ROLLBACK" };
    let ended = client.batch_execute(end).await;
    done.and_then(|done| ended.map(|()| done))
}
