"""The methods in one table: what each assumes, when not to use it, where it is from, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.bootstrap import Many
from luwte.estimate.decomposable import decomposable, posterior
from luwte.estimate.errors import BadAnswers, EstimateError
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.latent_class import latent_class
from luwte.estimate.multiplier import multiplier
from luwte.estimate.results import Method, Result, no_estimate
from luwte.estimate.search import bic, bic_average, bic_average_many, bic_of
from luwte.estimate.stepwise import main_effects, main_effects_many, stepwise, stepwise_of
from luwte.estimate.strata import DRAWN, Draws


class BadEffort(EstimateError):
    """A way to run the methods that is none."""

    code = "bad_effort"


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
        Replicates behind an interval, two or more; 0: Wald limits only.
    seed, jobs : int
        Of everything that is drawn; the number of processes changes no result.
    chat : Chat or None
        Without it there is no multiplier.
    coverage : int
        Tables to draw from a model of this one, to see how often intervals hold what is known then; 0: none.

    Raises
    ------
    BadEffort
        A level that is none, one replicate, or numbers below 0.

    """

    level: float = 0.95
    bootstrap: int = 1000
    seed: int = 1
    jobs: int = 1
    chat: Chat | None = None
    coverage: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise BadEffort("A level is between 0 and 1.")
        if self.bootstrap < 0 or self.bootstrap == 1:
            raise BadEffort("A bootstrap needs two replicates at least; 0 is none.")
        if self.seed < 0 or self.jobs < 1 or self.coverage < 0:
            raise BadEffort("A seed and a number of tables are from 0 up, jobs from 1 up.")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One method, in words for people and as a function.

    Attributes
    ----------
    title, assumes, not_when : str
        What it is called, and plain sentences.
    sources : tuple of str
        The papers.
    run : callable
        The table to its result.
    many, draws : callable or None
        What a total over strata gets its interval from: see `strata.by_stratum`.

    """

    title: str
    assumes: str
    not_when: str
    sources: tuple[str, ...]
    run: Callable[[Histories, Effort, Progress | None], Result]
    many: Callable[[Histories], Many] | None = None
    draws: Draws | None = None


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


def _decomposable_draws(histories: Histories, seed: int) -> NDArray[np.float64]:
    return posterior(histories).draws(DRAWN, seed)


def _latent_class(histories: Histories, effort: Effort, progress: Progress | None) -> Result:
    return latent_class(histories, level=effort.level, seed=effort.seed, progress=progress)


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
        many=lambda _: main_effects_many,
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
        many=stepwise_of,
    ),
    "bic": Way(
        title="Best BIC",
        assumes="Of all models in which pairs of lists depend on each other, the one that fits best for its size is "
        "the true one.",
        not_when="Other models fit about as well and say something else: see every defensible model below.",
        sources=(
            "Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6:461-464.",
            SILVERMAN,
            BOOTSTRAP,
        ),
        run=_frequentist(bic),
        many=bic_of,
    ),
    "bic_average": Way(
        title="Average by BIC",
        assumes="One of all models with dependent pairs is true, nobody knows which, and all are equally likely "
        "beforehand. Each counts as much as it fits for its size.",
        not_when="The models fall into groups that say very different things: the average lies between them, where "
        "no model is.",
        sources=(
            "Raftery, A. E. (1995). Bayesian model selection in social research. Sociological Methodology 25:111-163.",
            SILVERMAN,
            BOOTSTRAP,
        ),
        run=_frequentist(bic_average),
        many=lambda _: bic_average_many,
    ),
    "decomposable": Way(
        title="Averaged graphs",
        assumes="Which lists depend on which is one of the graphs of a simple kind (decomposable ones), all equally "
        "likely beforehand. Each counts as much as the lists support it. There are at most 30 hidden people for each "
        "person on the lists.",
        not_when="The posterior has several peaks: then its middle is a number that no graph says. Or one "
        "dependence between lists is known from elsewhere; this method does not know of it.",
        sources=(
            "Madigan, D. and York, J. C. (1997). Bayesian methods for estimation of the size of a closed population. "
            "Biometrika 84:19-31.",
            "Binette, O. and Steorts, R. C. (2021). On the reliability of multiple systems estimation for the "
            "quantification of modern slavery. arXiv:2112.01594.",
        ),
        run=_decomposable,
        draws=_decomposable_draws,
    ),
    "latent_class": Way(
        title="Latent classes",
        assumes="People are of a few kinds that nobody sees. Within a kind, the lists are independent of each other "
        "and everybody has the same chance to be on them.",
        not_when="A list sends people to another, or two lists share nobody because they work in different places: "
        "no kinds of people explain that.",
        sources=(
            "Manrique-Vallier, D. (2016). Bayesian population size estimation using Dirichlet process mixtures. "
            "Biometrics 72:1246-1254.",
            "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and B\u00fcrkner, P.-C. (2021). Rank-normalization, "
            "folding, and localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis "
            "16:667-718.",
        ),
        run=_latent_class,
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
