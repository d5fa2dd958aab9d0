//! The text of an expression and what is wrong with it: places are told by line and column, and shown below the line.

use std::fmt::{self, Write};

use crate::limits::{ISSUES_BYTES_MAX, ISSUES_MAX};

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Issue {
    /// Where: code points from the beginning of the text.
    pub at: u32,
    /// What.
    pub message: String,
}

/// What is wrong with an expression. It prints as clients of the reference see it, ordered by place:
/// `ERROR: <input>:1:5: undeclared reference to 'x' (in container '')` and the line with a mark below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issues {
    text: Box<str>,
    found: Vec<Issue>,
}

impl Issues {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            found: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, at: u32, message: impl Into<String>) {
        if !self.is_full() {
            let message = message.into();
            self.found.push(Issue { at, message });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether no more of them are taken.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= ISSUES_MAX
    }

    /// Line (from 1), column (from 0, in code points) and the line's text.
    fn place(&self, at: u32) -> (usize, usize, &str) {
        let mut begin = 0;
        let mut last = (1, 0, "");
        for (index, line) in self.text.split('\n').enumerate() {
            let chars = line.chars().count();
            let within = (at as usize).saturating_sub(begin);
            last = (index + 1, within, line);
            if within <= chars {
                break;
            }
            begin += chars + 1;
        }
        last
    }

    fn tell(&self, issue: &Issue, out: &mut String) -> fmt::Result {
        let (line, column, text) = self.place(issue.at);
        write!(out, "ERROR: <input>:{line}:{}: {}", column + 1, issue.message)?;
        write!(out, "\n | {}\n | ", text.replace('\t', " "))?;
        let mut chars = text.chars();
        for char in chars.by_ref().take(column) {
            out.push(if char.len_utf8() > 1 { '\u{ff0e}' } else { '.' });
        }
        let is_wide = chars.next().is_some_and(|char| char.len_utf8() > 1);
        out.push(if is_wide { '\u{ff3e}' } else { '^' });
        Ok(())
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut found: Vec<&Issue> = self.found.iter().collect();
        found.sort_by_key(|issue| issue.at);
        let mut told = String::new();
        for issue in found {
            if told.len() >= ISSUES_BYTES_MAX {
                break;
            }
            if !told.is_empty() {
                told.push('\n');
            }
            self.tell(issue, &mut told)?;
        }
        out.write_str(&told)
    }
}

impl std::error::Error for Issues {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_bounded_and_begins_with_the_first() {
        let line = "@".repeat(10_000);
        let mut issues = Issues::new(&line);
        (0..100).rev().for_each(|at| issues.report(at, "wrong"));
        let told = issues.to_string();
        assert!(told.starts_with("ERROR: <input>:1:1: wrong\n"));
        let one = line.len() + 200;
        assert!(
            told.len() > ISSUES_BYTES_MAX && told.len() < ISSUES_BYTES_MAX + one,
            "{}",
            told.len()
        );
        assert_eq!(told.matches("ERROR").count(), ISSUES_BYTES_MAX / line.len() + 1);
    }

    #[test]
    fn issues_show_their_line_and_place_in_order() {
        let mut issues = Issues::new("a +\n\tb\u{e9}c");
        issues.report(6, "second");
        issues.report(2, "first");
        assert_eq!(
            issues.to_string(),
            "ERROR: <input>:1:3: first\n | a +\n | ..^\nERROR: <input>:2:3: second\n |  b\u{e9}c\n | ..\u{ff3e}"
        );
    }
}
