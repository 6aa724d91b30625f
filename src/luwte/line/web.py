"""What a visitor's page is told of a line, and of other places: `/l/<line>/status/2`."""

from luwte.line.lines import Lines, OpenPlace
from luwte.line.model import lateness


def prospect(lines: Lines, line: str, now: int, low: object, high: object) -> dict[str, object]:
    """Until when it is as it is, whether it is too late for somebody new, and who else can be called now."""
    status = lines.status(line)
    return {
        "until": status.until,
        "late": lateness(status.until, low, high, now) if status.open else "no",
        "places": [_place(one) for one in lines.places()],
    }


def _place(open: OpenPlace) -> dict[str, object]:
    place = open.place
    return {
        "name": place.name,
        "about": dict(place.about),
        "phone": place.phone,
        "until": open.until,
        "source": place.source,
        "checked": place.checked.isoformat(),
    }
