"""`luwte estimate`: what it prints and writes, and what it refuses."""

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, get_args

import pytest

from luwte import cli_estimate
from luwte.cli import main
from luwte.estimate import Method
from luwte.estimate.methods import METHODS, Effort

DATA = Path(__file__).parents[2] / "src/luwte/estimate/data"
UK = DATA / "uk_2013_5lists.csv"
KOSOVO = DATA / "kosovo_1999_4lists.csv"
LUWTE = str(Path(sys.executable).with_name("luwte"))
CHAT = ("--registered", "500", "--said", "40", "--asked", "200")
QUICK = ("--method", "main_effects", "--method", "stepwise", "--bootstrap", "0")


def told(*arguments: object) -> tuple[int, str, str]:
    """Run the command to its end; its code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["estimate", *map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def said(*arguments: object) -> dict[str, Any]:
    code, out, err = told(*arguments, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    return dict(json.loads(out))


def refused(*arguments: object) -> str:
    """The one line on stderr, of a code of 2."""
    code, out, err = told(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_names_of_the_methods_are_said_the_same_everywhere() -> None:
    assert get_args(Method) == cli_estimate.METHODS
    assert list(METHODS) == [name for name in cli_estimate.METHODS if name in METHODS]


def test_one_object_of_json_with_the_published_figures() -> None:
    found = said(UK, *QUICK)
    assert (found["observed"], found["lists"]) == (2744, ["LA", "NG", "PFNCA", "GO", "GP"])
    main_effects, stepwise = found["methods"]
    assert set(stepwise) >= {
        "method", "estimate", "lower", "upper", "level", "interval", "model", "criterion", "verdict", "reasons"
    }  # fmt: skip
    assert main_effects["estimate"] == pytest.approx(13444.131209, abs=1e-6)
    assert stepwise["estimate"] == pytest.approx(11312.990289, abs=1e-6)
    assert stepwise["model"] == ["LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"]
    assert (stepwise["interval"], stepwise["level"], stepwise["verdict"]) == ("wald", 0.95, "ok")
    assert any("12,262" in reason for reason in stepwise["reasons"])


def test_what_is_printed_for_people_says_the_same_once() -> None:
    code, out, err = told(UK, *QUICK)
    assert (code, err) == (0, "")
    assert "2,744 people are on 5 lists: LA, NG, PFNCA, GO, GP." in out
    assert "11,313" in out
    assert out.count("models fit equally well") == 1


def test_the_multiplier_runs_when_it_has_what_it_needs() -> None:
    methods = said(KOSOVO, "--method", "multiplier", *CHAT)["methods"]
    assert [(one["method"], one["estimate"], one["interval"]) for one in methods] == [
        ("multiplier", 2500, "beta_binomial")
    ]
    assert "--registered" in refused(KOSOVO, "--method", "multiplier")
    assert "together" in refused(KOSOVO, *CHAT[:4])
    assert refused(KOSOVO, "--registered", "5", "--said", "9", "--asked", "3") == (
        "luwte: More people said yes than were asked.\n"
    )


def test_a_group_is_estimated_by_itself_and_all_are_added(tmp_path: Path) -> None:
    """Two groups with the same table have twice its people."""
    head, *rows = KOSOVO.read_text().splitlines()
    both = "\n".join([f"{head},sex", *(f"{row},{sex}" for row in rows for sex in "fm")])
    file = written(tmp_path / "lists.csv", both)
    alone = said(KOSOVO, *QUICK)
    found = said(file, *QUICK, "--by", "sex")
    assert found["observed"] == 2 * alone["observed"]
    for one, table in zip(found["strata"], alone["methods"], strict=True):
        assert one["covariates"] == ["sex"]
        assert [group["stratum"] for group in one["strata"]] == [["f"], ["m"]]
        assert {group["estimate"] for group in one["strata"]} == {table["estimate"]}
        assert one["total"]["estimate"] == pytest.approx(2 * table["estimate"])
        assert one["total"]["lower"] < one["total"]["estimate"] < one["total"]["upper"]
    out = told(file, *QUICK, "--by", "sex")[1]
    assert "stepwise by sex, people on the lists and in all:" in out
    assert found["people"] == [{"stratum": [sex], "observed": alone["observed"]} for sex in "fm"]
    assert "together" in out
    assert "column age" in refused(file, "--by", "age")


def test_a_multiplier_below_what_the_lists_hold_is_remarked() -> None:
    assert any(
        "not about the same people" in one for one in said(KOSOVO, *QUICK, "--method", "multiplier", *CHAT)["warnings"]
    )


def test_the_same_seed_and_any_number_of_jobs_say_the_same() -> None:
    arguments = (KOSOVO, "--method", "stepwise", "--bootstrap", "300")
    once = said(*arguments)
    assert once["methods"][0]["interval"] == "bca"
    drawn = (*arguments[:3], "--bootstrap", "0", "--coverage", "4")
    assert said(*drawn, "--jobs", "2") == said(*drawn)
    assert said(*arguments, "--seed", "2")["methods"] != once["methods"]


NO_ESTIMATE = {
    "one list": ("A\n1\n1\n1\n", "one list"),
    "nobody": ("A,B,count\n1,0,0\n0,1,0\n", "Nobody"),
    "an empty list": ("A,B,C,count\n1,0,0,90\n0,1,0,80\n1,1,0,40\n", "Nobody is in the list C"),
    "no overlap": ("A,B,count\n1,0,50\n0,1,70\n", "two lists"),
    "a list twice": ("A,B,C,count\n1,1,0,90\n0,0,1,80\n1,1,1,40\n", "the same people"),
}


@pytest.mark.parametrize("name", NO_ESTIMATE)
def test_no_estimate_is_a_result_with_its_reason(name: str, tmp_path: Path) -> None:
    text, why = NO_ESTIMATE[name]
    file = written(tmp_path / "lists.csv", text)
    found = said(file, "--bootstrap", "20")
    assert found["methods"]
    for one in found["methods"]:
        assert (one["estimate"], one["lower"], one["upper"], one["verdict"]) == (None, None, None, "no_estimate")
        assert any(why in reason for reason in one["reasons"])
    page, plot = tmp_path / "page.html", tmp_path / "curve.svg"
    code, out, _ = told(file, "--bootstrap", "20", "--page", page, "--plot", plot)
    assert code == 0
    assert why in out
    assert "No estimate. The reasons are above." in page.read_text()
    assert "There is no curve" in plot.read_text()


def test_a_list_that_copies_another_is_a_warning_in_plain_words(tmp_path: Path) -> None:
    head, *rows = UK.read_text().splitlines()
    doubled = "\n".join([f"LA2,{head}", *(f"{row[0]},{row}" for row in rows)])
    warnings = said(written(tmp_path / "lists.csv", doubled), *QUICK)["warnings"]
    assert "The lists LA2 and LA hold the same people; leave one out." in warnings


def test_strange_words_in_names_stay_words(tmp_path: Path) -> None:
    """Names of lists come from a file that somebody else made."""
    text = KOSOVO.read_text().replace("EXH,", '"<script>alert(1)</script>",', 1).replace("ABA,", '"</svg>&""",', 1)
    file = written(tmp_path / "lists.csv", text)
    page, plot = tmp_path / "page.html", tmp_path / "curve.svg"
    assert told(file, *QUICK, "--page", page, "--plot", plot)[0] == 0
    assert "<script" not in page.read_text()
    assert plot.read_text().count("</svg>") == 1


