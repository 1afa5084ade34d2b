"""What a sender knows of its own records, and what the sealed log has to say about them.

A record is known by its id, `soak-<sender>-<number>`, which stands in it once. A sender numbers its records from 0 on and
keeps for each how often it was sent and whether it was acknowledged. Nothing here talks to a server.
"""

import re
from dataclasses import dataclass, field

ID = re.compile(r"soak-([a-z0-9_]+)-(\d{9})")


def record_id(sender, number):
    return f"soak-{sender}-{number:09d}"


@dataclass
class Book:
    """Of one sender. `once`: it carries a key or a position, so nothing of it may be sealed twice. `acked` is None for a
    sender that hears nothing back; `lives` are then its first number in each life of the server, and the last in it."""

    sender: str
    once: bool
    attempts: list = field(default_factory=list)
    acked: list | None = field(default_factory=list)
    lives: list = field(default_factory=list)
    strange: list = field(default_factory=list)

    def sent(self, count):
        first = len(self.attempts)
        self.attempts.extend([0] * count)
        if self.acked is not None:
            self.acked.extend([False] * count)
        return range(first, first + count)


@dataclass
class Verdict:
    """The row of one sender, and what is wrong with it."""

    sender: str
    sent: int = 0
    acked: int | None = 0
    sealed: int = 0
    copies: int = 0
    lost: int = 0
    wrong: list = field(default_factory=list)


def sealed_counts(raws):
    """How often each id is in the log, by sender, from the bytes of all its records."""
    counts = {}
    for raw in raws:
        match = ID.search(raw)
        if match:
            of = counts.setdefault(match.group(1), {})
            number = int(match.group(2))
            of[number] = of.get(number, 0) + 1
    return counts


def judge(book, sealed):
    """Holds a sender's book against the log. `sealed` is how often each of its numbers is there."""
    row = Verdict(book.sender, sent=sum(1 for tries in book.attempts if tries), sealed=len(sealed))
    row.copies = sum(sealed.values()) - len(sealed)
    row.wrong.extend(book.strange[:5])
    unsent = [number for number in sealed if number >= len(book.attempts) or not book.attempts[number]]
    if unsent:
        row.wrong.append(f"{len(unsent)} records are sealed that were never sent, as {record_id(book.sender, unsent[0])}")
    if book.acked is None:
        row.acked = None
        doubled = [number for number, count in sealed.items() if count > 1]
        if doubled:
            row.wrong.append(f"sent once and sealed twice: {len(doubled)}, as {record_id(book.sender, doubled[0])}")
        return row
    row.acked = sum(book.acked)
    lost = [number for number, acked in enumerate(book.acked) if acked and number not in sealed]
    row.lost = len(lost)
    if lost:
        row.wrong.append(f"acknowledged and not sealed: {len(lost)}, as {record_id(book.sender, lost[0])}")
    allowed = (lambda number: 1) if book.once else (lambda number: book.attempts[number])
    beyond = [number for number, count in sealed.items() if number not in unsent and count > allowed(number)]
    if beyond:
        why = "sealed twice in spite of its key" if book.once else "sealed more often than sent"
        row.wrong.append(f"{why}: {len(beyond)}, as {record_id(book.sender, beyond[0])}")
    return row
