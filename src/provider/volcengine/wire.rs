//! Calls as HTTP requests, and answers back.

use crate::provider::{Call, Fault, Reply, Request, Response, Session, Stamp};

/// Writes a call for the wire.
pub(super) fn encode(_session: &Session, _call: &Call, _stamp: &Stamp) -> Request {
    unimplemented!()
}

/// Reads the answer to a call.
pub(super) fn decode(_call: &Call, _response: &Response) -> Result<Reply, Fault> {
    unimplemented!()
}
