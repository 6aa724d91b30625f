"""The command from an empty folder to a site: what it prints, where it stops, what it refuses."""

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest

from luwte.cli import main

LETTER = "commitment/begin-november-2021"


def told(*arguments: str, answers: str = "", monkeypatch: pytest.MonkeyPatch | None = None) -> tuple[int, str, str]:
    """Run the command to its end; its code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    if monkeypatch is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["follow-up", *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A chain of the letter."""
    code, source, _ = told("demo", "--source")
    assert code == 0
    (tmp_path / "letter_2021.toml").write_text(source)
    (tmp_path / "letter_nl.txt").write_bytes(
        (Path(__file__).parents[2] / "src/luwte/follow_up/data/letter_nl.txt").read_bytes()
    )
    code, out, err = told("--dir", str(tmp_path / "chain"), "enter", str(tmp_path / "letter_2021.toml"))
    assert (code, err) == (0, "")
    assert "new or changed" in out
    return str(tmp_path / "chain")


def test_the_demonstration_is_a_site_that_says_seven_days_late(tmp_path: Path) -> None:
    code, out, err = told("demo", "--out", str(tmp_path / "site"), "--on", "2026-11-26")
    assert (code, err) == (0, "")
    assert "0 wrong" in out
    pages = "".join(page.read_text() for page in (tmp_path / "site").rglob("*.html"))
    assert "28638-205" in pages
    assert "zeven dagen te laat" in pages.lower() or "7 dagen te laat" in pages.lower()
    assert "seven days late" in pages.lower() or "7 days late" in pages.lower()
    code, _, err = told("demo", "--out", str(tmp_path / "site"))
    assert code == 2
    assert len(err.splitlines()) == 1


def test_what_is_due_and_what_is_late(folder: str) -> None:
    code, out, _ = told("--dir", folder, "due", "--on", "2021-11-12")
    assert code == 0
    assert f"2021-11-10  overdue 2 days  {LETTER}" in out
    code, out, _ = told("--dir", folder, "due", "--json")
    by_id = {one["commitment"]["id"]: one["standing"] for one in json.loads(out)}
    assert (by_id[LETTER]["state"], by_id[LETTER]["days"]) == ("late", 7)


def test_reminders_as_text_calendar_and_letter(folder: str, tmp_path: Path) -> None:
    code, out, _ = told("--dir", folder, "remind", "--on", "2021-11-11")
    assert code == 0
    assert LETTER in out
    assert "nothing" in told("--dir", folder, "remind", "--on", "2021-11-12")[1]
    ics, text = tmp_path / "due.ics", tmp_path / "due.txt"
    arguments = ("--on", "2021-11-12", "--since", "2021-10-01", "--ics", str(ics), "--out", str(text))
    assert told("--dir", folder, "remind", *arguments) == (0, "", "")
    assert "BEGIN:VEVENT" in ics.read_text()
    assert text.read_text().count(LETTER) == 3
    assert "Geachte" in told("--dir", folder, "remind", "--letter", LETTER)[1]
    assert told("--dir", folder, "remind", "--letter", "commitment/none")[0] == 2


def test_check_ends_with_one_when_something_is_wrong(folder: str, tmp_path: Path) -> None:
    assert told("--dir", folder, "check")[0] == 0
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        "[[assessment]]\ntarget = 'recommendation/ckm-2021-9'\nat = 2026-12-01\nstatus = 'done'\nreason = 'x'\n"
    )
    assert told("--dir", folder, "enter", str(wrong))[0] == 0
    code, out, _ = told("--dir", folder, "check", "--json")
    assert code == 1
    assert {one["code"] for one in json.loads(out) if one["wrong"]} == {"no_evidence", "dead_reference"}


def test_a_person_says_yes_no_and_enough(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = json.loads(told("--dir", folder, "review", "--json")[1])
    assert len(waiting) > 4
    listed = told("--dir", folder, "review", "--list")[1]
    assert all(link["id"] in listed for link in waiting)
    code, out, _ = told("--dir", folder, "review", "--by", "Noor", answers="y\nn\ns\nq\n", monkeypatch=monkeypatch)
    assert code == 0
    assert f"1 of {len(waiting)}" in out
    left = json.loads(told("--dir", folder, "review", "--json")[1])
    assert len(left) == len(waiting) - 2
    assert told("--dir", folder, "review", "--confirm", left[0]["id"], "--by", "Noor")[1] == "1 decided.\n"
    assert told("--dir", folder, "review", "--reject", "link/none")[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["due"],
        ["check"],
        ["review"],
        ["remind"],
        ["site", "--out", "new"],
        ["import", "tk"],
        ["import", "tk", "--dossier", "x"],
        ["import", "tk", "--dossier", "28638", "--record", "a", "--replay", "b"],
        ["import", "tk", "--dossier", "28638", "--replay", "absent"],
        ["enter", "absent.toml"],
        ["read", "absent.txt", "--on", "2021-10-04"],
        ["demo"],
        ["due", "--on", "yesterday"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = told(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("luwte: ")
    assert len(err.splitlines()) == 1


def test_a_letter_is_read() -> None:
    letter = Path(__file__).parents[2] / "src/luwte/follow_up/data/letter_nl.txt"
    code, out, _ = told("read", str(letter), "--on", "2021-10-04")
    assert code == 0
    read = json.loads(out)
    assert len(read["recommendations"]) == 3
    assert "2021-11-10" in out
