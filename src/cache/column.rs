//! Columns of numbers as bytes: read and written at the speed of memory.

/// A column as bytes, eight for each number.
pub(super) fn pack(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    numbers.flat_map(u64::to_le_bytes).collect()
}

/// The numbers of a column.
pub(super) fn unpack(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (numbers, _rest) = bytes.as_chunks();
    numbers.iter().map(|number| u64::from_le_bytes(*number))
}
