"""Bad networks in real Chromium: no WebSockets, no network for ten minutes, a server that is killed, two tabs."""

import signal
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from figures import Tell
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context, start_demo
from journeys.tunnel import Tunnel

Way = Literal["pass", "refuse"]
WAYS = pytest.mark.parametrize("websockets", ["pass", "refuse"], ids=["WebSocket", "long-polling"])


def in_order(log: Locator, *said: str) -> None:
    """Each of these is in the log exactly once, one after the other."""
    expect(log).to_contain_text(said[-1])
    whole = log.inner_text()
    places = []
    for text in said:
        assert whole.count(text) == 1, (text, whole)
        places.append(whole.index(text))
    assert places == sorted(places), whole


def until(page: Page, true: Any, what: str) -> None:
    """Give the page time until something outside it is so."""
    for _ in range(1_200):
        if true():
            return
        page.wait_for_timeout(50)
    raise TimeoutError(what)


def test_where_websockets_are_blocked_both_sides_talk_and_go_back_by_themselves(tmp_path: Path) -> None:
    """A school's proxy refuses every WebSocket: the same chat by long-polling. Once it lets one through, by that."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser, Tunnel(demo.visitor) as network:
        network.websockets = "refuse"
        visitor = VisitorPage(context(browser).new_page(), network.address)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), f"{network.address}desk")
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("from a school")
        noor.takes("from a school")
        noor.says("I can read you")
        visitor.says("and I you")
        log = noor.conversations.get_by_role("log")
        in_order(log, "from a school", "I can read you", "and I you")
        in_order(visitor.log, "from a school", "I can read you", "and I you")
        assert network.open_websockets == 0
        assert network.polls > 0
        network.websockets = "pass"
        until(noor.page, lambda: network.open_websockets == 2, "two WebSockets")
        visitor.says("the proxy is gone")
        noor.says("I noticed nothing")
        said = ("from a school", "I can read you", "and I you", "the proxy is gone", "I noticed nothing")
        in_order(log, *said)
        in_order(visitor.log, *said)
        for turn in range(100):  # one of the two WebSockets may have been a look ahead of the other side's own
            before = network.polls
            visitor.says(f"visitor {turn}")
            noor.says(f"desk {turn}")
            in_order(visitor.log, f"visitor {turn}", f"desk {turn}")
            if network.polls == before:
                break
        assert network.polls == before


def test_a_proxy_that_swallows_websockets_is_found_out(tmp_path: Path) -> None:
    """It says yes to a WebSocket and lets nothing through: a visitor chats by long-polling, and stays there."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser, Tunnel(demo.visitor) as network:
        network.websockets = "swallow"
        visitor = VisitorPage(context(browser).new_page(), network.address)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("hello through the wall")
        noor.takes("hello through the wall")
        noor.says("I can read you")
        in_order(visitor.log, "hello through the wall", "I can read you")


