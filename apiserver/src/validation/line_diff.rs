//! Differences of texts line by line, in the unified form. It knows nothing of what the lines say.

/// Lines shown before and after a change.
const CONTEXT: usize = 3;
/// Lines on one side beyond which the middle is shown as replaced as a whole.
const LINES_MAX: usize = 4_000;

/// One line of an edit script.
#[derive(Clone, Copy)]
enum Edit {
    Keep,
    Drop,
    Add,
}

/// The hunks by which `old` becomes `new`, each with its header; empty for equal texts.
pub fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = script(&old, &new);
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = (at..edits.len()).find(|at| !matches!(edits[*at], Edit::Keep)) {
        let last = last_of_hunk(&edits, first);
        let (start, end) = (
            first.saturating_sub(CONTEXT),
            (last + 1 + CONTEXT).min(edits.len()),
        );
        write_hunk(&edits, start..end, &old, &new, &mut out);
        at = end;
    }
    out
}

/// The last change that is near enough to the one before it to share its hunk.
fn last_of_hunk(edits: &[Edit], first: usize) -> usize {
    let mut last = first;
    for (at, edit) in edits.iter().enumerate().skip(first) {
        if matches!(edit, Edit::Keep) {
            continue;
        }
        if at - last > 2 * CONTEXT + 1 {
            break;
        }
        last = at;
    }
    last
}

fn write_hunk(edits: &[Edit], range: std::ops::Range<usize>, old: &[&str], new: &[&str], out: &mut String) {
    let used = |edits: &[Edit]| {
        let olds = edits.iter().filter(|edit| !matches!(edit, Edit::Add)).count();
        let news = edits.iter().filter(|edit| !matches!(edit, Edit::Drop)).count();
        (olds, news)
    };
    let (mut at_old, mut at_new) = used(&edits[..range.start]);
    let (olds, news) = used(&edits[range.clone()]);
    out.push_str(&format!("@@ -{},{olds} +{},{news} @@\n", at_old + 1, at_new + 1));
    for edit in &edits[range] {
        let (sign, line) = match edit {
            Edit::Keep => (' ', old[at_old]),
            Edit::Drop => ('-', old[at_old]),
            Edit::Add => ('+', new[at_new]),
        };
        at_old += usize::from(!matches!(edit, Edit::Add));
        at_new += usize::from(!matches!(edit, Edit::Drop));
        out.push(sign);
        out.push_str(line);
        out.push('\n');
    }
}

/// A shortest script, drops before adds. What is equal at both ends is cut off first.
fn script(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut edits = vec![Edit::Keep; head];
    middle(old, new, &mut edits);
    edits.extend(std::iter::repeat_n(Edit::Keep, tail));
    edits
}

fn middle(old: &[&str], new: &[&str], edits: &mut Vec<Edit>) {
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        edits.extend(std::iter::repeat_n(Edit::Drop, old.len()));
        edits.extend(std::iter::repeat_n(Edit::Add, new.len()));
        return;
    }
    let width = new.len() + 1;
    // Length of the longest common part of what follows each pair of positions.
    let mut common = vec![0u16; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push(Edit::Keep);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            edits.push(Edit::Drop);
            i += 1;
        } else {
            edits.push(Edit::Add);
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_changes_share_a_hunk_and_far_ones_do_not() {
        let old: Vec<String> = (1..=30).map(|line| line.to_string()).collect();
        let mut new = old.clone();
        new[4] = "x".to_owned();
        new[24] = "y".to_owned();
        new.push("z".to_owned());
        let text = unified(&old.join("\n"), &new.join("\n"));
        assert_eq!(
            text,
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n@@ -22,9 +22,10 @@\n 22\n 23\n 24\n-25\n+y\n 26\n 27\n 28\n 29\n 30\n+z\n"
        );
        assert_eq!(unified("a", "a"), "");
    }
}
