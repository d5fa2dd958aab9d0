//! The clauses of an `Accept` header in the order of preference. What they are compared with is not known here.

use std::cmp::Ordering;

/// One media type with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause<'a> {
    main: &'a str,
    sub: &'a str,
    /// Everything but `q`, in order.
    pub parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl<'a> Clause<'a> {
    /// Of a header, best first; of more than `count_max` the first ones. What is not well formed is left out.
    pub fn parse_all(header: &'a str, count_max: usize) -> Vec<Self> {
        let mut clauses: Vec<_> = header
            .split(',')
            .take(count_max)
            .filter_map(Self::parse)
            .collect();
        clauses.sort_by(Self::by_preference);
        clauses
    }

    /// Whether a media type is meant.
    pub fn covers(&self, main: &str, sub: &str) -> bool {
        match (self.main, self.sub) {
            ("*", "*") => true,
            (wanted, "*") => wanted == main,
            (wanted, wanted_sub) => wanted == main && wanted_sub == sub,
        }
    }

    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.trim().split(';');
        let (main, sub) = match parts.next()?.split_once('/') {
            Some((main, sub)) => (main.trim(), sub.trim()),
            None if text.split(';').next()?.trim() == "*" => ("*", "*"),
            None => return None,
        };
        if sub.is_empty() || sub.contains('/') {
            return None;
        }
        let mut clause = Self {
            main,
            sub,
            parameters: Vec::new(),
            quality: 1.0,
        };
        for part in parts {
            clause.take_parameter(part);
        }
        Some(clause)
    }

    fn take_parameter(&mut self, part: &'a str) {
        let Some((key, value)) = part.split_once('=') else {
            return;
        };
        let (key, value) = (key.trim(), value.trim());
        match key {
            _ if value.is_empty() || value.contains('=') => {}
            "q" => self.quality = value.parse().unwrap_or(0.0),
            key => self.parameters.push((key, value)),
        }
    }

    /// Higher quality first, then what is more exact; else as they stand.
    fn by_preference(&self, other: &Self) -> Ordering {
        let wild = |clause: &Self| (clause.main == "*", clause.sub == "*");
        other
            .quality
            .total_cmp(&self.quality)
            .then_with(|| wild(self).cmp(&wild(other)))
    }
}