@WAYS
def test_ten_minutes_without_network(tmp_path: Path, websockets: Way) -> None:
    """What is written waits and says so; what comes waits at the server; then all of it, once and in order."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser, Tunnel(demo.visitor) as network:
        network.websockets = websockets
        person = context(browser)
        page = person.new_page()
        page.clock.install()
        visitor = VisitorPage(page, network.address)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("before the tunnel")
        noor.takes("before the tunnel")
        noor.says("I am here")
        expect(visitor.log).to_contain_text("I am here")

        person.set_offline(True)
        network.cut()
        noor.says("are you still there?")
        for minute in range(10):
            if minute in (0, 4, 9):
                visitor.says(f"written in minute {minute}")
            page.clock.fast_forward("01:00")
        expect(visitor.log.get_by_text("Not sent yet, will retry").last).to_be_visible()
        expect(page.get_by_text("If you close now, what was not sent is gone.").first).to_be_visible()
        assert "are you still there?" not in visitor.log.inner_text()

        network.heal()
        person.set_offline(False)
        theirs = [f"written in minute {minute}" for minute in (0, 4, 9)]
        in_order(visitor.log, "before the tunnel", "I am here", "are you still there?")
        in_order(noor.conversations.get_by_role("log"), "before the tunnel", "I am here", *theirs)
        in_order(visitor.log, "before the tunnel", *theirs)
        expect(visitor.log.get_by_text("Not sent yet, will retry")).to_have_count(0)
        expect(page.get_by_text("Connected again").first).to_be_attached()
        visitor.says("I am back")
        in_order(noor.conversations.get_by_role("log"), *theirs, "I am back")


@WAYS
def test_a_network_that_changes_under_an_open_page(tmp_path: Path, websockets: Way) -> None:
    """From wifi to mobile: the old connection looks open and is dead. What is written still arrives, once."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser, Tunnel(demo.visitor) as network:
        network.websockets = websockets
        page = context(browser).new_page()
        page.clock.install()
        visitor = VisitorPage(page, network.address)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("on the wifi")
        noor.takes("on the wifi")
        expect(page.get_by_text("A counsellor is here for you")).to_be_visible()
        network.change()
        visitor.says("at the door")
        noor.says("can you hear me?")
        page.wait_for_timeout(500)
        log = noor.conversations.get_by_role("log")
        assert "at the door" not in log.inner_text()
        for _ in range(9):
            page.clock.fast_forward("00:05")
        in_order(log, "on the wifi", "at the door")
        in_order(visitor.log, "on the wifi", "can you hear me?")


@WAYS
def test_the_server_is_killed_and_comes_back(tmp_path: Path, websockets: Way, tell: Tell) -> None:
    """kill -9 in the middle of a chat: what was acknowledged is there, what was not is said again; once, in order."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser, Tunnel(demo.visitor) as network:
        network.websockets = websockets
        visitor = VisitorPage(context(browser).new_page(), network.address)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), f"{network.address}desk")
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("before")
        noor.takes("before")
        noor.says("I am here")
        expect(visitor.log).to_contain_text("I am here")
        said = ["before", "I am here"]
        figures = []
        for turn in range(2):
            demo.process.send_signal(signal.SIGKILL)
            demo.process.wait()
            visitor.says(f"visitor {turn}")
            noor.says(f"desk {turn}")
            port = int(demo.visitor.rstrip("/").rpartition(":")[2])
            began = time.monotonic()
            demo.process = start_demo(demo.data_dir, port=port).process
            answers = time.monotonic()
            expect(visitor.log).to_contain_text(f"desk {turn}")
            expect(noor.conversations.get_by_role("log")).to_contain_text(f"visitor {turn}")
            expect(visitor.log.get_by_text("Not sent yet, will retry")).to_have_count(0)
            figures.append((answers - began, time.monotonic() - answers))
            said += [f"visitor {turn}", f"desk {turn}"]
        for log in (visitor.log, noor.conversations.get_by_role("log")):
            in_order(log, *(text for text in said if not text.startswith("desk")))
            in_order(log, *(text for text in said if not text.startswith("visitor")))
        for start, resumed in figures:
            tell(f"{websockets}: the server answers after {start:.1f} s, both sides have all {resumed:.1f} s later")


def test_two_tabs_of_one_desk(tmp_path: Path) -> None:
    """What is sent in one shows in the other, once; both write; when one signs out the other goes on."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = context(browser, size=LAPTOP)
        tabs = [DeskPage(desk.new_page(), demo.desk) for _ in range(2)]
        for tab in tabs:
            tab.signs_in(account(demo, "counsellor"))
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("two screens")
        tabs[0].takes("two screens")
        logs = [tab.conversations.get_by_role("log") for tab in tabs]
        expect(logs[1]).to_contain_text("two screens")
        said = ["two screens"]
        for turn in range(4):
            tabs[turn % 2].says(f"from tab {turn % 2}, number {turn}")
            said.append(f"from tab {turn % 2}, number {turn}")
            for log in (*logs, visitor.log):
                in_order(log, *said)
        tabs[0].signs_out()
        tabs[1].says("still here")
        in_order(visitor.log, *said, "still here")
        assert tabs[0].errors == tabs[1].errors == []
