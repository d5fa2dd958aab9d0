//! The end of a turn: what feeds put off until all that their driver asks in one go were asked. It is of a thread, since a turn does not
//! leave its own.

use std::cell::Cell;

thread_local! {
    static THEN: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Has something done once all feeds of the present turn were asked. There is one such thing at a time: another one that was put off is
/// done now.
pub fn when_turn_ends(then: fn()) {
    if let Some(before) = THEN.replace(Some(then)) {
        before();
    }
}

/// The turn is over: all that is asked were asked.
pub(crate) fn end_turn() {
    if let Some(then) = THEN.take() {
        then();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static COUNT: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn what_is_put_off_is_done_once() {
        let more = || COUNT.set(COUNT.get() + 1);
        end_turn();
        when_turn_ends(more);
        assert_eq!(COUNT.get(), 0);
        end_turn();
        end_turn();
        assert_eq!(COUNT.get(), 1);
        when_turn_ends(more);
        when_turn_ends(more);
        assert_eq!(COUNT.get(), 2);
        end_turn();
        assert_eq!(COUNT.get(), 3);
    }
}
