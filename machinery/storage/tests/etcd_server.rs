//! A real etcd for one test, on ports and a folder of its own. `tests/tools/fetch` brings the program.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running etcd; it ends when this is dropped.
pub struct EtcdServer {
    /// Where clients reach it.
    pub url: String,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts one and waits until it takes connections.
pub async fn start() -> EtcdServer {
    let program = program();
    assert!(program.exists(), "{} is not there: run tests/tools/fetch", program.display());
    let folder = tempfile::tempdir().expect("a folder");
    let (client, peer) = (free_port(), free_port());
    let (url, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let process = Command::new(program)
        .arg("--data-dir")
        .arg(folder.path())
        .args(["--log-level", "error", "--listen-client-urls", &url, "--advertise-client-urls", &url])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("etcd starts");
    let server = EtcdServer { url, process, _folder: folder };
    let begin = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", client)).await.is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "etcd does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("SHARDPLANE_ETCD") {
        return program.into();
    }
    let tools = std::env::var_os("SHARDPLANE_TOOLS").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache").join("shardplane-tools")
    });
    tools.join("bin").join("etcd")
}

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("it is bound").port()
}
