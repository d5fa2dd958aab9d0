//! `/statusz`: the members, what each is asked, and who has which unit, as a page and as JSON.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use schema::{Value, json, tree};
use serve::http::{Response, json_response, text_response};
use smol_str::SmolStr;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::members::{Member, Members};
use crate::upstream::Upstreams;

/// What is shown.
pub struct Statusz {
    /// Who the members are.
    pub members: watch::Receiver<Arc<Members>>,
    /// What each is asked.
    pub upstreams: Upstreams,
}

impl Statusz {
    /// A page for browsers, JSON for everybody else.
    pub fn answer(&self, head: &Parts) -> Response {
        let accept = head.headers.get(header::ACCEPT);
        let wants_page =
            accept.is_some_and(|accept| String::from_utf8_lossy(accept.as_bytes()).contains("text/html"));
        let value = self.value();
        if !wants_page {
            return json_response(StatusCode::OK, json::to_string(&value));
        }
        let mut response = text_response(StatusCode::OK, page(&value));
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        response
    }

    fn value(&self) -> Value {
        let members = self.members.borrow().clone();
        let shown: Vec<Value> = members.all().map(|member| self.member(member)).collect();
        let lost: Vec<Value> = members
            .lost()
            .iter()
            .map(|address| address.clone().into())
            .collect();
        let mut units: Vec<_> = members.routes().collect();
        units.sort_by(|one, other| one.0.cmp(other.0));
        let units: Vec<Value> = units
            .into_iter()
            .map(|(unit, asked)| {
                let names = |list: Vec<&Arc<Member>>| -> Vec<Value> {
                    list.into_iter()
                        .map(|member| member.name.clone().into())
                        .collect()
                };
                tree!({
                    "unit": (unit.as_str()),
                    "replicas": (SmolStr::from(members.policy().of(unit).to_string())),
                    "assigned": (names(members.assigned(unit))),
                    "asked": (names(asked.iter().collect())),
                })
            })
            .collect();
        tree!({"members": shown, "lost": lost, "units": units, "settled": (members.is_settled())})
    }

    fn member(&self, member: &Member) -> Value {
        let way = self.upstreams.to(&member.address);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let share = way.as_candidate().fitness.share(Instant::now());
        tree!({
            "name": (member.name.clone()),
            "tier": (member.tier.as_str()),
            "address": (member.address.clone()),
            "state": (member.state.as_str()),
            "readyUnits": (member.ready.len() as i64),
            "behindUnits": (member.behind.len() as i64),
            "sharePercent": ((share * 100.0).round() as i64),
            "connections": (way.connection_count() as i64),
            "open": (number(way.counts.open.load(Ordering::Relaxed))),
            "watches": (number(way.counts.watches.load(Ordering::Relaxed))),
            "requests": (number(way.counts.requests.load(Ordering::Relaxed))),
            "failures": (number(way.counts.failures.load(Ordering::Relaxed))),
        })
    }
}

const MEMBER_COLUMNS: [&str; 12] = [
    "name",
    "tier",
    "address",
    "state",
    "readyUnits",
    "behindUnits",
    "sharePercent",
    "connections",
    "open",
    "watches",
    "requests",
    "failures",
];
const UNIT_COLUMNS: [&str; 4] = ["unit", "replicas", "assigned", "asked"];

fn page(value: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><title>Shardplane router</title><style>body{font:14px sans-serif;margin:2em}\
         table{border-collapse:collapse;margin-bottom:2em}th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid #ddd}\
         </style><h1>Shardplane router</h1><h2>Members</h2>",
    );
    table(&mut page, &MEMBER_COLUMNS, value.list_at(&["members"]));
    page += "<h2>Units</h2>";
    table(&mut page, &UNIT_COLUMNS, value.list_at(&["units"]));
    page
}

fn table(page: &mut String, columns: &[&str], rows: &[Value]) {
    *page += "<table><tr>";
    for column in columns {
        // Writing to a string does not fail.
        let _ = write!(page, "<th>{column}</th>");
    }
    for row in rows {
        *page += "<tr>";
        for column in columns {
            let _ = write!(
                page,
                "<td>{}</td>",
                escape(&cell(row.get(column).unwrap_or(&Value::Null)))
            );
        }
    }
    *page += "</table>";
}

fn cell(value: &Value) -> String {
    match (value.as_str(), value.as_list()) {
        (Some(text), _) => text.to_owned(),
        (_, Some(list)) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        _ => json::to_string(value),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::{cache, frontend, members};

    #[test]
    fn members_and_units_are_shown_both_ways() {
        let view = members(vec![frontend("f"), cache("a<b", &["pods"])]);
        let tls =
            rustls::ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into());
        let tls = tls
            .with_safe_default_protocol_versions()
            .expect("of the provider");
        let tls = tls
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let statusz = Statusz {
            members: watch::Sender::new(Arc::new(view)).subscribe(),
            upstreams: Upstreams::new(tls),
        };
        let value = statusz.value();
        assert_eq!(value.list_at(&["members"]).len(), 2);
        let unit = &value.list_at(&["units"])[0];
        assert_eq!(
            (unit.str_at(&["unit"]), unit.list_at(&["asked"]).len()),
            (Some("pods"), 1)
        );
        let page = page(&value);
        assert!(
            page.contains("<td>pods</td>") && page.contains("<td>a&lt;b</td>"),
            "{page}"
        );
    }
}
