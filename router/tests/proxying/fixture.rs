//! A router over real sockets on loopback, with servers behind it that do what a test wants, and clients of both HTTP versions.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auth::authenticate::front_proxy::Names;
use auth::client::{Trust, tls_config};
use bytes::Bytes;
use h2::client::SendRequest;
use http_body_util::BodyExt;
use router::assignment::Policy;
use router::frontends::Frontends;
use router::identity::Identity;
use router::members::{Member, Members, State, Tier};
use router::metrics::Routes;
use router::proxy::Proxy;
use router::unit::Unit;
use router::upstream::Upstreams;
use serve::http::Handler;
use serve::limits::Connections;
use serve::load::Load;
use serve::pki::Files;
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use shardplane_router as router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Long enough that only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Certificates, and who is behind the router.
pub struct World {
    pub pki: Files,
    members: Vec<Member>,
    /// Of the router that was made last.
    upstreams: std::sync::Mutex<Option<Upstreams>>,
    /// By which name servers are known, and whether their addresses were given.
    pub known_as: Option<(&'static str, bool)>,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self::within(folder.path());
        Self {
            _folder: Some(folder),
            ..world
        }
    }

    /// With the certificates of a folder, which are made if they are not there.
    pub fn within(folder: &Path) -> Self {
        tls::install_provider();
        let pki = Files::below(folder);
        let names = serve::pki::Names {
            dns: vec!["localhost".to_owned()],
            addresses: vec![[127, 0, 0, 1].into()],
        };
        pki.ensure(&names).expect("a writable folder");
        Self {
            pki,
            members: Vec::new(),
            upstreams: std::sync::Mutex::default(),
            known_as: None,
            _folder: None,
        }
    }

    /// A member of a tier at an address.
    pub fn join(&mut self, tier: Tier, address: SocketAddr) {
        self.members.push(Member {
            name: format!("{tier}-{address}").into(),
            run: "1".into(),
            tier,
            address: address.to_string().into(),
            weight: 1,
            state: State::Serving,
            ready: [Unit::new("pods")].into(),
            behind: std::collections::BTreeSet::new(),
            policy: Policy::default(),
        });
    }

    /// A server of a tier that answers with a handler.
    pub async fn serve(&mut self, tier: Tier, handler: Handler) -> Shutdown {
        let shutdown = Shutdown::new();
        let address = self.listen(handler, shutdown.clone()).await;
        self.join(tier, address);
        shutdown
    }

    /// The router, as clients reach it.
    pub async fn route(&self, shutdown: &Shutdown) -> SocketAddr {
        self.route_with(Vec::new(), shutdown).await
    }

    /// The same with more filters.
    pub async fn route_with(
        &self,
        more: Vec<Box<dyn serve::filter::Filter>>,
        shutdown: &Shutdown,
    ) -> SocketAddr {
        let proxy = self.proxy().into_handler();
        let mut filters: Vec<Box<dyn serve::filter::Filter>> =
            vec![Box::new(serve::filters::EndLongRunning::new(shutdown.clone()))];
        filters.extend(more);
        let chain = serve::filter::Chain::new(filters, proxy);
        self.listen(chain.into_handler(), shutdown.clone()).await
    }

    fn proxy(&self) -> Proxy {
        let read = |path: &Path| std::fs::read(path).expect("made");
        let settings = tls_config(&Trust {
            authorities: Some(read(&self.pki.ca_certificate)),
            identity: Some((
                read(&self.pki.front_proxy_client_certificate),
                read(&self.pki.front_proxy_client_key),
            )),
            server_name: None,
        });
        let mut upstreams = Upstreams::new(settings.expect("well formed"));
        if let Some((name, are_given)) = self.known_as {
            let addresses = self.members.iter().map(|member| member.address.clone());
            let given: Vec<_> = addresses.filter(|_| are_given).collect();
            upstreams = upstreams.known_as(name.try_into().expect("a name"), &given);
        }
        let members = self.members.iter().cloned().map(Arc::new).collect();
        let members = watch::Sender::new(Arc::new(Members::new(members))).subscribe();
        *self.upstreams.lock().expect("no panic") = Some(upstreams.clone());
        Proxy {
            frontends: Frontends::new(upstreams.clone(), Vec::new(), members.clone(), Arc::default()),
            members,
            upstreams,
            clients: Arc::new(self.clients()),
            identity: Arc::new(Identity::new(Names::default())),
            routes: Routes::default(),
        }
    }

    /// What the first member is asked of what it would be if all was well.
    pub fn share_of_first(&self) -> f64 {
        let upstreams = self.upstreams.lock().expect("no panic");
        let way = upstreams.as_ref().expect("a router").to(&self.members[0].address);
        way.as_candidate().fitness.share(tokio::time::Instant::now())
    }

    fn clients(&self) -> ClientAuthority {
        ClientAuthority::load(&[&self.pki.ca_certificate]).expect("just made")
    }

