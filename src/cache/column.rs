//! Columns of numbers as bytes: read and written at the speed of memory.

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

    /// Where the numbers from here to the end of a sorted column begin.
    pub(super) fn place_of(&self, number: u64) -> usize {
        let (numbers, _rest) = self.0.as_chunks();
        numbers.partition_point(|other| u64::from_le_bytes(*other) < number)
    }
}

/// A column as bytes.
pub(super) fn pack(numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = u8> {
    numbers.into_iter().flat_map(u64::to_le_bytes)
}
