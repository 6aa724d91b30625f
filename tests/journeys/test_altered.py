"""A server that alters what it answers, before two real pages: each time something is refused, or a warning is seen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from journeys.stage import LAPTOP, Demo, DeskPage, VisitorPage, a_demo, account, chromium, context

Frame = dict[str, Any]
Alter = Callable[[Frame], list[Frame]]
LONGEST_WITHOUT_CONTENT = 200
"""Bytes of a frame that cannot hold a message; the smallest envelope is longer."""


class Between:
    """Whoever sits between a page and its server: every frame passes, altered or not."""

    def __init__(self, page: Page) -> None:
        self.alter: Alter = lambda frame: [frame]
        self.said: list[bytes] = []
        self.heard: list[Frame] = []
        self._page: WebSocketRoute | None = None
        page.route_web_socket(re.compile(r"/socket"), self._serve)

    def tell(self, raw: bytes) -> None:
        """Say something to the page that the server never said."""
        assert self._page is not None
        self._page.send(raw)

    @property
    def own(self) -> bytes:
        """The envelope that the page sent last."""
        frames = map(msgspec.msgpack.decode, self.said)
        return [frame["envelope"] for frame in frames if frame["t"] == "append"][-1]

    def _serve(self, page: WebSocketRoute) -> None:
        self._page, server = page, page.connect_to_server()

        def up(raw: str | bytes) -> None:
            assert isinstance(raw, bytes)
            self.said.append(raw)
            server.send(raw)

        def down(raw: str | bytes) -> None:
            assert isinstance(raw, bytes)
            self.heard.append(msgspec.msgpack.decode(raw))
            for frame in self.alter(self.heard[-1]):
                page.send(msgspec.msgpack.encode(frame))

        page.on_message(up)
        server.on_message(down)


def swapped(frame: Frame) -> list[Frame]:
    """M-1: certificates that nobody vouches for."""
    if "certificates" not in frame:
        return [frame]
    return [{**frame, "certificates": [one[:-1] + bytes([one[-1] ^ 1]) for one in frame["certificates"]]}]


def without_the_second(frame: Frame) -> list[Frame]:
    """M-6: one envelope fewer, and no gap in the numbers."""
    if frame["t"] != "envelope" or frame["n"] < 2:
        return [frame]
    return [] if frame["n"] == 2 else [{**frame, "n": frame["n"] - 1}]


def test_a_server_that_alters_its_answers_is_found_out(tmp_path: Path) -> None:
    """M-1, M-6, M-7, M-14, M-16, M-20: no word goes to a swapped key, nobody's words are put in another's mouth, what
    was dropped is missed, garbage changes nothing, and what was erased stays away.
    """
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor = account(demo, "counsellor")
        # M-1, to a visitor: the page says why it sends nothing, and has sent nothing.
        visitor, between = _visitor(browser, demo)
        between.alter = swapped
        visitor.page.get_by_role("button", name="Start chat").click()
        expect(
            visitor.page.get_by_role("heading", name="We cannot check now whether this site is real.")
        ).to_be_visible()
        assert max(map(len, between.said), default=0) < LONGEST_WITHOUT_CONTENT

        # M-1, to a counsellor, who is told whom to tell.
        page = context(browser, size=LAPTOP).new_page()
        Between(page).alter = swapped
        page.goto(demo.desk)
        page.get_by_label("Name").fill(noor["name"])
        page.get_by_label("Passphrase").fill(noor["passphrase"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("main").get_by_text("We cannot check whether this server is real.")).to_be_visible()

        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        beside = Between(desk.page)
        desk.signs_in(noor)

        # M-14: garbage, giants and frames of no kind pass by, and the talk goes on.
        visitor, between = _visitor(browser, demo)
        visitor.starts()
        visitor.says("canary of the first visitor")
        desk.takes("canary of the first visitor")
        for raw in (b"", b"\xff" * 100, b"\xc1" * 1_000_000, msgspec.msgpack.encode({"t": "ack", "n": -1})):
            between.tell(raw)
            beside.tell(raw)
        desk.says("still here")
        expect(visitor.log).to_contain_text("still here")
        visitor.says("so am I")
        expect(desk.conversations.get_by_role("log")).to_contain_text("so am I")

        # M-7: what the visitor wrote comes back as the counsellor's, and the other way round.
        between.alter = lambda frame: [{**frame, "envelope": between.own} if frame["t"] == "envelope" else frame]
        desk.says("words that are kept from the visitor")
        expect(visitor.page.get_by_text("This message could not be verified.").first).to_be_visible()
        expect(visitor.log.get_by_text("so am I")).to_have_count(1)
        other, past = _visitor(browser, demo)
        other.starts()
        other.says("canary of the second visitor")
        desk.takes("canary of the second visitor")
        talk = desk.conversations.get_by_role("article").filter(has_text="canary of the second visitor")
        desk.says("mine alone", talk)
        beside.alter = lambda frame: [{**frame, "envelope": beside.own} if frame["t"] == "envelope" else frame]
        other.says("words that are kept from the desk")
        expect(talk.get_by_text("This message could not be verified.").first).to_be_visible()
        expect(talk.get_by_role("log").get_by_text("mine alone")).to_have_count(1)
        beside.alter = lambda frame: [frame]

        # M-16: erased is erased, also when the server begins it all again.
        old = [frame for frame in past.heard if frame["t"] in ("envelope", "started", "resumed", "claimed")]
        past.alter = lambda frame: [frame, *old] if frame["t"] == "erased" else [frame]
        other.page.get_by_role("button", name="Erase this conversation").click()
        other.page.get_by_role("dialog").get_by_role("button", name="Erase this conversation").click()
        expect(other.page.get_by_role("heading", name="Erased. From backups within 7 days.")).to_be_visible()
        assert not re.search("canary|kept from|mine alone", other.page.content())

        # M-6, M-20: one message is dropped, and the rest are numbered as if it had never been.
        third, hole = _visitor(browser, demo)
        third.starts()
        third.says("canary of the third visitor")
        desk.takes("canary of the third visitor")
        talk = desk.conversations.get_by_role("article").filter(has_text="canary of the third visitor")
        hole.alter = without_the_second
        for text in ("the one that never comes", "the next", "the last"):
            desk.says(text, talk)
        warning = "What you see and what the team sees no longer match. We send nothing more."
        expect(third.page.locator("main").get_by_text(warning)).to_be_visible()
        expect(third.log).not_to_contain_text("the one that never comes")
        expect(third.box).to_have_count(0)


def _visitor(browser: Browser, demo: Demo) -> tuple[VisitorPage, Between]:
    page = context(browser).new_page()
    between = Between(page)
    visitor = VisitorPage(page, demo.visitor)
    visitor.opens()
    return visitor, between
