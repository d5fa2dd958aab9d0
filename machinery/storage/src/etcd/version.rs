//! Which releases of etcd tell the progress of a watch rightly when they are asked for it.
//! It reads version texts; who asks is [`super::progress`].

/// A release: major, minor, patch.
type Release = (u64, u64, u64);

/// The first right releases of the lines that had to be repaired (etcd issues 15220 and 17507): an answer could overtake
/// events before, and a watch without events could get none.
const REPAIRED: [Release; 2] = [(3, 4, 31), (3, 5, 13)];

/// Whether a server of this version is right; one that cannot be read counts as one that is not.
pub fn progress_is_right(version: &str) -> bool {
    let Some(release) = parse(version) else {
        return false;
    };
    let line = REPAIRED
        .iter()
        .find(|repaired| (repaired.0, repaired.1) == (release.0, release.1));
    match line {
        Some(repaired) => release >= *repaired,
        None => release > REPAIRED[1],
    }
}

/// Reads `3.5.13`, with or without what may follow (`-rc.1`, `+git`).
fn parse(version: &str) -> Option<Release> {
    let numbers = version.split(['-', '+']).next()?;
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    let release = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repaired_lines_are_right_from_their_first_repaired_release_on() {
        for right in [
            "3.4.31",
            "3.4.40",
            "3.5.13",
            "3.5.16",
            "3.6.0",
            "3.7.0-alpha.0",
            "4.0.0",
            "3.5.21+git",
        ] {
            assert!(progress_is_right(right), "{right}");
        }
        for wrong in [
            "3.3.27", "3.4.23", "3.4.30", "3.5.1", "3.5.12", "", "3.6", "new", "3.5.13.1",
        ] {
            assert!(!progress_is_right(wrong), "{wrong}");
        }
    }
}
