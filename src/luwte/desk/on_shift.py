"""Who is at a desk now, with how many conversations, and how many one may have. In memory."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

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
        self._pictures: dict[str, list[Colleague]] = {}

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
        self._pictures.pop(team, None)
        self._relay.wake(shift_topic(team))

    def is_here(self, team: str, account: str) -> bool:
        """Whether this account of this team is at a desk. May be asked from any thread."""
        return (team, account) in self._desks

    def colleagues(self, account: Account, at_most: int) -> list[Colleague]:
        """The others of the team who are at a desk, by name, *at_most* so many."""
        others = (one for one in self._picture(account.team) if one.account != account.id)
        return list(islice(others, at_most))

    def _picture(self, team: str) -> list[Colleague]:
        """Everybody of a team, by name: made once a change, as every desk of the team looks at it."""
        if team not in self._pictures:
            everybody = (
                Colleague(id, self._names[team, id], max(held() for held in desks.values()))
                for (of, id), desks in self._desks.items()
                if of == team
            )
            self._pictures[team] = sorted(everybody, key=lambda one: (one.name, one.account))
        return self._pictures[team]
