"""Latent classes: people differ in how easily they are found, in ways that nobody wrote down.

The posterior of the number of people, or "no estimate" when the chains that drew it may not be believed.
"""

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.dependence import copies
from luwte.estimate.diagnostics import diagnose
from luwte.estimate.errors import EstimateError
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.latent_sampler import Draw, Model, prior, sweep
from luwte.estimate.results import Result, ask_for_level, no_estimate

WARM_UP = 0.25
"""Share of all draws, from the first on, that is not used."""
HOTTEST = 0.15
"""Share of the people that the last rung of a ladder sees: few enough on the British table to walk about freely."""
SCARCEST = 5.0
"""On the last rung capture probabilities are Beta(1, this): new classes are then born as hard to find as real ones."""
HOPE = 2.0
"""Chains that would have to mix this much better from now on to be worth enough draws at the bound are given up."""


class BadSampler(EstimateError):
    """Settings with which nothing can be drawn."""

    code = "bad_sampler"


def latent_class(
    histories: Histories,
    *,
    level: float = 0.95,
    seed: int = 1,
    classes: int = 10,
    shape: float = 0.25,
    rate: float = 0.25,
    ladders: int = 8,
    rungs: int = 10,
    draws: int = 2000,
    most_draws: int = 16000,
    rhat: float = 1.01,
    ess: float = 400,
    most_hidden: float = 100.0,
    progress: Progress | None = None,
) -> Result:
    """Estimate how many there are when people fall into classes that are found with different ease.

    Parameters
    ----------
    histories : Histories
        The table.
    level : float
        Posterior probability between the limits, equal tails outside.
    seed : int
        Same seed, same result.
    classes : int
        Most classes there can be. The prior needs few of them; a remark says when none was left over.
    shape, rate : float
        Gamma prior on the concentration: small values prefer few classes.
    ladders : int
        Independent ladders of chains, which must agree.
    rungs : int
        Chains of one ladder; with 1 nothing is tempered.
    draws, most_draws : int
        Draws of each ladder before they are judged, and the bound to which they are doubled until they agree, or are
        so far from it that the bound cannot help. The first quarter of all draws is not used.
    rhat, ess : float
        The chains are believed with a split R-hat below the one, and effective sample sizes in the middle and at both
        limits above the other. The defaults are those of Vehtari et al., who find that a chain may look right far
        above 1.01, and that 400 draws are needed for the diagnosis itself to be stable.
    most_hidden : float
        More hidden people for every observed one than this, at the upper limit, is a posterior that nothing but its
        prior holds: so few are seen that the overlaps are a handful.
    progress : callable, optional
        Called with the draws done and the most there can be.

    Returns
    -------
    Result
        `estimate` is the posterior median.

    Raises
    ------
    BadLevel, BadSampler

    Notes
    -----
    Assumed: nobody comes or goes while the lists are kept, records are linked without error, and *within a class* the
    lists are independent. Classes explain people whom all lists miss or find more easily. They cannot explain a list
    that sends people to another, or two lists that share nobody because they work in different towns.

    The capture probabilities are uniform, the shares of the classes a stick-breaking (truncated Dirichlet process),
    its concentration Gamma(shape, rate), and p(N) ~ 1/N. What the observed histories do not say of the hidden people,
    the prior says: with thin overlaps the interval is the prior's.

    The sampler is the Gibbs sampler of Manrique-Vallier. Left alone it stays for very long in the first explanation
    it meets, and moves slowly there. So each chain stands on the first rung of a ladder whose other rungs see fewer of
    the people, and think them scarcer, and neighbours change places (parallel tempering); and one class at a time is
    made larger and harder to find, or the other way round. This changes how fast the posterior is walked, not the
    posterior.

    References
    ----------
    Manrique-Vallier (2016), Bayesian population size estimation using Dirichlet process mixtures, Biometrics
    72:1246-1254.
    Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), Rank-normalization, folding, and localization: an improved
    R-hat for assessing convergence of MCMC, Bayesian Analysis 16:667-718.
    Geyer (1991), Markov chain Monte Carlo maximum likelihood, Computing Science and Statistics 23:156-163.

    """
    ask_for_level(level)
    if not (seed >= 0 and classes >= 1 and shape > 0 and rate > 0):
        raise BadSampler("A seed is from 0 up, and the prior has a class and is above 0.")
    if not (ladders >= 2 and rungs >= 1 and 8 <= draws <= most_draws):
        raise BadSampler("There must be two ladders, a rung, and eight draws or more, but not more than the most.")
    if why := _too_thin(histories) or copies(histories):
        return no_estimate("latent_class", *why, level=level)

    tails = ((1 - level) / 2, (1 + level) / 2)
    rng = np.random.default_rng(seed)
    model = tempered(histories, rungs, classes=classes, shape=shape, rate=rate)
    state = prior(rng, model, ladders)
    hidden = np.zeros((ladders, most_draws), dtype=np.int64)
    crowded = np.zeros((ladders, most_draws), dtype=bool)

    def note(turn: int, draw: Draw) -> None:
        hidden[:, turn] = draw.hidden[:, 0]
        crowded[:, turn] = (draw.size[:, 0] > 0).all(axis=-1)
        if progress is not None and turn % 50 == 0:
            progress(turn, most_draws)

    done, until = 0, draws
    while True:
        for turn in range(done, until):
            state, draw = sweep(rng, model, state, turn)
            note(turn, draw)
        done = until
        kept = slice(int(done * WARM_UP), done)
        diagnosis = diagnose(hidden[:, kept], tails)
        # Effective draws grow with the draws, or slower.
        likely = min(diagnosis.bulk, diagnosis.tail) * most_draws / done
        if diagnosis.agrees(rhat, ess) or done == most_draws or (done > draws and likely < ess / HOPE):
            break
        until = min(2 * done, most_draws)
    if progress is not None:
        progress(most_draws, most_draws)

    lower, middle, upper = np.quantile(hidden[:, kept], (tails[0], 0.5, tails[1]))
    reasons = []
    if diagnosis.bulk == 0:
        reasons.append("The chains stood still, so nothing is known about how wrong they are.")
    elif not diagnosis.agrees(rhat, ess):
        reasons.append("The chains did not agree: the same sampling, started at several places, gave several answers.")
    if upper > most_hidden * histories.observed:
        reasons.append("The hidden group could be of any size: the lists share too few people.")
    if reasons:
        return no_estimate("latent_class", *reasons, level=level)
    observed = histories.observed
    return Result(
        method="latent_class",
        estimate=float(observed + middle),
        lower=float(observed + lower),
        upper=float(observed + upper),
        level=level,
        interval="credible",
        reasons=_remarks(crowded[:, kept], classes),
    )


