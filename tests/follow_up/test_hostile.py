"""What somebody with bad luck or bad intent puts in front of the command: one plain line, and nothing that bites."""

import datetime as dt
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from follow_up.test_command import folder, told
from luwte.follow_up.due import filled_in
from luwte.follow_up.model import Commitment
from luwte.follow_up.recesses import read_recesses

__all__ = ["folder"]


def entered(tmp_path: Path, toml: str) -> tuple[int, str, str]:
    (tmp_path / "rows.toml").write_text(toml)
    return told("--dir", str(tmp_path / "new"), "enter", str(tmp_path / "rows.toml"))


def is_one_plain_line(answer: tuple[int, str, str], says: str) -> None:
    code, out, err = answer
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert says in err


def test_a_database_in_use_damaged_or_no_file_is_named(folder: str, tmp_path: Path) -> None:
    path = Path(folder) / "follow-up.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    is_one_plain_line(told("--dir", folder, "review", "--confirm", "link/x"), "Another program writes to")
    other.execute("UPDATE row SET json = '{}' WHERE kind = 'commitment'")
    other.execute("COMMIT")
    other.close()
    is_one_plain_line(told("--dir", folder, "due"), "follow-up.db holds a row that cannot be read")
    path.write_bytes(b"no database" * 1000)
    is_one_plain_line(told("--dir", folder, "due"), "follow-up.db cannot be read")
    (tmp_path / "new" / "follow-up.db").mkdir(parents=True)
    is_one_plain_line(entered(tmp_path, ""), "follow-up.db cannot be read")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for file in (str(pipe), "/dev/zero"):
        is_one_plain_line(told("--dir", str(tmp_path / "x"), "enter", file), "is no file")
        is_one_plain_line(told("read", file, "--on", "2021-10-04"), "is no file")


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("text = [3]", "needs a document"),
        ("report = [3]", "two brackets"),
        ('[[commitment]]\nid = "commitment/"\norigin = "letter"\nquote = "x"', "its id needs a name"),
        ('[[commitment]]\nid = "commitment/\\u001b[2J"\norigin = "letter"\nquote = "x"', "its id needs a name"),
        ('[[commitment]]\nid = "commitment/a\\nb"\norigin = "letter"\nquote = "x"', "its id needs a name"),
    ],
)
def test_rows_that_are_none_are_refused(toml: str, says: str, tmp_path: Path) -> None:
    is_one_plain_line(entered(tmp_path, toml), says)


ENDS = """
[[commitment]]
id = "commitment/last"
origin = "letter"
quote = "\\u001b[31mred\\u0007\\u202e\\u009b"
made_by = "\\u001b]0;title\\u0007"
due_to = 9999-12-31
[[commitment]]
id = "commitment/first"
origin = "letter"
quote = "first"
due_to = 0001-01-01
"""


def test_the_ends_of_the_calendar_and_what_a_terminal_obeys(tmp_path: Path) -> None:
    assert entered(tmp_path, ENDS)[0] == 0
    ics = tmp_path / "x.ics"
    for arguments in (
        ["due"],
        ["check"],
        ["remind", "--ics", str(ics)],
        ["remind", "--on", "0001-01-01"],
        ["remind", "--on", "9999-12-31", "--since", "9990-01-01"],
        ["remind", "--letter", "commitment/last"],
    ):
        code, out, err = told("--dir", str(tmp_path / "new"), *arguments)
        assert (code, err) == (0, ""), arguments
        assert all(one.isprintable() or one == "\n" for one in out), arguments
    assert "red" in out
    assert "DTSTART;VALUE=DATE:00010101" in ics.read_text()
    assert ics.read_text().count("DTEND") == 1


def test_the_words_of_the_register_are_read_for_a_day() -> None:
    fill = filled_in(read_recesses())
    row = Commitment(id="commitment/x", origin="debate", quote="De Kamer ontvangt begin november een brief.")
    assert fill(row) == row
    read = fill(Commitment(id=row.id, origin="debate", quote=row.quote, made_on=dt.date(2021, 10, 4)))
    assert (read.due_from, read.due_to) == (dt.date(2021, 11, 1), dt.date(2021, 11, 10))
    assert read.due_rule == "part_of_month"


def test_other_commands_do_not_load_what_only_these_need() -> None:
    look = "import sys, luwte.follow_up.command; print(*(n for n in sys.modules if n.startswith('luwte.follow_up.')))"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    heavy = {f"luwte.follow_up.{name}" for name in ("site", "letter", "due", "tk", "transport", "importing")}
    assert not heavy & set(loaded)


def test_a_draft_asks_no_day_of_what_was_kept_and_fits_a_debate(folder: str) -> None:
    kept = told("--dir", folder, "remind", "--letter", "commitment/begin-november-2021")[1]
    assert "17 november 2021 is gebeurd" in kept
    assert "die dag haalt" not in kept
    assert (
        "U deed op 27 mei 2021 deze toezegging"
        in told("--dir", folder, "remind", "--letter", "commitment/volgend-kabinet")[1]
    )
