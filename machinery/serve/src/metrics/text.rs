//! The answer to a scrape as the reference writes it: the Prometheus text format, version 0.0.4. What it is made of is the
//! OpenMetrics text of the registry, which differs in the names of counters and in how bounds are written.

/// Counters that have no `_total` in the reference.
const BARE: [&str; 2] = ["authentication_attempts", "authenticated_user_requests"];

/// The media type.
pub(super) const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The same numbers in the other format.
pub(super) fn of_open_metrics(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut help: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "untyped"));
            let end = match kind {
                "counter" if !BARE.contains(&name) => "_total",
                _ => "",
            };
            let kind = if kind == "unknown" { "untyped" } else { kind };
            if let Some((_, help)) = help.take() {
                written += &format!("# HELP {name}{end} {help}\n");
            }
            written += &format!("# TYPE {name}{end} {kind}\n");
        } else if !line.starts_with('#') {
            sample(&mut written, line);
        }
    }
    written
}

fn sample(written: &mut String, line: &str) {
    let name_end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    let bare = name.strip_suffix("_total").filter(|name| BARE.contains(name));
    *written += bare.unwrap_or(name);
    match rest.strip_prefix("{le=\"").and_then(|rest| rest.split_once('"')) {
        Some((bound, rest)) => {
            *written += "{le=\"";
            *written += &as_go(bound);
            *written += "\"";
            *written += rest;
        }
        None => *written += rest,
    }
    written.push('\n');
}

/// A number as Go prints it shortest: clients select buckets by this text.
fn as_go(text: &str) -> String {
    let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return text.to_owned();
    };
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -4..=5 => number.to_string(),
        ..-4 => format!("{digits}e-{:02}", exponent.abs()),
        6.. => format!("{digits}e+{exponent:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bounds_are_those_of_the_reference() {
        let open = "# HELP authentication_attempts Attempts.\n# TYPE authentication_attempts counter\n\
                    authentication_attempts_total{result=\"success\"} 3\n\
                    # HELP apiserver_request Requests.\n# TYPE apiserver_request counter\n# UNIT apiserver_request x\n\
                    apiserver_request_total{verb=\"GET\"} 1\n\
                    # TYPE s histogram\ns_bucket{le=\"1.0\",verb=\"GET\"} 1\ns_bucket{le=\"+Inf\"} 2\n# EOF\n";
        let text = "# HELP authentication_attempts Attempts.\n# TYPE authentication_attempts counter\n\
                    authentication_attempts{result=\"success\"} 3\n\
                    # HELP apiserver_request_total Requests.\n# TYPE apiserver_request_total counter\n\
                    apiserver_request_total{verb=\"GET\"} 1\n\
                    # TYPE s histogram\ns_bucket{le=\"1\",verb=\"GET\"} 1\ns_bucket{le=\"+Inf\"} 2\n";
        assert_eq!(of_open_metrics(open), text);
        for (number, go) in [
            ("0.0", "0"),
            ("0.005", "0.005"),
            ("1.25", "1.25"),
            ("604800.0", "604800"),
            ("2592000.0", "2.592e+06"),
            ("1000000000.0", "1e+09"),
            ("0.00001", "1e-05"),
        ] {
            assert_eq!(as_go(number), go);
        }
    }
}