def test_columns_that_are_left_out_are_named(tmp_path: Path) -> None:
    rows = KOSOVO.read_text().splitlines()
    file = written(tmp_path / "lists.csv", "\n".join([f"{rows[0]},area", *(f"{row},north" for row in rows[1:])]))
    assert "Left out: area. These columns are no lists." in said(file, *QUICK)["notes"]
    assert "Left out: area." in told(file, *QUICK)[1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A,B,count\n0,0,7531\n", "lists.csv, row 2: "),
        ("A,B,count\n1,0,-7531\n", "lists.csv, row 2, column count: "),
        ("A,B,count\n1,0,1\n7531,1,2\n", "lists.csv, row 3, column A: "),
        ("year\n7531\n", "lists.csv: "),
        ("", "lists.csv, row 1: "),
    ],
)
def test_bad_input_is_one_line_with_its_place_and_without_its_value(text: str, place: str, tmp_path: Path) -> None:
    line = refused(written(tmp_path / "lists.csv", text))
    assert line.startswith(f"luwte: {place}")
    assert "7531" not in line


def test_a_file_that_is_missing_and_places_that_cannot_be_written(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.csv")
    assert "no folder" in refused(UK, "--page", tmp_path / "none" / "page.html")
    assert "FILE.svg or FILE.png" in refused(UK, "--plot", tmp_path / "curve.pdf")


def test_what_is_needed_is_not_written_over(tmp_path: Path) -> None:
    """A file is put in its place whole, so a device would be gone, and so would the data."""
    data = written(tmp_path / "lists.csv", KOSOVO.read_text())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "device" in refused(data, *QUICK, "--page", pipe)
    assert pipe.is_fifo()
    (tmp_path / "link.html").symlink_to(data)
    for place in (data, tmp_path / "." / "lists.csv", tmp_path / "link.html"):
        assert "needed" in refused(data, *QUICK, "--page", place)
    assert "needed" in refused(data, *QUICK, "--page", tmp_path / "one.svg", "--plot", tmp_path / "one.svg")
    assert data.read_text() == KOSOVO.read_text()
    unfinished = data.rename(tmp_path / "page.html.new")
    assert "needed" in refused(unfinished, *QUICK, "--page", tmp_path / "page.html")
    assert unfinished.read_text() == KOSOVO.read_text()


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_estimate.os, "access", lambda path, mode: mode != os.W_OK)
    assert "cannot be written" in refused(KOSOVO, *QUICK, "--page", tmp_path / "page.html")


