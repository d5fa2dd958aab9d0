//! How benches measure: instructions, which noise does not touch, and the best time of several rounds.
//! What is measured, and how it is told, is the benches' affair.

use std::process::Command;
use std::time::Instant;

/// The flag with which a bench is told to run one case some times and end; it comes with the case and the number.
const FLAG: &str = "--count";

/// The case that this process was started for by [`instructions`], and how often it is to be run.
pub fn asked() -> Option<(String, u64)> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, flag, case, times] if flag == FLAG => Some((case.clone(), times.parse().ok()?)),
        _ => None,
    }
}

/// Instructions of one run of a case: this program is started under valgrind for `times` runs and for none, and the difference
/// is taken. `within` counts only what happens in functions of such names (with wildcards) and below them; nothing in it counts
/// all. `None` where valgrind is not installed; panics when the case does.
pub fn instructions(case: &str, times: u64, within: &[&str]) -> Option<u64> {
    let none = counted(case, 0, within)?;
    Some(counted(case, times, within)?.checked_sub(none)? / times.max(1))
}

/// The same for a function that only the runs enter: what a case prepares is not counted, so that a run of none is spared.
pub fn instructions_of(case: &str, times: u64, function: &str) -> Option<u64> {
    Some(counted(case, times, &[function])? / times.max(1))
}

fn counted(case: &str, times: u64, within: &[&str]) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let toggles = within
        .iter()
        .map(|function| format!("--toggle-collect={function}"));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(toggles)
        .arg(program)
        .args([FLAG, case, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{case}: {text}");
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.trim().parse().ok()
}

/// A count as a table shows it.
pub fn told(count: Option<u64>) -> String {
    count.map_or_else(
        || "valgrind is not installed".to_owned(),
        |count| format!("{count} instructions"),
    )
}

/// Seconds of one run in the best of the rounds.
pub fn best(rounds: usize, per_round: u32, run: impl Fn()) -> f64 {
    let round = || {
        let start = Instant::now();
        (0..per_round).for_each(|_| run());
        start.elapsed().as_secs_f64() / f64::from(per_round)
    };
    (0..rounds).map(|_| round()).fold(f64::INFINITY, f64::min)
}
