"""Who is at a desk now, with how many conversations, and how many one may have. In memory."""

from collections.abc import Callable
from dataclasses import dataclass

from luwte.plumbing.relay import Relay
from luwte.staff.model import Account


def shift_topic(team: str) -> tuple[str, str]:
    """Woken when somebody came or left, or has more or fewer conversations."""
    return ("shift", team)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at a desk."""

    account: str
    name: str
    held: int


class OnShift:
    """The people at the desks of one process."""

    def __init__(self, relay: Relay, limit: int) -> None:
        self._relay = relay
        self.limit = limit
        self._names: dict[tuple[str, str], str] = {}
        self._desks: dict[tuple[str, str], dict[int, Callable[[], int]]] = {}

    def arrives(self, account: Account, connection: int, held: Callable[[], int]) -> None:
        """A desk is there; *held* tells how many conversations it has."""
        self._names[account.team, account.id] = account.name
        self._desks.setdefault((account.team, account.id), {})[connection] = held
        self.changed(account.team)

    def leaves(self, account: Account, connection: int) -> None:
        """A desk is gone."""
        desks = self._desks.get((account.team, account.id), {})
        desks.pop(connection, None)
        if not desks:
            self._desks.pop((account.team, account.id), None)
        self.changed(account.team)

    def changed(self, team: str) -> None:
        """Somebody has more or fewer conversations."""
        self._relay.wake(shift_topic(team))

    def is_here(self, team: str, account: str) -> bool:
        """Whether this account of this team is at a desk. May be asked from any thread."""
        return (team, account) in self._desks

    def colleagues(self, account: Account) -> list[Colleague]:
        """Everybody else of the team who is at a desk, by name."""
        found = [
            Colleague(id, self._names[team, id], max(held() for held in desks.values()))
            for (team, id), desks in self._desks.items()
            if team == account.team and id != account.id
        ]
        return sorted(found, key=lambda one: (one.name, one.account))
