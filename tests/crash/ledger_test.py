"""The checker itself: it accepts what may happen, and finds each kind of loss that is planted."""
import unittest

from ledger import ABSENT, Event, Ledger


def told():
    """Two objects written, one of them twice; base state empty at revision 10."""
    ledger = Ledger()
    for name, content, revision in [("a", "a1", 11), ("b", "b1", 12), ("a", "a2", 13)]:
        ledger.sent(name, content)
        assert not ledger.written(name, content, revision)
    return ledger


BASE = (10, {})
FOUND = {"a": (13, "a2"), "b": (12, "b1")}
EVENTS = [Event(11, "ADDED", "a", "a1"), Event(12, "ADDED", "b", "b1"), Event(13, "MODIFIED", "a", "a2")]


class Holds(unittest.TestCase):
    def test_what_was_acknowledged_is_there(self):
        ledger = told()
        self.assertEqual(ledger.check_list(13, FOUND), [])
        self.assertEqual(ledger.check_history(BASE, EVENTS, 13, FOUND), [])
        self.assertEqual(ledger.check_seen(EVENTS[:2], EVENTS), [])

    def test_a_write_without_an_answer_may_have_happened_or_not(self):
        happened = {**FOUND, "b": (14, "b2")}
        for found, events, at in [(FOUND, EVENTS, 13), (happened, [*EVENTS, Event(14, "MODIFIED", "b", "b2")], 14)]:
            ledger = told()
            ledger.sent("b", "b2")
            self.assertEqual(ledger.check_list(at, found), [])
            self.assertEqual(ledger.check_history(BASE, events, at, found), [])

    def test_a_deletion_without_an_answer_may_have_happened(self):
        ledger, found = told(), {"b": (12, "b1")}
        ledger.sent("a", ABSENT)
        self.assertEqual(ledger.check_list(14, found), [])
        self.assertEqual(ledger.check_history(BASE, [*EVENTS, Event(14, "DELETED", "a", "a2")], 14, found), [])


class Finds(unittest.TestCase):
    def found(self, problems, text):
        self.assertTrue(any(text in problem for problem in problems), f"{text!r} is not in {problems}")

    def test_a_lost_object(self):
        self.found(told().check_list(13, {"a": (13, "a2")}), "b: the acknowledged write b1 at 12 is lost")

    def test_a_lost_update(self):
        self.found(told().check_list(13, {**FOUND, "a": (11, "a1")}), "a: acknowledged a2 at 13, found a1 at 11")

    def test_torn_content(self):
        self.found(told().check_list(13, {**FOUND, "a": (13, "torn")}), "a: acknowledged a2 at 13, found torn")

    def test_a_deletion_that_came_back(self):
        ledger = told()
        ledger.sent("b", ABSENT)
        ledger.deleted("b")
        self.found(ledger.check_list(14, FOUND), "b: it is there")

    def test_a_revision_that_went_back(self):
        self.found(told().check_list(12, FOUND), "at revision 12, but 13 was told")

    def test_a_revision_used_twice(self):
        ledger = told()
        ledger.sent("c", "c1")
        self.found(ledger.written("c", "c1", 13), "revision 13 is a2 of a and c1 of c")
        ledger = told()
        ledger.check_list(13, FOUND)
        ledger.settle()
        ledger.sent("b", "b2")
        ledger.sent("c", "c1")
        self.found(ledger.check_list(14, {**FOUND, "b": (14, "b2"), "c": (14, "c1")}), "revision 14 is")

    def test_a_state_that_was_shown_and_then_lost(self):
        self.found(told().check_seen([Event(14, "MODIFIED", "b", "b2")], EVENTS), "history has None")

    def test_a_gap_in_the_history(self):
        found = told().check_history(BASE, [EVENTS[0], EVENTS[2]], 13, FOUND)
        self.found(found, "b: no event for the acknowledged write b1 at 12")
        self.found(found, "b: history leads to None")

    def test_a_lost_deletion_in_the_history(self):
        ledger = told()
        ledger.sent("b", ABSENT)
        ledger.deleted("b")
        self.found(ledger.check_history(BASE, EVENTS, 14, {"a": (13, "a2")}), "1 acknowledged deletions, but 0 events")

    def test_events_out_of_order_or_of_nobody(self):
        self.found(told().check_history(BASE, [EVENTS[1], EVENTS[0], EVENTS[2]], 13, FOUND), "event at 11 between 12")
        extra = [*EVENTS, Event(14, "ADDED", "c", "c1")]
        self.found(told().check_history(BASE, extra, 14, {**FOUND, "c": (14, "c1")}), "an event with c1, which nobody sent")

    def test_a_deletion_with_a_wrong_last_state(self):
        ledger = told()
        ledger.sent("a", ABSENT)
        ledger.deleted("a")
        events = [*EVENTS, Event(14, "DELETED", "a", "a1")]
        self.found(ledger.check_history(BASE, events, 14, {"b": (12, "b1")}), "deleted at 14 as a1")


if __name__ == "__main__":
    unittest.main()
