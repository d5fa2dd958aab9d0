//! `/statusz` and `/flagz`: what a process is, and how it was started, as the reference tells it (KEP-4827, KEP-4828): text for people,
//! and JSON of `config.k8s.io/v1beta1` for who accepts nothing else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{StatusCode, header};
use schema::time::Time;
use schema::{Map, SmolStr, Value, json, tree};

use crate::http::{Response, json_response, text_response};
use crate::version;

const WARNING: &str = "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.";
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Lines that a tier adds: a name and a value each.
pub type More = Arc<dyn Fn() -> Vec<(&'static str, String)> + Send + Sync>;

/// What is told. Clones share it.
#[derive(Clone)]
pub struct Pages {
    component: &'static str,
    begun: SystemTime,
    /// The same moment as JSON has it.
    started: SmolStr,
    flags: Arc<[(String, String)]>,
    paths: &'static [&'static str],
    more: More,
}

impl Pages {
    /// Of a process that begins now: what it is, how it was started (flags without dashes, and their values), what can be asked of it,
    /// and what only its tier knows.
    pub fn new(
        component: &'static str,
        flags: Arc<[(String, String)]>,
        paths: &'static [&'static str],
        more: More,
    ) -> Self {
        Self {
            component,
            begun: SystemTime::now(),
            started: Time::now().format(),
            flags,
            paths,
            more,
        }
    }

    /// `/statusz`.
    pub fn statusz(&self, head: &Parts) -> Response {
        if wants_json(head) {
            return json_response(StatusCode::OK, json::to_string(&self.status()));
        }
        let mut text = format!(
            "{} statusz\n{WARNING}\n\nStarted: {}\nUp: {}\nGo version: {}\nBinary version: {}\nEmulation version: 1.{}\nPaths: {}\n",
            self.component,
            httpdate::fmt_http_date(self.begun),
            up(self.age()),
            version::GO_VERSION,
            version::GIT_VERSION.trim_start_matches('v'),
            version::MINOR,
            self.paths.join(" "),
        );
        for (name, value) in (self.more)() {
            text += &format!("{name}: {value}\n");
        }
        text_response(StatusCode::OK, text)
    }

    /// `/flagz`.
    pub fn flagz(&self, head: &Parts) -> Response {
        if wants_json(head) {
            let flags: Map = self
                .flags
                .iter()
                .map(|(name, value)| (SmolStr::from(name), value.as_str().into()))
                .collect();
            let value = tree!({
                "kind": "Flagz",
                "apiVersion": "config.k8s.io/v1beta1",
                "metadata": {"name": (self.component)},
                "flags": (Value::Map(flags)),
            });
            return json_response(StatusCode::OK, json::to_string(&value));
        }
        let mut text = format!("{} flagz\n{WARNING}\n\n", self.component);
        for (name, value) in self.flags.iter() {
            text += &format!("{name}={value}\n");
        }
        text_response(StatusCode::OK, text)
    }

    fn status(&self) -> Value {
        let paths: Vec<Value> = self.paths.iter().map(|path| (*path).into()).collect();
        tree!({
            "kind": "Statusz",
            "apiVersion": "config.k8s.io/v1beta1",
            "metadata": {"name": (self.component)},
            "startTime": (self.started.clone()),
            "uptimeSeconds": (self.age().as_secs() as i64),
            "goVersion": (version::GO_VERSION),
            "binaryVersion": (version::GIT_VERSION.trim_start_matches('v')),
            "emulationVersion": (format!("1.{}", version::MINOR)),
            "paths": (paths),
        })
    }

    fn age(&self) -> Duration {
        self.begun.elapsed().unwrap_or_default()
    }
}

/// `Accept: application/json;v=v1beta1;g=config.k8s.io;as=Statusz`, and whatever else asks for JSON first.
fn wants_json(head: &Parts) -> bool {
    let accept = head.headers.get(header::ACCEPT);
    accept.is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

/// As the reference writes it.
fn up(age: Duration) -> String {
    let seconds = age.as_secs();
    let (hours, minutes) = (seconds / HOUR, seconds % HOUR / MINUTE);
    format!("{hours} hr {minutes:02} min {:02} sec", seconds % MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::read_body;

    async fn told(page: fn(&Pages, &Parts) -> Response, accept: &str) -> String {
        let flags = [("bind-address".to_owned(), "127.0.0.1".to_owned())];
        let more: More = Arc::new(|| vec![("Watches", "3".to_owned())]);
        let mut pages = Pages::new("shardplane-test", flags.into(), &["/livez", "/metrics"], more);
        pages.begun -= Duration::from_secs(3_723);
        let request = http::Request::builder().header("accept", accept).body(());
        let (head, ()) = request.expect("a request").into_parts();
        let body = read_body(page(&pages, &head).into_body(), 10_000).await;
        String::from_utf8_lossy(&body.expect("a short body")).into_owned()
    }

    #[tokio::test]
    async fn pages_are_those_of_the_reference() {
        let text = told(Pages::statusz, "*/*").await;
        assert!(
            text.starts_with("shardplane-test statusz\nWarning: This endpoint"),
            "{text}"
        );
        for line in [
            "Up: 1 hr 02 min 03 sec\n",
            "Paths: /livez /metrics\n",
            "Watches: 3\n",
            "Emulation version: 1.36\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        let status = told(
            Pages::statusz,
            "application/json;v=v1beta1;g=config.k8s.io;as=Statusz",
        )
        .await;
        let status = json::parse(status.as_bytes()).expect("JSON");
        assert_eq!(
            (status.str_at(&["kind"]), status.str_at(&["metadata", "name"])),
            (Some("Statusz"), Some("shardplane-test"))
        );
        let flags = told(Pages::flagz, "*/*").await;
        assert!(flags.ends_with("\n\nbind-address=127.0.0.1\n"), "{flags}");
        let flags = told(Pages::flagz, "application/json").await;
        assert!(flags.contains("\"bind-address\":\"127.0.0.1\""), "{flags}");
    }
}
