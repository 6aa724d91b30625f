"""The methods in one table: what each assumes, when not to use it, where it is from, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from luwte.estimate.histories import Histories
from luwte.estimate.multiplier import multiplier
from luwte.estimate.results import Method, Result, no_estimate

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


@dataclass(frozen=True, kw_only=True)
class Chat:
    """What the multiplier needs: a count of registered victims, and what chat victims said when asked."""

    registered: int
    said: int
    asked: int


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How the methods are run.

    Attributes
    ----------
    level : float
        What every interval promises.
    bootstrap : int
        Replicates behind an interval; 0: Wald limits only.
    seed, jobs : int
        Of everything that is drawn; the number of processes changes no result.
    chat : Chat or None
        Without it there is no multiplier.

    """

    level: float = 0.95
    bootstrap: int = 1000
    seed: int = 1
    jobs: int = 1
    chat: Chat | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """One method, in words for people and as a function."""

    title: str
    assumes: str
    not_when: str
    sources: tuple[str, ...]
    run: Callable[[Histories, Effort, Progress | None], Result]


def _multiplier(_: Histories, effort: Effort, progress: Progress | None) -> Result:
    if effort.chat is None:
        return no_estimate("multiplier", "Nobody was asked in a chat whether they are registered.", level=effort.level)
    chat = effort.chat
    return multiplier(chat.registered, chat.said, chat.asked, level=effort.level)


METHODS: Mapping[Method, Way] = {
    "multiplier": Way(
        title="Multiplier",
        assumes="Registered and unregistered victims come to the chat equally often, and they know and say which they "
        "are. The lists are not used at all.",
        not_when="Registered victims are sent to the chat, or avoid it; or the register is about another year, area "
        "or kind of victim than the chat.",
        sources=(
            "UNAIDS/WHO Working Group on Global HIV/AIDS and STI Surveillance (2010). Guidelines on estimating the "
            "size of populations most at risk to HIV. Geneva.",
        ),
        run=_multiplier,
    ),
}
