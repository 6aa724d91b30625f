"""The file with the hours: what it means, and one plain line for what is wrong in it."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from luwte.cli import main
from luwte.errors import CannotStart
from luwte.line import hours
from luwte.line.model import DAY, Hours

WHOLE = """
zone = "Europe/Brussels"
[lines.chat]
daily = ["10:00-22:00"]
friday = ["10:00-14:00", "20:00-02:00"]
sunday = []
2026-12-25 = []
2026-12-31 = ["10:00-17:00"]
[[places]]
name = "Elsewhere"
about = { nl = "Praten", en = "Talking" }
phone = "0800-0000"
source = "example.org"
checked = 2026-11-25
daily = ["00:00-24:00"]
"""


def read(folder: Path, text: str) -> hours.Plan:
    """A plan from a text."""
    (folder / hours.FILE).write_text(text)
    return hours.read(folder)


def test_a_whole_file(tmp_path: Path) -> None:
    """Days that are not named are daily; dates stand instead of weekdays; a line that is not named is always open."""
    plan = read(tmp_path, WHOLE)
    chat = plan.of("chat")
    assert str(chat.zone) == "Europe/Brussels"
    assert chat.of(date(2026, 11, 26)) == (Hours(600, 1320),)
    assert chat.of(date(2026, 11, 27)) == (Hours(600, 840), Hours(1200, 120))
    assert chat.of(date(2026, 11, 29)) == chat.of(date(2026, 12, 25)) == ()
    assert chat.of(date(2026, 12, 31)) == (Hours(600, 1020),)
    assert plan.of("another").of(date(2026, 12, 25)) == (Hours(0, DAY),)
    (place,) = plan.places
    assert (place.phone, place.about["nl"], place.checked) == ("0800-0000", "Praten", date(2026, 11, 25))


def test_without_a_file_it_is_always_open(tmp_path: Path) -> None:
    """And names one place, of which we know the source."""
    plan = hours.read(tmp_path)
    assert plan.of("chat").of(date(2026, 12, 25)) == (Hours(0, DAY),)
    assert [(place.phone, place.source) for place in plan.places] == [("113", "www.113.nl")]


WRONG = {
    "not TOML": "zone = ",
    "another word": 'hours = "always"',
    "no such zone": 'zone = "Europe/Nowhere"',
    "a zone that is a path": 'zone = "../../etc/passwd"',
    "a zone that is a number": "zone = 3",
    "lines is no table": "lines = 3",
    "a line is no table": "[lines]\nchat = 3",
    "a day in Dutch": '[lines.chat]\nmaandag = ["10:00-22:00"]',
    "a date that does not exist": "[lines.chat]\n2026-02-29 = []",
    "a text for a list": '[lines.chat]\ndaily = "10:00-22:00"',
    "a time that does not exist": '[lines.chat]\ndaily = ["10:00-25:00"]',
    "minutes that do not exist": '[lines.chat]\ndaily = ["10:60-12:00"]',
    "no time at all": '[lines.chat]\ndaily = ["10:00-10:00"]',
    "a begin at 24": '[lines.chat]\ndaily = ["24:00-02:00"]',
    "a number for hours": "[lines.chat]\ndaily = [10]",
    "places is no list": "places = 3",
    "a place is no table": "places = [3]",
    "a place without a source": WHOLE.replace('source = "example.org"\n', ""),
    "a place in one language": WHOLE.replace(', en = "Talking"', ""),
    "a place checked some day": WHOLE.replace("checked = 2026-11-25", 'checked = "lately"'),
    "a number that is none": WHOLE.replace("0800-0000", "javascript:alert(1)"),
    "a place without a name": WHOLE.replace('"Elsewhere"', '" "'),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_plain_line(tmp_path: Path, text: str) -> None:
    """It names the file, and the server does not start with it."""
    with pytest.raises(CannotStart, match=r"hours\.toml") as refusal:
        read(tmp_path, text)
    assert "\n" not in str(refusal.value)


def test_the_command_says_what_the_file_means(tmp_path: Path) -> None:
    """The next changes of each line, and where the numbers are from; a bad file is one plain line."""
    read(tmp_path, WHOLE)
    done = CliRunner().invoke(main, ["hours", "--dir", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output.count(" till ") == 6
    assert "Elsewhere, 0800-0000: from example.org, checked on 2026-11-25" in done.output
    read(tmp_path, "zone = 'UTC'\n")
    assert "every line, in UTC:" in CliRunner().invoke(main, ["hours", "--dir", str(tmp_path)]).output
    (tmp_path / hours.FILE).write_text("zone = 3")
    bad = CliRunner().invoke(main, ["hours", "--dir", str(tmp_path)])
    assert (bad.exit_code, bad.output.count("\n")) == (2, 1)


def test_too_many_places_are_none(tmp_path: Path) -> None:
    """A list that nobody reads on a phone."""
    place = WHOLE.partition("[[places]]")[2]
    with pytest.raises(CannotStart):
        read(tmp_path, f"[[places]]{place}" * 21)
