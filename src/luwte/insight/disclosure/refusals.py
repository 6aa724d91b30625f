"""What the disclosure library says no with: where it is and why, never what stands there."""

from luwte.errors import CannotStart


class Refused(CannotStart):
    """An input cannot be used; the code is stable, the text is one plain sentence."""

    code = "refused"

    def __init__(self, says: str, *, file: str = "", row: int | None = None, column: str = "") -> None:
        place = [file, f"row {row}" if row is not None else "", f"column {column}" if column else ""]
        where = ", ".join(part for part in place if part)
        super().__init__(f"{where}: {says}" if where else says)
        self.file, self.row, self.column, self.reason = file, row, column, says


class BadPlan(Refused):
    """The plan is not one, or asks for what cannot be."""

    code = "bad_plan"


class BadData(Refused):
    """The data is not what the plan declares."""

    code = "bad_data"


class BadRelease(Refused):
    """A folder is no release that `luwte protect` wrote."""

    code = "bad_release"


class Infeasible(Refused):
    """Nothing fulfils all requirements together; `collide` names a smallest set of them."""

    code = "infeasible"

    def __init__(self, says: str, collide: tuple[str, ...]) -> None:
        super().__init__(says + " These collide: " + "; ".join(collide) + ".")
        self.collide = collide
