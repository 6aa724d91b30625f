"""What was said, acknowledged and read by everybody in one run, and whether that is what the contract promises.

Nothing here knows a server: `check` compares what people remember with what readers find in the logs at the end.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

Log = tuple[bytes, int]
"""A conversation and one of its logs: 1 shared, 2 team."""

Found = list[tuple[int, bytes]]
"""A log as somebody read it from its beginning: each number with the hash of the envelope."""

clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Text:
    """Something that a person typed: the *order*-th of one page life."""

    log: Log
    writer: bytes
    order: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody was told that an envelope is on disk, in this place."""

    log: Log
    n: int
    hash: bytes
    line: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody was brought an envelope of another, or their own from before."""

    log: Log
    n: int
    hash: bytes
    line: int
    at: float


@dataclass
class Line:
    """One connection of one reader: from which number on it asked."""

    number: int
    after: dict[Log, int] = field(default_factory=dict)


@dataclass
class History:
    """Everything that the people of one run remember."""

    texts: dict[bytes, Text] = field(default_factory=dict)
    envelopes: dict[bytes, bytes] = field(default_factory=dict)
    """Which text each envelope holds, by hash; one that had to be sealed anew has several."""
    acks: list[Ack] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    started: dict[bytes, float] = field(default_factory=dict)
    """Conversations whose start was answered, and when."""
    taken: dict[bytes, float] = field(default_factory=dict)
    """Conversations of which a desk was told that it has them."""
    surprises: list[str] = field(default_factory=list)
    """What a server may not say to a client that keeps to the protocol."""

    def line(self) -> Line:
        """A new connection."""
        self.lines.append(Line(len(self.lines)))
        return self.lines[-1]

    def until(self, moment: float) -> "History":
        """What was known at *moment*. What was said later may have been said by then, and does no harm."""
        return replace(
            self,
            acks=[ack for ack in self.acks if ack.at < moment],
            heard=[heard for heard in self.heard if heard.at < moment],
            started={conv: at for conv, at in self.started.items() if at < moment},
            taken={conv: at for conv, at in self.taken.items() if at < moment},
        )

    @property
    def acknowledged(self) -> int:
        """How many envelopes were acknowledged, each counted once however often it was said."""
        return len({ack.hash for ack in self.acks})


@dataclass
class Findings:
    """What is not as promised; all empty: the promise was kept."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def __str__(self) -> str:
        return "; ".join(f"{name} {len(found)}: {found[:3]}" for name, found in vars(self).items() if found) or "none"


def check(history: History, readers: Iterable[dict[Log, Found]], *, drained: bool) -> Findings:
    """Compare *history* with what fresh *readers* found; *drained*: all that was typed had the time to arrive."""
    findings = Findings(surprises=list(history.surprises))
    logs: dict[Log, Found] = {}
    for reader in readers:
        for log, found in reader.items():
            if logs.setdefault(log, found) != found:
                findings.reordered.append(f"two readers differ in {_name(log)}")
    for log, found in logs.items():
        _check_log(history, log, found, findings)
    _check_memory(history, logs, findings)
    _check_lines(history, findings)
    findings.lost += [f"start of {conv.hex()[:8]}" for conv in history.started if (conv, 1) not in logs]
    findings.lost += [f"Take of {conv.hex()[:8]}" for conv in history.taken if (conv, 2) not in logs]
    if drained:
        there = {history.envelopes.get(hash) for found in logs.values() for _, hash in found}
        findings.lost += [f"text {text.hex()[:8]}" for text in history.texts if text not in there]
    return findings


def _check_log(history: History, log: Log, found: Found, findings: Findings) -> None:
    """One log by itself: each number once and none left out, each text once, each writer in the order of typing."""
    numbers = [n for n, _ in found]
    if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)):
        findings.gaps.append(f"numbers of {_name(log)}")
    if len(set(numbers)) != len(numbers):
        findings.doubled.append(f"numbers of {_name(log)}")
    if sorted(numbers) != numbers:
        findings.reordered.append(f"numbers of {_name(log)}")
    seen: set[bytes] = set()
    last: dict[bytes, int] = defaultdict(int)
    for n, hash in found:
        id = history.envelopes.get(hash)
        if id is None or history.texts[id].log != log:
            findings.invented.append(f"{_name(log)} {n}")
            continue
        text = history.texts[id]
        if id in seen:
            findings.doubled.append(f"{_name(log)} {n}")
        elif text.order != last[text.writer] + 1:
            findings.reordered.append(f"{_name(log)} {n}: text {text.order} after {last[text.writer]}")
        seen.add(id)
        last[text.writer] = max(last[text.writer], text.order)


def _check_memory(history: History, logs: dict[Log, Found], findings: Findings) -> None:
    """What people were told is what is there, in the same place."""
    places = {log: dict(found) for log, found in logs.items()}
    for told in (*history.acks, *history.heard):
        there = places.get(told.log, {}).get(told.n)
        if there is None:
            kind = "acknowledged" if isinstance(told, Ack) else "read"
            findings.lost.append(f"{_name(told.log)} {told.n}, {kind}")
        elif there != told.hash:
            findings.reordered.append(f"{_name(told.log)} {told.n} is another")
    first: dict[bytes, int] = {}
    for ack in history.acks:
        if first.setdefault(ack.hash, ack.n) != ack.n:
            findings.doubled.append(f"{_name(ack.log)} {ack.n}: acknowledged in two places")


def _check_lines(history: History, findings: Findings) -> None:
    """On each connection envelopes came in order, each once, and none was passed over."""
    heard: defaultdict[tuple[int, Log], list[int]] = defaultdict(list)
    own: defaultdict[tuple[int, Log], set[int]] = defaultdict(set)
    for one in history.heard:
        heard[one.line, one.log].append(one.n)
    for ack in history.acks:
        own[ack.line, ack.log].add(ack.n)
    for line in history.lines:
        for log, after in line.after.items():
            came = heard[line.number, log]
            if len(set(came)) != len(came):
                findings.doubled.append(f"{_name(log)} on line {line.number}")
            if sorted(came) != came:
                findings.reordered.append(f"{_name(log)} on line {line.number}")
            known = set(came) | own[line.number, log]
            wanted = set(range(after + 1, max(came, default=after) + 1))
            if not wanted <= known or any(n <= after for n in came):
                findings.gaps.append(f"{_name(log)} on line {line.number} after {after}")


def _name(log: Log) -> str:
    return f"{log[0].hex()[:8]}/{log[1]}"
