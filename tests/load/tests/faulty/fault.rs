//! What one watch does wrong, at one of its events.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How late the late event is.
pub const DELAY: Duration = Duration::from_millis(200);
/// Which watch it is, by the order of opening, and at which of its events, counted from 1.
pub const FAULTY_WATCH: usize = 1;
pub const FAULTY_EVENT: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Lose,
    Double,
    Reorder,
    Delay,
    /// One byte of it is another, so that it tells of another object.
    Change,
    /// The stream ends without a word.
    End,
    /// The watch is told that its place is lost.
    Gone,
}

/// Passes events on, and does what the fault says at one of them.
pub async fn pass_on(fault: Fault, mut lines: UnboundedReceiver<Bytes>, output: UnboundedSender<Bytes>) {
    let mut count = 0;
    while let Some(line) = lines.recv().await {
        count += 1;
        let send = |line: Bytes| drop(output.send(line));
        if count != FAULTY_EVENT {
            send(line);
            continue;
        }
        match fault {
            Fault::None => send(line),
            Fault::Lose => {}
            Fault::Change => {
                let text = String::from_utf8_lossy(&line).replace("watchload-00000", "watchload-00001");
                send(Bytes::from(text));
            }
            Fault::End => return,
            Fault::Gone => {
                return send(Bytes::from_static(
                    b"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"metadata\":{},\"reason\":\"Expired\",\"code\":410}}\n",
                ));
            }
            Fault::Double => [line.clone(), line].into_iter().for_each(send),
            Fault::Delay => {
                tokio::time::sleep(DELAY).await;
                send(line);
            }
            Fault::Reorder => {
                if let Some(next) = lines.recv().await {
                    [next, line].into_iter().for_each(send);
                }
            }
        }
    }
}
