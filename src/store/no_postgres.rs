//! What a program knows of servers that was built without them: how to say so.

use super::{Claim, Reading, ServerUrl, State, StateError, Taken};

fn refused<T>() -> Result<T, StateError> {
    Err(StateError::NotAUrl("this program was built without PostgreSQL".to_owned()))
}

pub(super) fn read(_url: &ServerUrl) -> Result<State, StateError> {
    refused()
}

pub(super) fn write(_url: &ServerUrl) -> Result<State, StateError> {
    refused()
}

pub(super) fn take(_url: &ServerUrl, _claim: &Claim<'_>) -> Result<Taken, StateError> {
    refused()
}

pub(super) fn init(_url: &ServerUrl, _lineage: &str, _roles: bool) -> Result<bool, StateError> {
    refused()
}

pub(super) fn migrate(_url: &ServerUrl) -> Result<(i64, i64), StateError> {
    refused()
}

pub(super) fn fill(_url: &ServerUrl, _from: &dyn Reading) -> Result<State, StateError> {
    refused()
}
