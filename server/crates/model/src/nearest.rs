//! The known name that was likely meant by an unknown one.

/// Longer words are not compared: nobody mistypes a name of this length by a letter, and the cost grows with its square.
const LONGEST: usize = 64;

/// The candidate with the least edit distance, case ignored, if it is at most a third of the word's length away (and
/// at least one).
///
/// ```
/// use plinth_model::nearest::nearest;
/// assert_eq!(nearest("titel", ["title", "body"]), Some("title"));
/// assert_eq!(nearest("quux", ["title", "body"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().take(LONGEST + 1).count() / 3).max(1);
    if limit > LONGEST / 3 {
        return None;
    }
    candidates
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// ` (did you mean "title"?)`, or nothing if no candidate is near: to be appended to a message.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
}

/// Edits (insert, remove, replace, swap of two neighbours) between two words, case ignored: optimal string alignment.
pub fn distance(a: &str, b: &str) -> usize {
    let letters = |word: &str| word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    let mut two_back = vec![0; b.len() + 1];
    let mut back: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1; b.len() + 1];
        for j in 0..b.len() {
            let replaced = back[j] + usize::from(a[i] != b[j]);
            row[j + 1] = replaced.min(back[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                row[j + 1] = row[j + 1].min(two_back[j - 1] + 1);
            }
        }
        two_back = std::mem::replace(&mut back, row);
    }
    back[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("titel", "title"), 1);
        assert_eq!(distance("dueat", "dueAt"), 0);
    }

    #[test]
    fn a_hint_is_given_only_when_near() {
        assert_eq!(hint("stauts", ["status", "slug"]), r#" (did you mean "status"?)"#);
        assert_eq!(hint("x".repeat(100_000).as_str(), ["status"]), "");
    }
}
