//! What a ring asks of those that wait for it.
//! How a connection's task is woken, and what it does then, is the caller's affair.

/// The handle of a parked watcher. Many watchers of one connection may share what is behind it.
///
/// A publish first marks every parked watcher in its scope, then wakes those whose `mark` returned true, once each.
/// A handle may still be marked and woken by a publish that was under way when its cursor was dropped.
pub trait Parked: Send + Sync + 'static {
    /// Says that there is something to read; true if the connection was not marked since it last drained.
    ///
    /// It must be an atomic read-modify-write with acquire and release, as that of [`crate::Dirty`]: a plain look before it
    /// would let the drain that is going on miss the event. It is called on the writer's thread and must be short.
    fn mark(&self) -> bool;

    /// Wakes the connection's task.
    fn wake(&self);
}
