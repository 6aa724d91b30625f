"""The methods in one table: what each assumes, when not to use it, where it is from, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from luwte.estimate.decomposable import decomposable
from luwte.estimate.errors import BadAnswers
from luwte.estimate.histories import Histories
from luwte.estimate.multiplier import multiplier
from luwte.estimate.results import Method, Result, no_estimate
from luwte.estimate.stepwise import main_effects, stepwise

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


@dataclass(frozen=True, kw_only=True)
class Chat:
    """What the multiplier needs: a count of registered victims, and what chat victims said when asked."""

    registered: int
    said: int
    asked: int

    def __post_init__(self) -> None:
        if self.said > self.asked:
            raise BadAnswers("More people said yes than were asked.")


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


def _frequentist(method: Callable[..., Result]) -> Callable[[Histories, Effort, Progress | None], Result]:
    def run(histories: Histories, effort: Effort, progress: Progress | None) -> Result:
        return method(
            histories,
            level=effort.level,
            bootstrap=effort.bootstrap,
            seed=effort.seed,
            jobs=effort.jobs,
            progress=progress,
        )

    return run


def _decomposable(histories: Histories, effort: Effort, progress: Progress | None) -> Result:
    return decomposable(histories, level=effort.level)


def _multiplier(histories: Histories, effort: Effort, progress: Progress | None) -> Result:
    if effort.chat is None:
        return no_estimate("multiplier", "Nobody was asked in a chat whether they are registered.", level=effort.level)
    chat = effort.chat
    return multiplier(chat.registered, chat.said, chat.asked, level=effort.level)


BOOTSTRAP = "Efron, B. (1987). Better bootstrap confidence intervals. JASA 82:171-185."
CHAN = (
    "Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse capture data: "
    "inferential challenges when there are nonoverlapping lists. JASA 116:1297-1306."
)
SILVERMAN = (
    "Silverman, B. W., Chan, L. and Vincent, K. (2024). Bootstrapping multiple systems estimates to account for model "
    "selection. Statistics and Computing 34:44."
)

METHODS: Mapping[Method, Way] = {
    "main_effects": Way(
        title="Independent lists",
        assumes="Being on one list makes it neither more nor less likely to be on another, and everybody has the same "
        "chance to be on a list.",
        not_when="Organisations send people to each other, or some people are hard to find for all of them. That is "
        "nearly always so: read it as a point to compare with.",
        sources=(
            "Fienberg, S. E. (1972). The multiple recapture census for closed populations and incomplete 2^k "
            "contingency tables. Biometrika 59:591-603.",
            BOOTSTRAP,
        ),
        run=_frequentist(main_effects),
    ),
    "stepwise": Way(
        title="Stepwise",
        assumes="Some pairs of lists go together or avoid each other, and the pairs that stand out in the data, "
        "taken in one by one, are those. No three lists act together beyond that.",
        not_when="Pairs stand out by chance, as they do in small tables: another pair first, and the answer is "
        "another. Or people differ so much that every pair depends.",
        sources=(
            CHAN,
            "Silverman, B. W. (2020). Multiple-systems analysis for the quantification of modern slavery: classical "
            "and Bayesian approaches. JRSS A 183:691-736.",
            BOOTSTRAP,
        ),
        run=_frequentist(stepwise),
    ),
    "decomposable": Way(
        title="Averaged graphs",
        assumes="Which lists depend on which is one of the graphs of a simple kind (decomposable ones), all equally "
        "likely beforehand. Each counts as much as the lists support it.",
        not_when="The posterior has several peaks: then its middle is a number that no graph says. Or one "
        "dependence between lists is known from elsewhere; this method does not know of it.",
        sources=(
            "Madigan, D. and York, J. C. (1997). Bayesian methods for estimation of the size of a closed population. "
            "Biometrika 84:19-31.",
        ),
        run=_decomposable,
    ),
    "multiplier": Way(
        title="Multiplier",
        assumes="Registered and unregistered victims come to the chat equally often, and they know and say which "
        "they are. The lists are not used at all.",
        not_when="Registered victims are sent to the chat, or avoid it; or the register is about another year, area "
        "or kind of victim than the chat.",
        sources=(
            "UNAIDS/WHO Working Group on Global HIV/AIDS and STI Surveillance (2010). Guidelines on estimating the "
            "size of populations most at risk to HIV. Geneva.",
        ),
        run=_multiplier,
    ),
}
