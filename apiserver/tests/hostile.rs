//! Requests that nobody means well with: every answer is a `Status` or plain text, and none is a panic.

#[path = "verbs/server.rs"]
#[allow(dead_code)]
mod server;

use serde_json::json;
use server::Server;

const MAPS: &str = "/api/v1/namespaces/ns/configmaps";

/// A small generator with a seed of its own: the same requests in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// A text with a few bytes changed, removed or doubled.
    fn damage(&mut self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 if !bytes.is_empty() => bytes[at] = self.next() as u8,
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"{}[]\",:\\0n\xff"[self.below(11)]),
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

#[tokio::test]
async fn damaged_bodies_are_refused_or_taken_but_never_break() {
    let server = Server::start().await;
    server
        .post(MAPS, &json!({"metadata": {"name": "a"}}))
        .await
        .expect_code(201);
    let mut random = Random(0x5eed_1234_abcd_0001);
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"}}}]}}"#;
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: &x b, c: *x}\n";
    let proto = server
        .raw(&format!("{MAPS}/a"), "application/vnd.kubernetes.protobuf")
        .await;
    let patch = r#"[{"op":"add","path":"/data/x~1y","value":{"a":[1,2,null]}},{"op":"test","path":"/kind","value":"ConfigMap"}]"#;
    let strategic = r#"{"metadata":{"$setElementOrder/finalizers":["a/b"],"finalizers":["a/b"],"labels":{"$patch":"replace"}}}"#;
    for _ in 0..400 {
        let cases: [(&str, &str, &str, &[u8]); 6] = [
            ("POST", "/api/v1/namespaces/ns/pods?dryRun=All", "application/json", pod.as_bytes()),
            ("POST", "/api/v1/namespaces/ns/configmaps?dryRun=All", "application/yaml", yaml.as_bytes()),
            ("POST", "/api/v1/namespaces/ns/configmaps?dryRun=All", "application/vnd.kubernetes.protobuf", &proto),
            ("PATCH", "/api/v1/namespaces/ns/configmaps/a?dryRun=All", "application/json-patch+json", patch.as_bytes()),
            ("PATCH", "/api/v1/namespaces/ns/configmaps/a?dryRun=All", "application/strategic-merge-patch+json", strategic.as_bytes()),
            ("DELETE", "/api/v1/namespaces/ns/configmaps/a?dryRun=All", "application/json", br#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":5,"preconditions":{"uid":"u"}}"#),
        ];
        for (method, path, media, body) in cases {
            let code = server.damaged(method, path, media, random.damage(body)).await;
            assert!(
                (200..500).contains(&code) || code == 500,
                "{method} {path}: {code}"
            );
        }
    }
    server.get(MAPS).await.expect_code(200);
}

#[tokio::test]
async fn damaged_queries_and_paths_are_answered() {
    let server = Server::start().await;
    server
        .post(MAPS, &json!({"metadata": {"name": "a"}}))
        .await
        .expect_code(201);
    let mut random = Random(0x5eed_1234_abcd_0002);
    let query = "labelSelector=a+in+(b,c),!d,e%3Df&fieldSelector=metadata.name%3Da&limit=2&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTAsInN0YXJ0IjoiYVx1MDAwMCJ9&timeoutSeconds=1&resourceVersion=5&resourceVersionMatch=Exact";
    for _ in 0..1_000 {
        let damaged = random.damage(query.as_bytes());
        let text: String = damaged
            .iter()
            .map(|byte| *byte as char)
            .filter(|c| c.is_ascii_graphic() && *c != '#')
            .collect();
        let code = server
            .damaged("GET", &format!("{MAPS}?{text}"), "", Vec::new())
            .await;
        assert!((200..=504).contains(&code), "{text}: {code}");
        let path = random.damage(b"/apis/apps/v1/namespaces/ns/deployments/x/scale");
        let text: String = path
            .iter()
            .map(|byte| *byte as char)
            .filter(|c| c.is_ascii_alphanumeric() || "/-.%".contains(*c))
            .collect();
        let code = server
            .damaged(
                "GET",
                &format!("/{}", text.trim_start_matches('/')),
                "",
                Vec::new(),
            )
            .await;
        assert!((200..=504).contains(&code), "{text}: {code}");
    }
}
