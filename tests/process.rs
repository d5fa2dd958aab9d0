//! The binary as a process: first start, refusals in one line, a clean end. Each test has its own folder and port.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed if a test leaves it.
struct Server {
    process: Child,
    lines: Receiver<String>,
}

impl Server {
    fn start(data_dir: &Path) -> Self {
        let mut process = shardplane(data_dir, "0")
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // Whoever no longer listens has seen enough.
                let _ = sender.send(line);
            }
        });
        Self { process, lines }
    }

    /// The first line that it prints: it does so when it is ready.
    fn announcement(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the server gets ready")
    }

    fn port(&mut self) -> String {
        let line = self.announcement();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("https://"))
            .expect("it says where it is");
        url.rsplit(':').next().expect("with a port").to_owned()
    }

    fn terminate(&mut self) -> Option<i32> {
        let sent = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shardplane(data_dir: &Path, port: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shardplane"));
    command
        .arg("serve")
        .args(["--bind-address", "127.0.0.1", "--secure-port", port])
        .arg("--data-dir")
        .arg(data_dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A refusal: no success, one line.
fn refusal(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().expect("the binary runs");
    let text = String::from_utf8(stderr).expect("text");
    assert!(!status.success(), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn a_first_start_makes_everything_and_a_second_keeps_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = Server::start(folder.path());
    first.port();
    let kubeconfig = folder.path().join("admin.kubeconfig");
    let text = std::fs::read_to_string(&kubeconfig).expect("written at start");
    assert!(text.contains("client-certificate-data: ") && text.contains("server: https://127.0.0.1:"));
    let authority = std::fs::read(folder.path().join("pki/ca.crt")).expect("made at start");
    for file in std::fs::read_dir(folder.path().join("pki")).expect("made at start") {
        let file = file.expect("readable");
        let mode = file.metadata().expect("readable").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
    assert_eq!(first.terminate(), Some(0));

    let mut second = Server::start(folder.path());
    second.port();
    assert_eq!(
        std::fs::read(folder.path().join("pki/ca.crt")).expect("still there"),
        authority
    );
    assert_eq!(second.terminate(), Some(0));
}

#[test]
fn what_cannot_start_says_why_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path());
    let port = server.port();

    let other = tempfile::tempdir().expect("a folder");
    assert!(refusal(&mut shardplane(other.path(), &port)).contains("the port is in use by another process"));
    assert!(refusal(&mut shardplane(folder.path(), "0")).contains("in use by another process"));
    let no_certificate = other.path().join("empty.crt");
    std::fs::write(&no_certificate, "nothing").expect("a writable folder");
    let mut command = shardplane(other.path(), "0");
    command
        .arg("--tls-cert-file")
        .arg(&no_certificate)
        .arg("--tls-private-key-file")
        .arg(&no_certificate);
    assert!(refusal(&mut command).contains("empty.crt: no certificate in it"));
    let mut command = shardplane(other.path(), "0");
    assert!(
        refusal(command.args(["--service-cluster-ip-range", "x"])).contains("--service-cluster-ip-range")
    );
    let encryption = other.path().join("encryption.yaml");
    std::fs::write(&encryption, "kind: EncryptionConfig").expect("a writable folder");
    let mut command = shardplane(other.path(), "0");
    let text = refusal(command.arg("--encryption-provider-config").arg(&encryption));
    assert!(
        text.contains("encryption.yaml: error while parsing file: "),
        "{text}"
    );
    let mut command = shardplane(other.path(), "0");
    let text = refusal(command.args(["--etcd-servers-overrides", "events#http://127.0.0.1:1"]));
    assert!(
        text.contains("must be of format: group/resource#servers"),
        "{text}"
    );
    let mut command = shardplane(other.path(), "0");
    assert!(
        refusal(command.args(["--token-auth-file", "/nonexistent"]))
            .contains("--token-auth-file: /nonexistent")
    );
    let mut command = shardplane(other.path(), "0");
    // Nobody listens on a port that was just taken and given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port");
    let text = refusal(command.args(["--etcd-servers", &format!("http://{free}")]));
    assert!(
        text.contains(&format!("etcd at http://{free} cannot be reached")),
        "{text}"
    );
}
