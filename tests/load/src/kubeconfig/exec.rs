//! Credential plugins: the program that a kubeconfig's user names is run once, and says who one is, as `client.authentication.k8s.io`
//! lays down. What it says is never told to anybody but the server.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use schema::Value;
use serde_json::json;

use super::{missing, required};
use crate::{Error, limits};

const GROUP: &str = "client.authentication.k8s.io/";
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// What a plugin said.
pub struct Credential {
    /// The bearer token.
    pub token: Option<String>,
    /// The client's certificate and key, PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Runs the plugin of `exec`. A command with a slash is relative to `folder`, where the kubeconfig is. `server` is what it learns of the
/// cluster, if it wants to.
pub fn run(exec: &Value, folder: &Path, server: &str) -> Result<Credential, Error> {
    let version = required(exec, "apiVersion")?;
    if !version
        .strip_prefix(GROUP)
        .is_some_and(|version| VERSIONS.contains(&version))
    {
        return Err(missing(format!("exec: {version} is not supported")));
    }
    if exec.str_at(&["interactiveMode"]) == Some("Always") {
        return Err(missing(
            "exec: this program gives no terminal to a plugin, and interactiveMode is Always",
        ));
    }
    let name = required(exec, "command")?;
    let told = match exec.bool_at(&["provideClusterInfo"]) {
        Some(true) => json!({"interactive": false, "cluster": {"server": server}}),
        _ => json!({"interactive": false}),
    };
    let mut command = match name.contains('/') {
        true => Command::new(folder.join(name)),
        false => Command::new(name),
    };
    command
        .args(
            exec.list_at(&["args"])
                .iter()
                .filter_map(|argument| argument.as_str()),
        )
        .env(
            "KUBERNETES_EXEC_INFO",
            json!({"apiVersion": version, "kind": "ExecCredential", "spec": told}).to_string(),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for variable in exec.list_at(&["env"]) {
        command.env(
            required(variable, "name")?,
            variable.str_at(&["value"]).unwrap_or_default(),
        );
    }
    let wrong = |reason: &dyn std::fmt::Display| missing(format!("exec: {name}: {reason}"));
    let child = command.spawn().map_err(|error| wrong(&error))?;
    let output = output(child).map_err(|reason| wrong(&reason))?;
    credential(&output, version).map_err(|reason| wrong(&reason))
}

/// What it prints, if it ends well and in time.
fn output(mut child: Child) -> Result<Vec<u8>, String> {
    let pipe = child.stdout.take().expect("its output is piped");
    let reading = std::thread::spawn(move || {
        let mut output = Vec::new();
        pipe.take(limits::PLUGIN_OUTPUT_BYTES)
            .read_to_end(&mut output)
            .map(|_| output)
    });
    let end = Instant::now() + limits::PLUGIN_TIMEOUT;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() > end => {
                // It may have ended meanwhile, which is as well.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {:?}", limits::PLUGIN_TIMEOUT));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    if !status.success() {
        return Err(format!("it ended with {status}"));
    }
    let output = reading.join().map_err(|_| "its output was not read".to_owned())?;
    output.map_err(|error| error.to_string())
}

fn credential(output: &[u8], version: &str) -> Result<Credential, String> {
    // What it printed may hold a secret: the reason says where it cannot be read, not what stands there.
    let said: serde_json::Value = serde_json::from_slice(output)
        .map_err(|error| format!("it printed no JSON (line {})", error.line()))?;
    if said["kind"] != "ExecCredential" || said["apiVersion"] != version {
        return Err(format!("it printed no ExecCredential of {version}"));
    }
    let text = |key: &str| {
        said["status"][key]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let identity = match (text("clientCertificateData"), text("clientKeyData")) {
        (Some(certificate), Some(key)) => Some((certificate.into_bytes(), key.into_bytes())),
        (None, None) => None,
        _ => return Err("its client certificate and key belong together".to_owned()),
    };
    let token = text("token");
    match token.is_some() || identity.is_some() {
        true => Ok(Credential { token, identity }),
        false => Err("it gave neither a token nor a client certificate".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(script: &str) -> Result<Credential, Error> {
        let exec =
            json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]});
        let exec = schema::yaml::parse(exec.to_string().as_bytes()).expect("JSON is YAML");
        run(&exec, Path::new("/"), "https://127.0.0.1:1")
    }

    fn said(status: &str) -> String {
        format!(
            r#"echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{status}}}'"#
        )
    }

    #[test]
    fn takes_tokens_and_certificates() {
        let credential = plugin(&said(r#"{"token":"t"}"#)).expect("a token");
        assert_eq!(
            (credential.token.as_deref(), credential.identity),
            (Some("t"), None)
        );
        let credential =
            plugin(&said(r#"{"clientCertificateData":"c","clientKeyData":"k"}"#)).expect("a pair");
        assert_eq!(credential.identity, Some((b"c".to_vec(), b"k".to_vec())));
    }

    #[test]
    fn says_what_is_wrong_without_the_secret() {
        for (script, reason) in [
            ("exit 3", "exit status: 3"),
            ("echo secret", "no JSON"),
            (&said(r#"{"token":""}"#), "neither"),
            (&said(r#"{"clientKeyData":"secret"}"#), "belong together"),
            ("echo '{\"kind\":\"Secret\"}'", "no ExecCredential"),
        ] {
            let error = plugin(script).err().expect("an error").to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{error}");
        }
    }
}
