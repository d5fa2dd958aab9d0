//! An HTTP/2 client that says itself when it reads on: it gives windows back only as it is told.

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{Builder, ResponseFuture, SendRequest};
use tokio::task::JoinHandle;

use super::PATIENCE;
use super::loopback::{Fixture, Identity};

/// Many small frames are no attack here.
pub fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.data_frame_budget(usize::MAX);
    builder
}

/// One connection.
#[derive(Clone)]
pub struct Client {
    sender: SendRequest<Bytes>,
}

/// An answer under way.
pub struct Stream {
    pub parts: http::response::Parts,
    body: RecvStream,
}

impl Client {
    /// Connects; the task ends with the connection.
    pub async fn connect(fixture: &Fixture) -> (Self, JoinHandle<Result<(), h2::Error>>) {
        Self::connect_with(fixture, &builder()).await
    }

    pub async fn connect_with(
        fixture: &Fixture,
        builder: &Builder,
    ) -> (Self, JoinHandle<Result<(), h2::Error>>) {
        let stream = fixture.connect(&Identity::None, b"h2").await;
        let (sender, connection) = builder.handshake(stream).await.expect("a connection");
        (Self { sender }, tokio::spawn(connection))
    }

    /// Sends a request without content.
    pub async fn send(&self, method: &str, path: &str) -> ResponseFuture {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .body(())
            .expect("a request");
        let mut sender = self.sender.clone().ready().await.expect("open");
        sender.send_request(request, true).expect("open").0
    }

    pub async fn ask(&self, method: &str, path: &str) -> Result<Stream, h2::Error> {
        let answer = tokio::time::timeout(PATIENCE, self.send(method, path).await);
        let (parts, body) = answer.await.expect("an answer in time")?.into_parts();
        Ok(Stream { parts, body })
    }

    pub async fn get(&self, path: &str) -> Stream {
        self.ask("GET", path).await.expect("an answer")
    }
}

impl Stream {
    /// What comes next, without giving the window back.
    pub async fn peek(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let data = tokio::time::timeout(PATIENCE, self.body.data());
        data.await.expect("something in time")
    }

    pub fn release(&mut self, bytes: usize) {
        self.body
            .flow_control()
            .release_capacity(bytes)
            .expect("what was read");
    }

    /// At least this many bytes, or all that there are.
    pub async fn read(&mut self, bytes: usize) -> Result<Vec<u8>, h2::Error> {
        let mut read = Vec::new();
        while read.len() < bytes {
            match self.peek().await {
                Some(chunk) => {
                    let chunk = chunk?;
                    self.release(chunk.len());
                    read.extend_from_slice(&chunk);
                }
                None => break,
            }
        }
        Ok(read)
    }
}
