"""Nobody talks to an empty chair, and nobody loses a place for looking at something else: in real Chromium."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, chromium, context
from journeys.turned import Turned, a_turned_house, hides, wired

BELOW = "(({ scrollHeight, clientHeight, scrollTop }) => scrollHeight - clientHeight - scrollTop)"
BELOW += "(document.querySelector('.scroller'))"
"""Pixels of the log below what is in sight."""

NEAR = 48
"""So few are the end: `web/src/ui/follow.ts`."""


def a_visitor(browser: Browser, house: Turned, opening: str) -> VisitorPage:
    """Somebody on a phone who waits and has written *opening*."""
    visitor = VisitorPage(context(browser).new_page(), house.visitor)
    visitor.opens()
    visitor.starts()
    visitor.says(opening)
    return visitor


def a_desk(browser: Browser, house: Turned, index: int) -> DeskPage:
    """A counsellor who has signed in."""
    desk = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
    desk.signs_in(house.account(index))
    return desk


def row(desk: DeskPage, opening: str) -> Any:
    """The row with this opening."""
    return desk.waiting.get_by_role("listitem").filter(has_text=opening)


def test_a_phone_in_the_background_for_five_minutes_and_back(tmp_path: Path) -> None:
    """The desk sees the row away and cannot take it; back again the place, the draft and the focus are as they were."""
    with a_turned_house(tmp_path / "house") as house, chromium() as browser:
        page = context(browser).new_page()
        page.clock.install()
        wire = wired(page)
        visitor = VisitorPage(page, house.visitor)
        desk = a_desk(browser, house, 0)
        visitor.opens()
        visitor.starts()
        visitor.says("is somebody there")
        status = page.get_by_role("status")
        expect(status.filter(has_text="Connected")).to_have_count(1)
        expect(page.locator("b", has_text="You are number 1")).to_be_visible()
        a_visitor(browser, house, "I came later")
        expect(row(desk, "I came later")).to_be_visible()
        visitor.box.fill("half a sentence")
        assert page.evaluate(BELOW) < NEAR

        hides(page)
        expect(row(desk, "is somebody there").get_by_text("away for a moment")).to_be_visible()
        expect(row(desk, "is somebody there").get_by_role("button", name="Take")).to_have_count(0)
        expect(desk.waiting.get_by_role("listitem").nth(0)).to_contain_text("I came later")
        wire.cut()
        page.clock.fast_forward("05:00")
        house.passes(300)
        expect(row(desk, "is somebody there").get_by_text("away for a moment")).to_be_visible()
        expect(status.filter(has_text="Trying to reconnect")).to_have_count(1)

        wire.is_cut = False
        hides(page, hidden=False)
        page.clock.run_for(2_000)
        expect(row(desk, "is somebody there").get_by_role("button", name="Take")).to_be_visible()
        expect(desk.waiting.get_by_role("listitem").nth(0)).to_contain_text("is somebody there")
        expect(status.filter(has_text="Connected")).to_have_count(1)
        expect(page.locator("b", has_text="You are number 1")).to_be_visible()
        expect(visitor.box).to_be_focused()
        expect(visitor.box).to_have_value("half a sentence")
        assert page.evaluate(BELOW) < NEAR
        desk.takes("is somebody there")
        expect(page.get_by_text("A counsellor is here for you")).to_be_visible()


def test_a_ghost_is_never_offered(tmp_path: Path) -> None:
    """A page that is closed, a line that breaks for ten minutes: the rows go, the desk hears that the visitor left."""
    with a_turned_house(tmp_path / "house") as house, chromium() as browser:
        desk = a_desk(browser, house, 0)
        closes = a_visitor(browser, house, "I will close this")
        page = context(browser).new_page()
        wire = wired(page)
        breaks = VisitorPage(page, house.visitor)
        breaks.opens()
        breaks.starts()
        breaks.says("my battery is nearly empty")
        for opening in ("I will close this", "my battery is nearly empty"):
            expect(row(desk, opening).get_by_role("button", name="Take")).to_be_visible()
        closes.page.goto("about:blank")
        expect(row(desk, "I will close this")).to_have_count(0)
        expect(desk.page.get_by_role("status").filter(has_text="Visitor has left")).to_have_count(1)
        wire.cut()
        expect(row(desk, "my battery is nearly empty").get_by_text("away for a moment")).to_be_visible()
        expect(desk.waiting.get_by_role("button", name="Next", exact=True)).to_have_attribute("aria-disabled", "true")
        house.passes(601)
        expect(row(desk, "my battery is nearly empty")).to_have_count(0)
        expect(desk.waiting.get_by_text("Nobody is waiting")).to_be_visible()


def test_a_counsellor_vanishes_and_comes_back_too_late(tmp_path: Path) -> None:
    """After 90 s the visitor is told and stands first in the queue; a colleague goes on; the first desk hears it."""
    with a_turned_house(tmp_path / "house") as house, chromium() as browser:
        page = context(browser, size=LAPTOP).new_page()
        wire = wired(page)
        noor, sam = DeskPage(page, house.desk), a_desk(browser, house, 1)
        noor.signs_in(house.account(0))
        visitor = a_visitor(browser, house, "I have two minutes")
        noor.takes("I have two minutes")
        expect(noor.conversations.get_by_text("Visitor is here")).to_be_visible()
        a_visitor(browser, house, "I wait, too")
        wire.cut()
        house.waits_for_no_desk(0)
        house.passes(75)  # on a busy machine seconds of our own go by as well
        expect(visitor.page.get_by_text("A counsellor is here for you")).to_be_visible()
        house.passes(16)
        expect(visitor.page.get_by_role("main").get_by_text("Your counsellor has left").first).to_be_visible()
        expect(sam.waiting.get_by_role("listitem").nth(0)).to_contain_text("I have two minutes")
        expect(row(sam, "I have two minutes").get_by_text("came back")).to_be_visible()
        sam.waiting.get_by_role("button", name="Next", exact=True).click()
        expect(sam.conversations.get_by_role("log").filter(has_text="I have two minutes")).to_be_visible()
        expect(visitor.log).to_contain_text("A colleague continues")
        wire.is_cut = False
        told = noor.conversations.get_by_text("Conversation 1 is no longer yours")
        expect(told).to_be_visible()
        expect(told).to_contain_text("A colleague goes on")
        expect(noor.conversations.get_by_role("log")).to_have_count(0)
        noor.conversations.get_by_role("button", name="Clear from the screen").click()
        expect(told).to_have_count(0)


def test_two_desks_race_to_reclaim(tmp_path: Path) -> None:
    """The first desk is back, the conversation is in the list; both press Take: one has it, one is told."""
    with a_turned_house(tmp_path / "house") as house, chromium() as browser:
        page = context(browser, size=LAPTOP).new_page()
        wire = wired(page)
        noor, sam = DeskPage(page, house.desk), a_desk(browser, house, 1)
        noor.signs_in(house.account(0))
        visitor = a_visitor(browser, house, "please stay")
        noor.takes("please stay")
        wire.cut()
        house.waits_for_no_desk(0)
        house.passes(91)
        expect(visitor.page.get_by_role("main").get_by_text("Your counsellor has left").first).to_be_visible()
        wire.is_cut = False
        desks = [noor, sam]
        takes = [row(desk, "please stay").get_by_role("button", name="Take", exact=True) for desk in desks]
        for take in takes:
            expect(take).to_be_enabled()
        expect(noor.conversations.get_by_text("It is back in the queue")).to_be_visible()
        handles = [take.element_handle() for take in takes]
        for desk, handle in zip(desks, handles, strict=True):
            desk.page.evaluate("(take) => { setTimeout(() => take.click(), 0); }", handle)
        for desk in desks:
            expect(row(desk, "please stay")).to_have_count(0)
        logs = [desk.conversations.get_by_role("log").filter(has_text="please stay") for desk in desks]
        expect(logs[0].or_(desks[0].page.get_by_text("A colleague was first")).first).to_be_visible()
        expect(logs[1].or_(desks[1].page.get_by_text("A colleague was first")).first).to_be_visible()
        has_it = [log.count() for log in logs]
        assert sorted(has_it) == [0, 1]
        expect(desks[has_it.index(0)].page.get_by_text("A colleague was first").first).to_be_attached()


@pytest.mark.parametrize("way", ["button", "key"])
def test_danger_that_somebody_read_goes_first(tmp_path: Path, way: str) -> None:
    """One desk marks it, the other hears it at once; Next gives that one, by the button and by one key."""
    with a_turned_house(tmp_path / "house") as house, chromium() as browser:
        noor, sam = a_desk(browser, house, 0), a_desk(browser, house, 1)
        for opening in ("I wait longest", "I can talk for five minutes", "he is at the door"):
            a_visitor(browser, house, opening)
            expect(row(noor, opening)).to_be_visible()
        row(noor, "he is at the door").get_by_role("button", name="Danger").click()
        row(noor, "I can talk for five minutes").get_by_role("button", name="Little time").click()
        expect(row(sam, "he is at the door").get_by_text("says danger now")).to_be_visible()
        expect(row(sam, "I can talk for five minutes").get_by_text("short on time")).to_be_visible()
        expect(sam.page.get_by_role("status").filter(has_text="Conversation 3 says danger now")).to_have_count(1)
        openings = sam.waiting.get_by_role("listitem")
        expect(openings.nth(0)).to_contain_text("he is at the door")
        expect(openings.nth(1)).to_contain_text("I can talk for five minutes")
        if way == "key":
            sam.page.keyboard.press("F4")
        else:
            sam.waiting.get_by_role("button", name="Next", exact=True).click()
        expect(sam.conversations.get_by_role("log").filter(has_text="he is at the door")).to_be_visible()
        expect(sam.conversations.get_by_role("log")).to_have_count(1)