    /// A server that is no member yet, or the router.
    pub async fn listen(&self, handler: Handler, shutdown: Shutdown) -> SocketAddr {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let address = listener.address();
        let server = Server {
            tls: self.server_tls(),
            handler,
            limits: Connections::default(),
            shutdown,
            load: Load::default(),
        };
        tokio::spawn(server.run(listener));
        address
    }

    fn server_tls(&self) -> Arc<rustls::ServerConfig> {
        let certificate = ServingCertificate::load(&self.pki.serving_certificate, &self.pki.serving_key);
        let config = tls::server_config(certificate.expect("just made"), &self.clients());
        Arc::new(config)
    }

    /// A server that breaks off every stream; how many there were.
    pub async fn serve_breaking(&mut self, tier: Tier, why: h2::Reason) -> watch::Receiver<u32> {
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        self.join(tier, socket.local_addr().expect("bound"));
        let (count, counted) = watch::channel(0);
        let acceptor = TlsAcceptor::from(self.server_tls());
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let stream = acceptor.accept(stream).await.expect("a handshake");
                let mut connection = h2::server::handshake(stream).await.expect("a connection");
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    count.send_modify(|count| *count += 1);
                    respond.send_reset(why);
                }
            }
        });
        counted
    }

    /// A server that says goodbye on each connection as soon as it sees a request, which it says it did not look at.
    pub async fn serve_leaving(&mut self, tier: Tier) -> watch::Receiver<u32> {
        const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        // The last stream that was looked at is 0: none.
        const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const PREFACE_BYTES: usize = 24;
        const HEADERS: u8 = 1;
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        self.join(tier, socket.local_addr().expect("bound"));
        let (count, counted) = watch::channel(0);
        let acceptor = TlsAcceptor::from(self.server_tls());
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let mut stream = acceptor.accept(stream).await.expect("a handshake");
                stream.write_all(&SETTINGS).await.expect("open");
                stream
                    .read_exact(&mut [0; PREFACE_BYTES])
                    .await
                    .expect("a preface");
                let mut kind = 0;
                while kind != HEADERS {
                    let mut head = [0; 9];
                    stream.read_exact(&mut head).await.expect("a frame");
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                    let mut payload = vec![0; length as usize];
                    stream.read_exact(&mut payload).await.expect("a frame");
                    kind = head[3];
                }
                count.send_modify(|count| *count += 1);
                stream.write_all(&GOAWAY).await.expect("open");
                // Until the client has it.
                while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
            }
        });
        counted
    }

    /// A connection to the router, as the administrator or nobody.
    pub async fn connect(&self, to: SocketAddr, as_admin: bool, protocol: &[u8]) -> TlsStream<TcpStream> {
        let read = |path: &Path| std::fs::read(path).expect("made");
        let admin = (read(&self.pki.admin_certificate), read(&self.pki.admin_key));
        let mut settings = tls_config(&Trust {
            authorities: Some(read(&self.pki.ca_certificate)),
            identity: as_admin.then_some(admin),
            server_name: None,
        })
        .expect("well formed");
        settings.alpn_protocols = vec![protocol.to_vec()];
        let socket = TcpStream::connect(to).await.expect("it listens");
        let name = "localhost".try_into().expect("a name");
        let connector = TlsConnector::from(Arc::new(settings));
        connector.connect(name, socket).await.expect("a handshake")
    }

    /// An HTTP/2 client, whose windows open only as it reads.
    pub async fn client(&self, to: SocketAddr, as_admin: bool) -> Client {
        let stream = self.connect(to, as_admin, b"h2").await;
        let mut builder = h2::client::Builder::new();
        builder
            .initial_connection_window_size(16 * 1024 * 1024)
            .data_frame_budget(usize::MAX);
        let (sender, connection) = builder.handshake(stream).await.expect("a connection");
        tokio::spawn(connection);
        Client { sender }
    }
}

#[derive(Clone)]
pub struct Client {
    sender: SendRequest<Bytes>,
}

impl Client {
    /// Sends a request and waits for the head of its answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> http::Response<h2::RecvStream> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let mut sender = self.sender.clone().ready().await.expect("open");
        let (answer, mut stream) = sender.send_request(request, content.is_empty()).expect("open");
        if !content.is_empty() {
            stream
                .send_data(Bytes::copy_from_slice(content), true)
                .expect("open");
        }
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer.expect("an answer in time").expect("an answer")
    }

    /// Status and text of an answer.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let content = if method == "POST" { &b"content"[..] } else { b"" };
        let response = self.send(method, path, headers, content).await;
        let code = response.status().as_u16();
        let mut body = response.into_body();
        let mut text = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk.expect("a whole answer");
            body.flow_control()
                .release_capacity(chunk.len())
                .expect("what was read");
            text.extend_from_slice(&chunk);
        }
        (code, String::from_utf8_lossy(&text).into_owned())
    }
}

/// The whole content of a request.
pub async fn content(request: serve::http::Request) -> Bytes {
    request
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes()
}
