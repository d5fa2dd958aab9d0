//! The indexes of an indexed job as text: numbers and intervals in ascending order, as `1,3-5,7`.

use object::field::quote;

/// How many indexes a text has; all are below `completions`. What is wrong with it, in the reference's words.
pub fn count(text: &str, completions: i64) -> Result<i64, String> {
    let mut last = None;
    let mut count = 0;
    for part in parts(text) {
        let (first, end) = interval(part, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(out_of_order(last, first));
        }
        count += end - first + 1;
        last = Some(end);
    }
    Ok(count)
}

/// The first index that two texts share. Intervals that cannot be read are passed over.
pub fn overlap(text: &str, other: &str, completions: i64) -> Option<i64> {
    let read = |text: &str| -> Vec<(i64, i64)> {
        parts(text)
            .filter_map(|part| interval(part, completions).ok())
            .collect()
    };
    let (mine, theirs) = (read(text), read(other));
    let (mut at, mut other_at) = (0, 0);
    while let (Some((first, end)), Some((other_first, other_end))) = (mine.get(at), theirs.get(other_at)) {
        if first <= other_end && other_first <= end {
            return Some(*first.max(other_first));
        }
        if first <= other_first {
            at += 1;
        } else {
            other_at += 1;
        }
    }
    None
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(move |_| !text.is_empty())
}

fn interval(part: &str, completions: i64) -> Result<(i64, i64), String> {
    let number = |text: &str| {
        let number: i64 = text
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {}", quote(text)))?;
        if number < completions {
            Ok(number)
        } else {
            Err(format!("too large index: {}", quote(text)))
        }
    };
    match part.split('-').collect::<Vec<_>>().as_slice() {
        [only] => number(only).map(|index| (index, index)),
        [first, end] => {
            let (first, end) = (number(first)?, number(end)?);
            if first < end {
                Ok((first, end))
            } else {
                Err(out_of_order(first, end))
            }
        }
        _ => Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            quote(part)
        )),
    }
}

fn out_of_order(previous: i64, current: i64) -> String {
    format!("non-increasing order, previous: {previous}, current: {current}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted() {
        assert_eq!(count("", 3), Ok(0));
        assert_eq!(count("0,2-4,6", 7), Ok(5));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, problem) in [
            ("a", "cannot convert string to integer for index: \"a\""),
            ("1,", "cannot convert string to integer for index: \"\""),
            ("7", "too large index: \"7\""),
            ("1-7", "too large index: \"7\""),
            ("3-3", "non-increasing order, previous: 3, current: 3"),
            ("2,1", "non-increasing order, previous: 2, current: 1"),
            (
                "1-2-3",
                "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'",
            ),
        ] {
            assert_eq!(count(text, 7), Err(problem.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_first_shared_index_is_found() {
        assert_eq!(overlap("0,2-4", "1,5", 7), None);
        assert_eq!(overlap("0,2-4", "1,3-5", 7), Some(3));
        assert_eq!(overlap("x,3", "3", 7), Some(3));
        assert_eq!(overlap("", "3", 7), None);
    }
}
