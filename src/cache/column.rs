//! Columns of numbers as bytes: read and written at the speed of memory.

use std::iter;

use bytes::Bytes;

/// Numbers, eight bytes each, as they stand in a file.
#[derive(Clone, Debug)]
pub(super) struct Column(Bytes);

/// How many bytes a number takes.
const WIDTH: usize = size_of::<u64>();

impl Column {
    /// Takes a column of this length off what a file holds.
    pub(super) fn take(length: usize, rest: &mut Bytes) -> Option<Self> {
        let width = length.checked_mul(WIDTH).filter(|width| *width <= rest.len())?;
        Some(Self(rest.split_to(width)))
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        let (numbers, _rest) = self.0.as_chunks();
        numbers.iter().map(|number| u64::from_le_bytes(*number))
    }

    /// The place of the first number of a sorted column that is not below this one.
    pub(super) fn place_of(&self, number: u64) -> usize {
        let (numbers, _rest) = self.0.as_chunks();
        numbers.partition_point(|other| u64::from_le_bytes(*other) < number)
    }
}

/// How many numbers are written at once.
const AT_ONCE: usize = 8192;

/// A column as bytes, in pieces.
pub(super) fn pieces(mut numbers: impl Iterator<Item = u64>) -> impl Iterator<Item = Vec<u8>> {
    iter::from_fn(move || {
        let piece: Vec<u8> = numbers.by_ref().take(AT_ONCE).flat_map(u64::to_le_bytes).collect();
        (!piece.is_empty()).then_some(piece)
    })
}
