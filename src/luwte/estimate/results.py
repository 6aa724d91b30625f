"""What a method answers: a figure with its interval and model, or "no estimate" with its reasons."""

from dataclasses import asdict, dataclass
from typing import Literal

from luwte.estimate.errors import BadLevel

Method = Literal["main_effects", "stepwise", "bic", "bic_average", "decomposable", "latent_class", "multiplier"]
IntervalKind = Literal["wald", "bca", "profile", "credible", "beta_binomial"]
Verdict = Literal["ok", "no_estimate"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answer of one method about one table.

    Attributes
    ----------
    method : Method
    estimate, lower, upper : float or None
        People in all, observed ones included. None when nothing may be said; with `no_estimate` all three are.
    level : float
        What the interval promises, between 0 and 1.
    interval : IntervalKind or None
        How the interval was made; None without one.
    model : tuple of str
        Interactions by name (`LA:NG`), in the order in which they entered. Empty: independent lists, or no model.
    criterion : float or None
        BIC, where the method has one.
    verdict : Verdict
    reasons : tuple of str
        Plain sentences: with `no_estimate` why there is none, with `ok` what to keep in mind.

    """

    method: Method
    estimate: float | None
    lower: float | None
    upper: float | None
    level: float = 0.95
    interval: IntervalKind | None = None
    model: tuple[str, ...] = ()
    criterion: float | None = None
    verdict: Verdict = "ok"
    reasons: tuple[str, ...] = ()

    def holds(self, people: float) -> bool | None:
        """Whether the interval contains a number of people; None without an interval."""
        if self.lower is None or self.upper is None:
            return None
        return self.lower <= people <= self.upper

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self) | {"model": list(self.model), "reasons": list(self.reasons)}


def no_estimate(method: Method, *reasons: str, level: float = 0.95, model: tuple[str, ...] = ()) -> Result:
    """A result without a figure. It is one, with its reasons."""
    return Result(
        method=method,
        estimate=None,
        lower=None,
        upper=None,
        level=level,
        model=model,
        verdict="no_estimate",
        reasons=reasons,
    )


def ask_for_level(level: float) -> None:
    """Refuse, with `BadLevel`, what no interval can promise."""
    if not 0 < level < 1:
        raise BadLevel("A level must be between 0 and 1.")
