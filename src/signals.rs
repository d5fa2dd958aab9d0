//! What tells the process to end: signals of the operating system, and where it is wanted the end of standard input.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::Error;

/// What ends a server.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Comes once, when standard input ends.
    input: Option<oneshot::Receiver<()>>,
}

impl Signals {
    /// From now on signals are noted and do not end the process by themselves.
    pub fn listen(with_stdin: bool) -> Result<Self, Error> {
        let on = |kind| signal(kind).map_err(Error::Runtime);
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            input: with_stdin.then(end_of_input),
        })
    }

    /// Returns at the next signal to end.
    pub async fn end(&mut self) {
        let input = async {
            match &mut self.input {
                // However it ended.
                Some(input) => drop(input.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = input => self.input = None,
        }
    }
}

/// Reads standard input on a thread of its own: one of the runtime's would keep the process from ending.
fn end_of_input() -> oneshot::Receiver<()> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        // What comes means nothing.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = tell.send(());
    });
    told
}
