//! "Did you mean": the known word that is closest to an unknown one.

/// The closest of the known words, if any is close enough to be meant.
pub(super) fn suggest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// Longer words are no slips of the pen, and the distance takes quadratic time.
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return None;
    }
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&word.to_lowercase(), known), known))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

/// A help line: the closest known word, or else all of them.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match suggest(word, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => one_of(known),
    }
}

/// A help line that lists what is known.
pub(super) fn one_of(known: &[&str]) -> String {
    const MOST: usize = 20;
    let words: Vec<_> = known.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    let rest = if known.len() > MOST { ", …" } else { "" };
    match words.as_slice() {
        [] => "there is none".to_owned(),
        [only] => format!("expected {only}"),
        _ => format!("expected one of {}{rest}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn only_a_near_miss_is_suggested() {
        let known = ["users", "users_from", "until"];
        assert_eq!(suggest("user", known), Some("users"));
        assert_eq!(suggest("Untill", known), Some("until"));
        assert_eq!(suggest("streams", known), None);
    }
}
