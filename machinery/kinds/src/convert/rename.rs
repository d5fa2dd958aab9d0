//! Moving fields under other names. Which ones is up to each conversion.

use schema::Map;

/// Moves each field of `pairs` from its first name to its second.
pub(super) fn fields(map: &mut Map, pairs: &[(&'static str, &'static str)]) {
    // All are taken out first: a new name may be another's old one.
    let taken: Vec<_> = pairs.iter().map(|(from, to)| (*to, map.remove(from))).collect();
    for (to, value) in taken {
        if let Some(value) = value {
            map.insert(to, value);
        }
    }
}

/// The same in the other direction.
pub(super) fn fields_back(map: &mut Map, pairs: &[(&'static str, &'static str)]) {
    let back: Vec<_> = pairs.iter().map(|(from, to)| (*to, *from)).collect();
    fields(map, &back);
}
