"""Draws from the posterior of latent classes: Gibbs sampling, many chains at once, tempered so that they get about.

Lists are independent among people of one class; who is in which class nobody wrote down. What the draws are used for
is in `latent_class`.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Order = NDArray[np.intp]

MOST_HIDDEN = 10**17
"""Ten classes of so many still fit into int64. A posterior that gets here has run off and will be refused."""


@dataclass(frozen=True)
class Model:
    """The tables and priors of all rungs of a ladder; the first rung has the table and the prior that are meant.

    Attributes
    ----------
    members : ndarray of float, shape (histories, lists)
        1 where a history is in a list; only histories that were observed.
    counts : ndarray of int64, shape (..., rungs, histories)
        People, thinner from rung to rung; with a leading axis each ladder has tables of its own.
    scarcity : ndarray of float, shape (rungs,)
        The capture probabilities are Beta(1, scarcity) before anything is seen.
    classes : int
    shape, rate : float
        Of the Gamma prior on the concentration of the classes.

    """

    members: Floats
    counts: Counts
    scarcity: Floats
    classes: int
    shape: float
    rate: float


@dataclass(frozen=True)
class State:
    """Where all chains are. The leading axes are (ladders, rungs); probabilities are logarithms.

    Attributes
    ----------
    concentration : ndarray, shape (ladders, rungs)
    weight : ndarray, shape (ladders, rungs, classes)
        Share of each class among all people.
    listed, missed : ndarray, shape (ladders, rungs, classes, lists)
        Somebody of this class is in this list, or is not.

    """

    concentration: Floats
    weight: Floats
    listed: Floats
    missed: Floats

    def reordered(self, order: Order) -> Self:
        """The same with the rungs of each ladder in another order, of shape (ladders, rungs)."""
        ladder = np.arange(len(order))[:, None]
        return type(self)(*(getattr(self, field.name)[ladder, order] for field in fields(self)))


@dataclass(frozen=True)
class Draw:
    """Who was made up in one sweep.

    Attributes
    ----------
    hidden : ndarray of int64, shape (ladders, rungs)
        People in no list.
    size : ndarray of int64, shape (ladders, rungs, classes)
        People in each class, hidden ones included.

    """

    hidden: Counts
    size: Counts


def prior(rng: Generator, model: Model, ladders: int) -> State:
    """Independent draws from the prior of each rung."""
    rungs, lists = len(model.scarcity), model.members.shape[1]
    concentration = np.exp(_log_gamma(rng, np.full((ladders, rungs), model.shape))) / model.rate
    sticks = np.broadcast_to(concentration[..., None], (ladders, rungs, model.classes - 1))
    scarcity = np.broadcast_to(model.scarcity[:, None, None], (ladders, rungs, model.classes, lists))
    return State(concentration, _weights(rng, np.ones_like(sticks), sticks), *_log_beta(rng, np.ones(1), scarcity))


def sweep(rng: Generator, model: Model, state: State, turn: int) -> tuple[State, Draw]:
    """One step of all chains: neighbours of a ladder may change places, then every unknown is drawn anew.

    Notes
    -----
    Given the parameters, the people of each observed history are divided over the classes (multinomial) and the
    hidden ones are drawn; with p(N) ~ 1/N their number is negative binomial, drawn here as a Poisson of a Gamma for
    all classes at once. Given those people all parameters are Beta and Gamma variates. Nothing depends on how many
    people there are, only on how many histories.

    Neighbours change places by the ratio of their posteriors without any made-up people: with p(N) ~ 1/N this is the
    prior times prod_h (p_h / p_listed)^count_h, where p_h is the chance of a history. On even turns the pairs
    (0, 1), (2, 3) ... are asked, on odd ones (1, 2), (3, 4) ..., which carries news along the ladder fastest.

    """
    of_class, of_history, absent, seen = _chances(model, state)
    order = _exchange(rng, model, state, of_history - seen[..., None], turn)
    ladder = np.arange(len(order))[:, None]
    state, of_class, absent, seen = (
        state.reordered(order),
        of_class[ladder, order],
        absent[ladder, order],
        seen[ladder, order],
    )

    people = np.broadcast_to(model.counts, of_class.shape[:-1])
    observed = rng.multinomial(people, of_class)
    mean = rng.standard_gamma(people.sum(axis=-1))[..., None] * np.exp(state.weight + absent - seen[..., None])
    hidden = rng.poisson(np.minimum(mean, MOST_HIDDEN))
    size = observed.sum(axis=-2) + hidden

    inside = np.swapaxes(observed, -1, -2).astype(np.float64) @ model.members
    scarcity = model.scarcity[:, None, None]
    listed, missed = _log_beta(rng, 1 + inside, scarcity + size[..., None] - inside)
    later = np.cumsum(size[..., :0:-1], axis=-1)[..., ::-1]
    weight = _weights(rng, 1.0 + size[..., :-1], state.concentration[..., None] + later)
    concentration = rng.standard_gamma(model.shape + model.classes - 1, seen.shape) / (model.rate - weight[..., -1])
    return State(concentration, weight, listed, missed), Draw(hidden.sum(axis=-1), size)


def _chances(model: Model, state: State) -> tuple[Floats, Floats, Floats, Floats]:
    """Class given history; and as logarithms: a history, being absent given a class, being in any list."""
    absent = state.missed.sum(axis=-1)
    both = (state.weight + absent)[..., None, :] + model.members @ np.swapaxes(state.listed - state.missed, -1, -2)
    # Twelve lists of one in a million leave nothing of a product in float64; the greatest class becomes 1.
    top = both.max(axis=-1, keepdims=True)
    share = np.exp(both - top)
    total = share.sum(axis=-1, keepdims=True)
    in_any = state.weight + np.log(-np.expm1(absent))
    most = in_any.max(axis=-1, keepdims=True)
    seen = np.log(np.exp(in_any - most).sum(axis=-1)) + most[..., 0]
    return share / total, (np.log(total) + top)[..., 0], absent, seen


def _exchange(rng: Generator, model: Model, state: State, evidence: Floats, turn: int) -> Order:
    """Which rung's chain stands on each rung now; `evidence` is the logarithm of p_h / p_listed."""
    ladders, rungs = evidence.shape[:2]
    order = np.tile(np.arange(rungs), (ladders, 1))
    low = np.arange(turn % 2, rungs - 1, 2)
    high = low + 1
    counts = np.broadcast_to(model.counts, evidence.shape)
    scarce = state.missed.sum(axis=(-1, -2))
    gain = ((evidence[:, low] - evidence[:, high]) * (counts[:, high] - counts[:, low])).sum(axis=-1)
    gain += (scarce[:, low] - scarce[:, high]) * (model.scarcity[high] - model.scarcity[low])
    swap = -rng.standard_exponential(gain.shape) < gain
    order[:, low] += swap
    order[:, high] -= swap
    return order


def _weights(rng: Generator, kept: Floats, left: Floats) -> Floats:
    """Logarithms of the shares of a stick that is broken at Beta(kept, left) again and again; the rest is the last."""
    broken, rest = _log_beta(rng, kept, left)
    none = np.zeros((*rest.shape[:-1], 1))
    shares: Floats = np.concatenate([broken, none], axis=-1) + np.concatenate([none, np.cumsum(rest, -1)], axis=-1)
    return shares


def _log_beta(rng: Generator, one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Logarithms of Beta variates and of what they lack to 1, exact however near to 0 or 1 they are."""
    one, other = np.broadcast_arrays(one, other)
    this, that = _log_gamma(rng, one), _log_gamma(rng, other)
    total: Floats = np.logaddexp(this, that)
    return this - total, that - total


def _log_gamma(rng: Generator, shape: Floats) -> Floats:
    """Logarithms of Gamma variates; a small shape, whose variates vanish in float64, is borrowed from shape + 1."""
    return np.asarray(np.log(rng.standard_gamma(shape + 1)) - rng.standard_exponential(shape.shape) / shape)
