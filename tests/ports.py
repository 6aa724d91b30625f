"""Free ports for servers that tests start as processes of their own."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

LOWEST, HIGHEST = 18_000, 32_000  # Linux draws from 32,768 on
WORKERS = 32


def ports_of(worker: str | None) -> range:
    """The ports of one of the processes that run tests side by side; without a name it runs alone and has them all.

    The shares are as many as there may ever be: instead of one that breaks down comes another, with a new number.
    """
    if worker is None:
        return range(LOWEST, HIGHEST)
    number = int(worker.removeprefix("gw"))
    assert number < WORKERS, "then each must have fewer"
    return range(LOWEST + number, HIGHEST, WORKERS)


def free_ports(worker: str | None) -> Iterator[int]:
    """Its ports that are free when they are asked for, without end: each once, in any order, before one comes again."""
    # Dice of our own: a test may seed the common ones, and two runs at a time would knock at the same ports.
    ports, dice = ports_of(worker), random.SystemRandom()
    while True:
        yield from filter(_is_free, dice.sample(ports, len(ports)))


def _is_free(port: int) -> bool:
    with socket.socket() as here, socket.socket() as there, suppress(OSError):
        here.bind(("127.0.0.1", port))
        there.bind(("127.0.0.2", port))  # the proxy of deployed.py answers plain http there
        return True
    return False


_mine = free_ports(os.environ.get("PYTEST_XDIST_WORKER"))


def free_port() -> int:
    """A port that nobody has now, and that nobody is given for a connection of theirs while a server is dead.

    Nor is it given to another server of this run, however many begin at once and have not taken theirs yet. Some tests
    start a thousand servers one after another: then a port comes again, after all the others.
    """
    return next(_mine)
