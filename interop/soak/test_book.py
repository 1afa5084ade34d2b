"""The judge is seen to find what it is there to find: `python3 -m unittest discover interop/soak`."""

import unittest

from book import Book, judge, record_id, sealed_counts


def book(once, attempts, acked):
    return Book("a", once, attempts=attempts, acked=acked)


class Judged(unittest.TestCase):
    def test_all_is_well(self):
        row = judge(book(True, [1, 2], [True, True]), {0: 1, 1: 1})
        self.assertEqual((row.sent, row.acked, row.sealed, row.copies, row.lost, row.wrong), (2, 2, 2, 0, 0, []))

    def test_what_was_acknowledged_and_is_not_sealed_is_lost(self):
        row = judge(book(False, [1, 1], [True, True]), {0: 1})
        self.assertEqual(row.lost, 1)
        self.assertIn("soak-a-000000001", row.wrong[0])

    def test_what_was_not_acknowledged_may_be_there_or_not(self):
        self.assertEqual(judge(book(True, [1, 1], [True, False]), {0: 1}).wrong, [])
        self.assertEqual(judge(book(True, [1, 1], [True, False]), {0: 1, 1: 1}).wrong, [])

    def test_with_a_key_there_is_one(self):
        self.assertIn("in spite of its key", judge(book(True, [2], [True]), {0: 2}).wrong[0])

    def test_without_a_key_there_are_at_most_as_many_as_were_sent(self):
        self.assertEqual(judge(book(False, [2], [True]), {0: 2}).wrong, [])
        self.assertEqual(judge(book(False, [2], [True]), {0: 2}).copies, 1)
        self.assertIn("more often than sent", judge(book(False, [2], [True]), {0: 3}).wrong[0])

    def test_what_nobody_sent_is_found(self):
        self.assertIn("never sent", judge(book(False, [1], [True]), {0: 1, 7: 1}).wrong[0])

    def test_ids_are_found_in_whatever_envelops_them(self):
        raws = ['{"id":"' + record_id("a", 3) + '"}', "<13>1 - - - " + record_id("b", 0), "nothing", record_id("a", 3)]
        self.assertEqual(sealed_counts(raws), {"a": {3: 2}, "b": {0: 1}})


if __name__ == "__main__":
    unittest.main()
