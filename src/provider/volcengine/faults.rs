//! What each documented code means, in one table.
