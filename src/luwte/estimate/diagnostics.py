"""Whether chains of a sampler may be believed: do they agree, and how many independent draws are they worth.

Rank-normalised and split, so that a tail without a variance, a chain that sits elsewhere, one that spreads otherwise
and one that drifts are all seen. Nothing here knows what was sampled.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Diagnosis:
    """What the chains of one quantity look like.

    Attributes
    ----------
    rhat : float
        Rank-normalised split R-hat; near 1 when the chains agree, infinite when each of them stands still elsewhere.
    bulk, tail : float
        Effective sample size of the middle, and the smaller one of the two quantiles asked for; 0 when a chain
        stands still.

    """

    rhat: float
    bulk: float
    tail: float

    def agrees(self, rhat: float, ess: float) -> bool:
        """Whether the chains are close enough to each other, and worth enough draws."""
        return self.rhat < rhat and min(self.bulk, self.tail) > ess


def diagnose(draws: NDArray[np.generic], tails: tuple[float, float] = (0.05, 0.95)) -> Diagnosis:
    """Diagnose one quantity.

    Parameters
    ----------
    draws : ndarray, shape (chains, draws)
        Draws in their order, without warm-up; at least four a chain.
    tails : pair of float
        The quantiles whose effective sample size is `tail`.

    Returns
    -------
    Diagnosis

    Notes
    -----
    Each chain is halved. R-hat is the larger one of the classical R-hat of the rank-normalised draws and of their
    distances from the median. An effective sample size uses the autocorrelations of all halves together, summed in
    pairs as long as these are positive, and made to fall (Geyer's initial monotone sequence). For any increasing
    function of the draws all of it is the same, but for the R-hat of the distances.

    A chain that never moves has no variance and so no autocorrelation; its share of the draws says nothing, and the
    whole is worth nothing.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), Rank-normalization, folding, and localization: an improved
    R-hat for assessing convergence of MCMC, Bayesian Analysis 16:667-718.
    Geyer (1992), Practical Markov chain Monte Carlo, Statistical Science 7:473-483.

    """
    values = np.asarray(draws, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 4:
        raise ValueError("draws must have the shape (chains, draws), with at least four draws a chain")
    halves = _split(values)
    if not np.isfinite(values).all() or (np.ptp(values, axis=1) == 0).any():
        return Diagnosis(rhat=np.inf, bulk=0.0, tail=0.0)
    normal = _normalised(halves)
    folded = _normalised(np.abs(halves - np.median(halves)))
    # A quantity that is nearly constant can have its quantile at its end, and the share below it never changes.
    below = [(halves <= np.quantile(halves, at)).astype(np.float64) for at in tails]
    return Diagnosis(
        rhat=max(_rhat(normal), _rhat(folded)),
        bulk=_ess(normal),
        tail=min(_ess(one) for one in below),
    )


def _split(draws: Floats) -> Floats:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normalised(draws: Floats) -> Floats:
    """Normal scores of the ranks over all chains (Blom)."""
    ranks = np.asarray(rankdata(draws, axis=None)).reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)))


def _variances(draws: Floats) -> tuple[float, float]:
    """Within the chains, and over all of them."""
    length = draws.shape[1]
    within = float(draws.var(axis=1, ddof=1).mean())
    return within, within * (length - 1) / length + float(draws.mean(axis=1).var(ddof=1))


def _rhat(draws: Floats) -> float:
    within, over_all = _variances(draws)
    if within == 0:
        return 1.0 if over_all == 0 else np.inf
    return float(np.sqrt(over_all / within))


def _ess(draws: Floats) -> float:
    length = draws.shape[1]
    within, over_all = _variances(draws)
    if over_all == 0:
        return 0.0
    covariance = _autocovariance(draws).mean(axis=0)
    correlation = 1 - (within - covariance * length / (length - 1)) / over_all
    correlation[0] = 1.0
    pairs = correlation[: length // 2 * 2].reshape(-1, 2).sum(axis=1)
    positive = pairs[: int(np.argmax(pairs <= 0))] if (pairs <= 0).any() else pairs
    time = -1 + 2 * float(np.minimum.accumulate(positive).sum())
    # Draws that alternate are worth more than as many independent ones; the bound keeps a short chain from boasting.
    return float(draws.size / max(time, 1 / np.log10(draws.size)))


def _autocovariance(draws: Floats) -> Floats:
    length = draws.shape[1]
    centred = draws - draws.mean(axis=1, keepdims=True)
    padded = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(centred, n=padded, axis=1)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, n=padded, axis=1)[:, :length] / length)
