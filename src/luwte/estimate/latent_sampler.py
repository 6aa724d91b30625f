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
class Batch:
    """Values of all chains at once; the leading axes of every field are (ladders, rungs)."""

    def reordered(self, order: Order) -> Self:
        """The same with the rungs of each ladder in another order, of shape (ladders, rungs)."""
        ladder = np.arange(len(order))[:, None]
        return type(self)(*(getattr(self, field.name)[ladder, order] for field in fields(self)))

    def replaced(self, where: NDArray[np.bool_], by: Self) -> Self:
        """The same with the chains of *where*, of shape (ladders, rungs), taken from another batch."""

        def either(new: Floats, old: Floats) -> Floats:
            return np.where(where.reshape(where.shape + (1,) * (old.ndim - 2)), new, old)

        return type(self)(*(either(getattr(by, field.name), getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True)
class State(Batch):
    """Where all chains are. Probabilities are logarithms: they can be as small as they like.

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


@dataclass(frozen=True)
class Chances(Batch):
    """What follows from a state.

    Attributes
    ----------
    of_class : ndarray, shape (ladders, rungs, histories, classes)
        The class of somebody with this history.
    evidence : ndarray, shape (ladders, rungs, histories)
        Logarithm of the chance of this history for somebody who is in any list.
    hidden : ndarray, shape (ladders, rungs, classes)
        Logarithm of how many of this class are in no list, for every person who is in any.

    """

    of_class: Floats
    evidence: Floats
    hidden: Floats


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
    """One step of all chains: one class is stretched, neighbours may change places, then all is drawn anew.

    Notes
    -----
    Given the parameters, the people of each observed history are divided over the classes (multinomial) and the
    hidden ones are drawn; with p(N) ~ 1/N their number is negative binomial, drawn here as a Poisson of a Gamma for
    all classes at once. Given those people all parameters are Beta and Gamma variates. No step takes longer when
    there are more people, only when there are more histories.

    The first two steps accept or refuse by the posterior without any made-up people. With p(N) ~ 1/N that is the
    prior times prod_h (p_h / p_listed)^count_h, where p_h is the chance of a history.

    """
    state, chances = _stretch(rng, model, state)
    order = _exchange(rng, model, state, chances, turn)
    state, chances = state.reordered(order), chances.reordered(order)

    people = np.broadcast_to(model.counts, chances.evidence.shape)
    observed = rng.multinomial(people, chances.of_class)
    mean = rng.standard_gamma(people.sum(axis=-1))[..., None] * np.exp(chances.hidden)
    hidden = rng.poisson(np.minimum(mean, MOST_HIDDEN))
    size = observed.sum(axis=-2) + hidden

    inside = np.swapaxes(observed, -1, -2).astype(np.float64) @ model.members
    listed, missed = _log_beta(rng, 1 + inside, model.scarcity[:, None, None] + size[..., None] - inside)
    later = np.cumsum(size[..., :0:-1], axis=-1)[..., ::-1]
    weight = _weights(rng, 1.0 + size[..., :-1], state.concentration[..., None] + later)
    shape = model.shape + model.classes - 1
    concentration = rng.standard_gamma(shape, state.concentration.shape) / (model.rate - weight[..., -1])
    return State(concentration, weight, listed, missed), Draw(hidden.sum(axis=-1), size)


def _chances(model: Model, state: State) -> Chances:
    absent = state.weight + state.missed.sum(axis=-1)
    both = absent[..., None, :] + model.members @ np.swapaxes(state.listed - state.missed, -1, -2)
    # Twelve lists of one in a million leave nothing of a product in float64; the greatest class becomes 1.
    top = both.max(axis=-1, keepdims=True)
    share = np.exp(both - top)
    total = share.sum(axis=-1, keepdims=True)
    in_any = np.logaddexp.reduce(state.weight + np.log(-np.expm1(state.missed.sum(axis=-1))), axis=-1, keepdims=True)
    return Chances(share / total, (np.log(total) + top)[..., 0] - in_any, absent - in_any)


def _stretch(rng: Generator, model: Model, state: State) -> tuple[State, Chances]:
    """One class becomes larger and harder to find, or smaller and easier, which the lists hardly notice.

    Made-up people hold the parameters where they are, and those follow the people: along this line, which is the one
    that says how many are hidden, Gibbs steps are tiny. The class is that of somebody at random, so the large ones are
    asked most. All its odds of being listed are multiplied by e^move, and its odds against the other classes divided.
    """
    scale, classes = 0.5, model.classes
    if classes == 1:
        return state, _chances(model, state)
    shares = np.cumsum(np.exp(state.weight), axis=-1)
    ask = rng.random(shares.shape[:-1]) * shares[..., -1]
    it = np.arange(classes) == np.minimum((ask[..., None] > shares).sum(axis=-1, keepdims=True), classes - 1)
    move = scale * rng.standard_normal(ask.shape)

    odds = np.where(it[..., None], state.listed - state.missed + move[..., None, None], state.listed - state.missed)
    listed = np.where(it[..., None], -np.logaddexp(0, -odds), state.listed)
    missed = np.where(it[..., None], -np.logaddexp(0, odds), state.missed)
    own = np.where(it, state.weight, 0).sum(axis=-1)
    rest = np.logaddexp.reduce(np.where(it, -np.inf, state.weight), axis=-1)
    new_own, new_rest = -np.logaddexp(0, rest - own + move), -np.logaddexp(0, own - rest - move)
    weight = np.where(it, new_own[..., None], state.weight + (new_rest - rest)[..., None])
    proposed = State(state.concentration, weight, listed, missed)

    old, new = _chances(model, state), _chances(model, proposed)
    gain = ((new.evidence - old.evidence) * model.counts).sum(axis=-1)
    gain += _log_prior_of_weights(proposed) - _log_prior_of_weights(state)
    gain += ((listed - state.listed) + (missed - state.missed) * model.scarcity[:, None, None]).sum(axis=(-1, -2))
    # The chance of asking this class, and how the move squeezes the shares: once more each, and the rest classes - 1.
    gain += 2 * (new_own - own) + (classes - 1) * (new_rest - rest)
    accepted = -rng.standard_exponential(gain.shape) < gain
    return state.replaced(accepted, proposed), old.replaced(accepted, new)


def _log_prior_of_weights(state: State) -> Floats:
    """Density of the shares of a broken stick: each break is relative to what was left."""
    left = np.logaddexp.accumulate(state.weight[..., ::-1], axis=-1)[..., :0:-1]
    density: Floats = (state.concentration - 1) * state.weight[..., -1] - left.sum(axis=-1)
    return density


def _exchange(rng: Generator, model: Model, state: State, chances: Chances, turn: int) -> Order:
    """Which rung's chain stands on each rung now.

    On even turns the pairs (0, 1), (2, 3) ... are asked, on odd ones (1, 2), (3, 4) ...: so a chain that goes up keeps
    going up.
    """
    ladders, rungs = chances.evidence.shape[:2]
    order = np.tile(np.arange(rungs), (ladders, 1))
    low = np.arange(turn % 2, rungs - 1, 2)
    high = low + 1
    counts = np.broadcast_to(model.counts, chances.evidence.shape)
    scarce = state.missed.sum(axis=(-1, -2))
    gain = ((chances.evidence[:, low] - chances.evidence[:, high]) * (counts[:, high] - counts[:, low])).sum(axis=-1)
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