def tempered(histories: Histories, rungs: int, *, classes: int, shape: float, rate: float) -> Model:
    """A ladder over this table: from rung to rung a smaller share of the people, who are thought scarcer."""
    there = histories.counts > 0
    people = histories.counts[there]
    step = np.linspace(0.0, 1.0, rungs)
    # Where each count is rounded up is spread out, so that no two single persons leave on the same rung.
    offset = (0.5 + np.arange(len(people)) * 0.618033988749895) % 1
    counts = np.floor(HOTTEST ** step[:, None] * people + offset).astype(np.int64)
    counts[0] = people
    return Model(histories.members[there].astype(np.float64), counts, SCARCEST**step, classes, shape, rate)


def _too_thin(histories: Histories) -> list[str]:
    """Why no posterior could say anything that the prior does not, or nothing."""
    if histories.observed == 0:
        return ["Nobody is in any list."]
    if sum(histories.within(1 << bit) > 0 for bit in range(len(histories.lists))) < 3:
        return ["Fewer than three lists have anybody in them, and two cannot show that people differ."]
    if histories.counts[histories.members.sum(axis=1) > 1].sum() == 0:
        return ["No two lists share anybody, so nothing says how many are missing."]
    return []


def _remarks(crowded: NDArray[np.bool_], classes: int) -> tuple[str, ...]:
    if classes > 1 and crowded.mean() > 0.5:
        return (f"All {classes} classes were in use; more of them could give another answer.",)
    return ()
