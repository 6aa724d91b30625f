"""The check that all of these tests rest on: it finds nothing in a sound history, and each kind of harm by its name."""

import hashlib
from collections.abc import Callable

import pytest

from faults.history import Ack, Found, Heard, History, Log, Text, check

LOG: Log = (b"c" * 16, 1)
NOTES: Log = (b"c" * 16, 2)


class Run:
    """Two writers, six envelopes, two readers, two connections of each; as it should be, until somebody spoils it."""

    def __init__(self) -> None:
        self.history = History(started={LOG[0]: 1.0}, taken={LOG[0]: 2.0})
        self.visitor: Found = []
        self.desk: Found = []
        lines = [self.history.line() for _ in range(3)]
        lines[0].after[LOG] = lines[1].after[LOG] = 0
        lines[2].after[LOG] = 3
        for n in range(1, 7):
            writer, order = (b"v", n // 2 + 1) if n % 2 else (b"t", n // 2)
            text, hash = bytes([n]) * 16, self.hash(n)
            self.history.texts[text] = Text(LOG, writer, order)
            self.history.envelopes[hash] = text
            self.visitor.append((n, hash))
            # The visitor comes back after 3 on line 2; the desk stays on line 1.
            theirs = lines[0] if n <= 3 else lines[2]
            author, reader = (theirs, lines[1]) if n % 2 else (lines[1], theirs)
            self.history.acks.append(Ack(LOG, n, hash, author.number, float(n)))
            self.history.heard.append(Heard(LOG, n, hash, reader.number, float(n)))
        self.desk = list(self.visitor)

    @staticmethod
    def hash(n: int) -> bytes:
        """The hash of envelope *n*."""
        return hashlib.sha256(bytes([n])).digest()

    def both(self, change: Callable[[Found], None]) -> None:
        """Do the same to what both readers find."""
        change(self.visitor)
        change(self.desk)

    def found(self, *, drained: bool = True) -> set[str]:
        """The kinds of harm that the check names."""
        findings = check(self.history, [{LOG: self.visitor}, {LOG: self.desk, NOTES: []}], drained=drained)
        return {name for name, found in vars(findings).items() if found}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """Also at a moment in the middle, when what came later may be there or not."""
    run = Run()
    assert run.found() == set()
    run.history = run.history.until(4.5)
    run.both(lambda found: found.pop())
    assert run.found(drained=False) == set()


def _swap(found: Found) -> None:
    found[1], found[3] = (2, found[3][1]), (4, found[1][1])


HARM: dict[str, tuple[str, Callable[[Run], object]]] = {
    "the last one is gone": ("lost", lambda run: run.both(lambda found: found.pop())),
    "what was read, and never acknowledged, is gone": (
        "lost",
        lambda run: (run.history.acks.pop(), run.both(lambda found: found.pop())),
    ),
    "a typed text never arrived": (
        "lost",
        lambda run: run.history.texts.update({b"x" * 16: Text(LOG, b"w", 1)}),
    ),
    "one in the middle is gone": ("gaps", lambda run: run.both(lambda found: found.pop(2))),
    "a conversation that was started is gone": (
        "lost",
        lambda run: run.history.started.update({b"d" * 16: 3.0}),
    ),
    "a Take is gone": ("lost", lambda run: run.history.taken.update({b"d" * 16: 3.0})),
    "an envelope is there twice": ("doubled", lambda run: run.both(lambda found: found.append((7, Run.hash(6))))),
    "a text is there twice, sealed anew": (
        "doubled",
        lambda run: (
            run.history.envelopes.update({Run.hash(7): bytes([6]) * 16}),
            run.both(lambda found: found.append((7, Run.hash(7)))),
        ),
    ),
    "one message was acknowledged in two places": (
        "doubled",
        lambda run: run.history.acks.append(Ack(LOG, 6, Run.hash(5), 2, 9.0)),
    ),
    "an envelope came twice on one connection": (
        "doubled",
        lambda run: run.history.heard.append(run.history.heard[-1]),
    ),
    "two of one writer changed places": ("reordered", lambda run: run.both(_swap)),
    "the two sides differ": ("reordered", lambda run: _swap(run.desk)),
    "envelopes came in another order than they have": ("reordered", lambda run: run.history.heard.reverse()),
    "a connection passed one over": ("gaps", lambda run: run.history.heard.pop(3)),
    "a connection brought what was not asked for": (
        "gaps",
        lambda run: run.history.lines[2].after.update({LOG: 4}),
    ),
    "nobody wrote it": ("invented", lambda run: run.both(lambda found: found.append((7, Run.hash(99))))),
    "a client was told what no server may say": (
        "surprises",
        lambda run: run.history.surprises.append("resumed: it forgot"),
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_each_harm_is_found(name: str) -> None:
    """Under the name that it has in the contract."""
    kind, harm = HARM[name]
    run = Run()
    harm(run)
    assert kind in run.found()
