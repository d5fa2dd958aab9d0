//! A whole system on one machine: processes of each tier on loopback, over an etcd. It starts them, tells where they are, watches over
//! them and stops them in order. What they do is their own affair.

mod etcd;
mod limits;
mod plan;
mod process;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use auth::client::{Client, Trust, read_file};
use schema::json;
use serve::pki::{self, kubeconfig};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::completed::{data_dir, hostname};
use crate::config::names;
use crate::error::Error;
use crate::options;
use crate::signals::Signals;
use crate::site::create_private;

use limits::{HEALTH_POLL, HEALTH_TIMEOUT, PROGRESS_INTERVAL, START_MAX};
use plan::{Piece, Role};
use process::{Order, Running};
use report::Report;

/// Starts a system and runs it until a signal comes.
pub async fn run(options: options::Up) -> Result<(), Error> {
    let begun = Instant::now();
    serve::tls::install_provider();
    let mut signals = Signals::listen(false)?;
    let folder = folder(&options)?;
    create_private(&folder)?;
    let certificates = plan::certificates(&folder);
    let files = pki::Files::of(&certificates, &certificates);
    files.ensure(&names(&hostname(), &[]))?;
    let client = client(&files)?;
    let etcd = etcd::Found::look(&options.etcd_servers, &folder, &client).await?;
    let tiers = plan::tiers(&options, &folder, &etcd.endpoints)?;
    let pieces: Vec<Piece> = etcd.piece.iter().cloned().chain(tiers).collect();
    let mut system = System::new(pieces, client);
    let started = tokio::select! {
        started = system.start() => started,
        () = signals.end() => Ok(false),
    };
    if matches!(started, Ok(true)) {
        let report = Report {
            folder: &folder,
            etcd: &etcd.endpoints,
            pieces: &system.pieces,
        };
        let kubeconfig = report.kubeconfig();
        kubeconfig::write(
            &kubeconfig,
            &report.url(),
            &files.ca_certificate,
            (&files.admin_certificate, &files.admin_key),
        )?;
        report.write(&system.running.borrow())?;
        print!("{}", report.table(&system.running.borrow(), begun.elapsed()));
        system.orders.iter().for_each(|(_, orders)| {
            orders.send_replace(Order::GoOn {
                restart: options.restart,
            });
        });
        tokio::select! {
            () = report.keep(system.running.subscribe()) => {}
            () = signals.end() => {}
        }
    }
    eprintln!("stopping; a second signal ends everything at once");
    tokio::select! {
        () = system.stop() => {}
        () = signals.end() => system.end().await,
    }
    started.map(drop)
}

fn folder(options: &options::Up) -> Result<PathBuf, Error> {
    match options.data_dir.as_deref() {
        Some(given) => data_dir(Some(given)),
        // Not that of `serve`, whose store is another.
        None => data_dir(None).map(|folder| folder.join("up")),
    }
}

/// As the administrator, who may see everything.
fn client(files: &pki::Files) -> Result<Client, Error> {
    let made = || {
        let identity = (read_file(&files.admin_certificate)?, read_file(&files.admin_key)?);
        Client::new(&Trust {
            authorities: Some(read_file(&files.ca_certificate)?),
            identity: Some(identity),
            server_name: None,
        })
    };
    made().map_err(|error| Error::Up(error.to_string()))
}

/// All processes.
struct System {
    pieces: Vec<Piece>,
    /// What each tier is to do: they stop one after the other.
    orders: Vec<(Role, watch::Sender<Order>)>,
    running: Arc<Running>,
    kept: JoinSet<(Role, Result<(), Error>)>,
    client: Client,
}

impl System {
    fn new(pieces: Vec<Piece>, client: Client) -> Self {
        let roles = [Role::Etcd, Role::Frontend, Role::Member, Role::Router];
        Self {
            pieces,
            orders: roles.map(|role| (role, watch::Sender::new(Order::Start))).into(),
            running: Arc::default(),
            kept: JoinSet::new(),
            client,
        }
    }

    /// Starts everything and returns true when it works; an error if something ends meanwhile.
    async fn start(&mut self) -> Result<bool, Error> {
        let begun = Instant::now();
        self.launch(|role| role == Role::Etcd);
        let (client, pieces) = (self.client.clone(), self.pieces.clone());
        let own = pieces.iter().find(|piece| piece.role == Role::Etcd);
        if let Some(etcd) = own {
            self.meanwhile(etcd::healthy(etcd, &client), begun).await?;
        }
        self.launch(|role| role != Role::Etcd);
        self.meanwhile(ready(&client, &pieces, begun), begun).await?;
        Ok(true)
    }

