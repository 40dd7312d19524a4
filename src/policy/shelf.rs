//! Where what a file says is kept between runs, so that it is not parsed again.

/// Keeps bytes under keys; it may forget anything at any time.
pub trait Shelf: Sync {
    /// What was put under a key, unharmed; `None` if there is nothing.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Puts something under a key.
    fn put(&self, key: &str, bytes: &[u8]);
}
