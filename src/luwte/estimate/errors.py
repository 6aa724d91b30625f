"""What this library says no with: where it is and why, never what stands there."""


class EstimateError(ValueError):
    """Something cannot be done with this input; `code` is stable, the text is one plain sentence."""

    code = "estimate_error"


class BadAnswers(EstimateError):
    """Counts of registered people, or of answers in a chat, that cannot be."""

    code = "bad_answers"


class BadCheck(EstimateError):
    """A check or a simulation that cannot be made of this table."""

    code = "bad_check"


class BadHistories(EstimateError):
    """Data or arguments that are no capture histories."""

    code = "bad_histories"

    def __init__(self, says: str, *, file: str = "", row: int | None = None, column: str = "") -> None:
        place = [file, f"row {row}" if row is not None else "", f"column {column}" if column else ""]
        where = ", ".join(part for part in place if part)
        super().__init__(f"{where}: {says}" if where else says)
        self.file, self.row, self.column, self.reason = file, row, column, says


class BadLevel(EstimateError):
    """An interval cannot promise this."""

    code = "bad_level"


class BadModel(EstimateError):
    """A model that cannot be fitted to these lists."""

    code = "bad_model"
