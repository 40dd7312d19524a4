//! What SQLite refuses, as what can be wrong with a state.

use std::error::Error;

use rusqlite::ErrorCode;

use crate::store::StateError;

/// Says what was being done when SQLite refused.
pub(super) fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> StateError {
    move |source| StateError::Engine { doing, source: Box::new(source) }
}

/// Whether somebody else is using the state.
pub(super) fn is_busy(error: &(dyn Error + 'static)) -> bool {
    let code = error.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
