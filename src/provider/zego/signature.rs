//! The signature of a request.