    fn launch(&mut self, which: impl Fn(Role) -> bool) {
        for piece in self.pieces.iter().filter(|piece| which(piece.role)).cloned() {
            let orders = self.orders.iter().find(|(role, _)| *role == piece.role);
            let Some(orders) = orders.map(|(_, orders)| orders.subscribe()) else {
                continue;
            };
            let running = self.running.clone();
            self.kept
                .spawn(async move { (piece.role, process::keep(&piece, orders, &running).await) });
        }
    }

    /// Waits for something that processes do, which none of them may end before, and not for ever.
    async fn meanwhile(&mut self, done: impl Future<Output = ()>, begun: Instant) -> Result<(), Error> {
        let rest = START_MAX.saturating_sub(begun.elapsed());
        tokio::select! {
            () = done => Ok(()),
            () = tokio::time::sleep(rest) => {
                let folder = self.pieces.first().and_then(|piece| piece.log.parent()).map(|folder| folder.display().to_string());
                let folder = folder.unwrap_or_default();
                Err(Error::Up(format!(
                    "not ready within {} s: look at the logs beside {folder}; is another `shardplane up` running there?",
                    START_MAX.as_secs()
                )))
            }
            Some(ended) = self.kept.join_next() => match ended {
                Ok((_, Err(error))) => Err(error),
                // Nothing else ends one that is to start.
                Ok((role, Ok(()))) => Err(Error::Up(format!("{} ended", role.command()))),
                Err(panic) => Err(Error::Up(panic.to_string())),
            },
        }
    }

    /// Tier by tier, those first that others do not need.
    async fn stop(&mut self) {
        for at in (0..self.orders.len()).rev() {
            let (role, orders) = &self.orders[at];
            orders.send_replace(Order::Stop);
            let names: Vec<&str> = self
                .pieces
                .iter()
                .filter(|piece| piece.role == *role)
                .map(|piece| piece.name.as_str())
                .collect();
            let mut running = self.running.subscribe();
            // The sender is ours.
            let _ = running
                .wait_for(|running| !names.iter().any(|name| running.contains_key(*name)))
                .await;
        }
    }

    async fn end(&mut self) {
        for (_, orders) in &self.orders {
            orders.send_replace(Order::End);
        }
        while self.kept.join_next().await.is_some() {}
    }
}

/// Returns when every process says that it is ready and every router knows where everything is. Who is waited for is told.
async fn ready(client: &Client, pieces: &[Piece], begun: Instant) {
    let mut waiting: Vec<&Piece> = pieces.iter().filter(|piece| piece.role != Role::Etcd).collect();
    let mut told = Instant::now();
    loop {
        let mut still = Vec::new();
        for piece in waiting {
            if !is_ready(client, piece, pieces).await {
                still.push(piece);
            }
        }
        if still.is_empty() {
            return;
        }
        if told.elapsed() > PROGRESS_INTERVAL {
            told = Instant::now();
            let names: Vec<&str> = still.iter().map(|piece| piece.name.as_str()).collect();
            eprintln!(
                "{} s: waiting for {}",
                begun.elapsed().as_secs(),
                names.join(", ")
            );
        }
        waiting = still;
        tokio::time::sleep(HEALTH_POLL).await;
    }
}

async fn is_ready(client: &Client, piece: &Piece, pieces: &[Piece]) -> bool {
    let get = async |path: &str| {
        let url = format!("https://{}{path}", piece.address);
        client.get(&url, HEALTH_TIMEOUT).await.ok()
    };
    if get(piece.role.readiness()).await.is_none() {
        return false;
    }
    if piece.role != Role::Router {
        return true;
    }
    let Some(Ok(status)) = get("/statusz").await.map(|answer| json::parse(&answer)) else {
        return false;
    };
    let count = |role: Role| pieces.iter().filter(|piece| piece.role == role).count();
    let (known, members) = (status.list_at(&["members"]).len(), count(Role::Member));
    let is_settled = members == 0 || status.bool_at(&["settled"]) == Some(true);
    known == count(Role::Frontend) + members && is_settled
}