def test_a_full_disk_takes_no_figures_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_estimate, "write_whole", full)
    code, out, err = told(KOSOVO, *QUICK, "--page", tmp_path / "page.html")
    assert (code, err.count("\n")) == (2, 1)
    assert "14,342" in out


def test_a_closed_pipe_takes_no_page_away(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    reader, writer = os.pipe()
    os.close(reader)
    command = [LUWTE, "estimate", KOSOVO, *QUICK, "--page", page]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert b"Traceback" not in run.stderr
    assert "14,342" in page.read_text()


def test_a_process_without_stderr_can_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert not cli_estimate._watched()
    run = subprocess.run(["/bin/sh", "-c", '"$0" "$@" 2>&-', LUWTE, "estimate", KOSOVO, *QUICK], check=False)
    assert run.returncode == 0


def test_a_level_is_said_as_it_was_asked() -> None:
    assert "99.9% wald" in told(KOSOVO, *QUICK, "--level", "0.999")[1]


@pytest.mark.parametrize("wrong", [("--level", "nan"), ("--bootstrap", "1"), ("--registered", "1" + "0" * 13)])
def test_a_way_to_run_that_is_none_is_refused_and_is_no_result(wrong: tuple[str, str]) -> None:
    refused(KOSOVO, *QUICK[:4], *wrong)


def test_a_column_about_people_is_not_silently_a_list(tmp_path: Path) -> None:
    """It can be told: nobody is in it alone."""
    head, *rows = KOSOVO.read_text().splitlines()
    text = "\n".join([f"minor,{head}", *(f"{bit},{row}" for row in rows for bit in "01")])
    file = written(tmp_path / "lists.csv", text)
    told_so = " ".join(said(file, *QUICK)["notes"])
    assert "Taken as lists, because they hold 0 and 1 alone: minor, EXH" in told_so
    assert "use --by minor" in told_so
    assert "minor" not in " ".join(said(file, *QUICK, "--by", "minor")["notes"])
    assert said(file, *QUICK, "--lists", "EXH,ABA,OSCE,HRW", "--by", "minor")["notes"] == []


def test_without_a_count_it_is_said_that_each_row_is_one_person(tmp_path: Path) -> None:
    file = written(tmp_path / "lists.csv", "A,B\n" + "1,0\n" * 40 + "0,1\n" * 30 + "1,1\n" * 20)
    assert 'No column is named "count", so each row is one person.' in said(file, *QUICK)["notes"]
    assert 'No column is named "count"' not in " ".join(said(KOSOVO, *QUICK)["notes"])


def test_counts_under_another_name_are_refused(tmp_path: Path) -> None:
    """As people, the fifteen rows of Kosovo come to 16 people by every method."""
    file = written(tmp_path / "lists.csv", KOSOVO.read_text().replace("count", "aantal"))
    assert "column aantal: No two rows are alike" in refused(file, *QUICK)


def test_intervals_are_tried_on_tables_drawn_from_this_one() -> None:
    arguments = (KOSOVO, *QUICK, "--coverage", "30")
    found = said(*arguments)["coverage"]
    assert [(one["truth"], one["method"]) for one in found] == [
        (truth, method) for truth in ("main_effects", "stepwise") for method in ("main_effects", "stepwise")
    ]
    right, _, wrong, _ = found
    assert (right["people"], right["model"], right["replicates"]) == (7395, [], 30)
    assert right["held"] >= 24
    assert wrong["held"] == 0
    assert f"main_effects  {right['held']} of 30" in told(*arguments)[1]
    assert said(KOSOVO, *QUICK)["coverage"] == []


def test_what_takes_long_is_said_before() -> None:
    effort = Effort(bootstrap=1000)
    assert cli_estimate._slow(5, (), effort) is None
    assert cli_estimate._slow(6, ("stepwise",), effort) is None
    assert cli_estimate._slow(6, (), Effort(bootstrap=0)) is None
    assert "--bootstrap 0" in (cli_estimate._slow(6, (), effort) or "")
    assert "--coverage" in (cli_estimate._slow(4, (), Effort(coverage=200)) or "")
    assert "curve" in (cli_estimate._slow(10, ("main_effects",), Effort(bootstrap=0)) or "")


def test_the_drawing_is_a_picture_too(tmp_path: Path) -> None:
    for name in ("curve.svg", "curve.png"):
        assert told(KOSOVO, *QUICK, "--plot", tmp_path / name)[0] == 0
    assert (tmp_path / "curve.svg").read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    png = (tmp_path / "curve.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) > 1400


def test_without_numpy_one_plain_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server needs none of it, so --help works."""
    monkeypatch.setattr(cli_estimate.importlib.util, "find_spec", lambda name: None)
    assert refused(UK) == "luwte: This command needs NumPy and SciPy. Run: pip install 'luwte[estimate]'\n"
    code, out, _ = told("--help")
    assert code == 0
    assert "Example: luwte estimate" in out


def test_the_command_line_is_there_without_numpy() -> None:
    line = "import sys; sys.modules['numpy'] = None; import luwte.cli, luwte.cli_estimate"
    assert subprocess.run([sys.executable, "-c", line], check=False).returncode == 0


def test_on_a_terminal_a_bar_says_how_far_it_is() -> None:
    ours, theirs = pty.openpty()
    command = [LUWTE, "estimate", KOSOVO, "--method", "main_effects", "--bootstrap", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # so a terminal ends
            while piece := os.read(ours, 4096):
                shown += piece
        assert b"main_effects" in run.stdout.read()
    os.close(ours)
    assert b"Estimating" in shown
    assert b"Independent lists" in shown
    assert b"checks" in shown
    assert b"100%" in shown


def test_whoever_is_stopped_leaves_no_process_behind() -> None:
    command = [LUWTE, "estimate", UK, "--method", "bic", "--bootstrap", "100000", "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        end = time.monotonic() + 60
        while len(started := children.read_text().split()) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(started) >= 3
        run.terminate()
        assert run.wait(20) == 128 + signal.SIGTERM
    while any(Path(f"/proc/{one}").exists() for one in started) and time.monotonic() < end:
        time.sleep(0.1)
    assert [one for one in started if Path(f"/proc/{one}").exists()] == []


def test_whoever_is_stopped_leaves_the_cursor_in_sight() -> None:
    ours, theirs = pty.openpty()
    command = [LUWTE, "estimate", UK, "--method", "bic", "--bootstrap", "100000"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        while b"\x1b[?25l" not in shown:
            shown += os.read(ours, 4096)
        run.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # so a terminal ends
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert run.returncode == 128 + signal.SIGINT
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")


def test_the_same_input_gives_the_same_bytes_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another directory, process, hash seed, zone and locale; and nothing in a pipe but what was asked."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.csv").write_bytes(KOSOVO.read_bytes())
    options = ["--bootstrap", "50", *CHAT, *QUICK[:4], "--page", "page.html", "--plot", "curve.svg", "--json"]
    monkeypatch.chdir(tmp_path / "one")
    here = told("one.csv", *options)[1].encode()
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    run = subprocess.run(
        [LUWTE, "estimate", "two.csv", *options],
        cwd=tmp_path / "two",
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert run.stderr == b""
    assert run.stdout == here
    for file in ("page.html", "curve.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
