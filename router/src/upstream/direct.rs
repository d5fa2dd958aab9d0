//! Data of watches that is taken off a member's connection before h2 sees it, and what the member is then let send again. h2 takes thousands of
//! instructions for a frame, and here it is a head and a copy. h2 reads all else as it came: heads of answers, their ends, resets, settings,
//! pings, and the content of ordinary answers.
//!
//! How nothing is lost and nothing comes twice or in another order:
//! - A watch is known before its request is sent ([`Lanes::send`]). Until its answer is there, h2 gets its data and it is counted; from
//!   then on it goes into the watch's lane ([`Opened::divert`]). Who reads takes what was counted from h2, and then the lane.
//! - A frame of the stream that is not data alone ends the lane: it and all that follows is h2's. Who reads finds it when the lane is empty.
//!
//! How the member never waits for nothing and never sends too much: h2 knows nothing of what it does not see, so the member is let
//! send as much again by frames that are put between h2's ([`Wire`]). That is for a stream what its client took; and for the connection what
//! came, since its window is as large as those of all streams together: who stops stops nobody else.

mod inbound;
mod lane;
mod lanes;
mod outbound;
mod wire;

pub(super) use lane::{Lane, Wakes};
pub(super) use lanes::{Lanes, Opened};
pub(super) use wire::Wire;

#[cfg(test)]
mod tests;
