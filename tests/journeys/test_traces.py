"""Somebody picks up the phone afterwards: what a whole visit left in a real browser's profile."""

import secrets
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from journeys.leaving import OUTSIDE, taps_exit
from journeys.phrases import comes_back, gets_a_phrase
from journeys.profile import EMPTY, STORES, dies, history, on_disk, where
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, becomes, chromium, context
from luwte.plumbing.pages import OFF

SURFACES = """
(() => {
  window.__asked = [];
  const watch = (owner, name) => {
    const real = owner?.[name];
    if (typeof real !== "function") return;
    owner[name] = function (...given) {
      window.__asked.push(name);
      return real.apply(this, given);
    };
  };
  watch(HTMLCanvasElement.prototype, "getContext");
  watch(window.OffscreenCanvas?.prototype, "getContext");
  watch(window, "AudioContext");
  watch(window, "OfflineAudioContext");
  watch(navigator.mediaDevices, "enumerateDevices");
  watch(Navigator.prototype, "getBattery");
  watch(window, "RTCPeerConnection");
  watch(window, "Notification");
  watch(Notification, "requestPermission");
  watch(Navigator.prototype, "vibrate");
  watch(Storage.prototype, "setItem");
  watch(History.prototype, "pushState");
  watch(History.prototype, "replaceState");
})();
"""
"""What could tell one browser from another, leave something, or make itself heard."""


def canaries(count: int) -> list[str]:
    """Words that are nowhere else in the world."""
    return [f"kanarie{secrets.token_hex(6)}" for _ in range(count)]


def outside_remembers(person: BrowserContext, word: str) -> None:
    """The exit address answers, and keeps *word*, so that we see that we would find one."""
    body = f"<title>Weather</title><script>localStorage.setItem('kept', '{word}')</script>mild"
    person.route(OUTSIDE, lambda route: route.fulfill(body=body, content_type="text/html"))


def nothing_is_kept(page: Page) -> None:
    """No cookie, no store, no worker; a neutral title at a neutral address."""
    assert page.evaluate(STORES) == EMPTY
    assert page.context.cookies() == []
    assert page.title() == "Luwte"


def is_plain_start(page: Page, words: list[str]) -> None:
    """As at the first visit: nothing is filled in, and no word of before is there."""
    expect(page.get_by_role("button", name="Start chat")).to_be_visible()
    assert page.locator("textarea, input").count() == 0
    assert not [word for word in words if word in page.content()]


def test_a_visit_leaves_nothing_in_the_browsers_profile(tmp_path: Path) -> None:
    """Twenty words, typed and received, with a draft among them, and a return phrase; then Leave now, Back, and the
    browser closes.

    Once more: somebody comes back with the phrase, the page is loaded again in the middle, a draft is half-written,
    and the browser is killed; when it starts again, asked to bring back what was open, there is a plain start or
    nothing.
    """
    profile, words = tmp_path / "profile", canaries(20)
    typed, received, draft, second, control = words[:8], words[8:14], words[14], words[15:], canaries(2)
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))
        with on_disk(browser, profile) as person:
            outside_remembers(person, control[0])
            page = person.pages[0]
            page.add_init_script(SURFACES)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{demo.visitor}nothing?{control[1]}")
            visitor = VisitorPage(page, demo.visitor)
            visitor.opens()
            entries = page.evaluate("history.length")
            nothing_is_kept(page)
            policy = "document.featurePolicy.allowedFeatures()"
            assert not set(page.evaluate(policy)) & set(OFF.split())
            visitor.starts()
            phrase = gets_a_phrase(visitor)
            # A word alone is in any dictionary; two of them in this order are nowhere else.
            words += map(" ".join, pairwise(phrase))
            for word in typed:
                visitor.says(word)
            desk.takes(typed[0])
            for word in received:
                desk.says(word)
                expect(visitor.log).to_contain_text(word)
            visitor.box.press_sequentially(draft)
            box = visitor.box.element_handle()
            names = ("autocomplete", "autocorrect", "spellcheck", "writingsuggestions")
            assert [box.get_attribute(name) for name in names] == ["off", "off", "false", "false"]
            nothing_is_kept(page)
            assert page.evaluate("window.__asked") == []
            assert (page.url, page.evaluate("history.length")) == (demo.visitor, entries)
            taps_exit(page)
            page.wait_for_url(OUTSIDE)
            assert {url for url in asked if not url.startswith(demo.visitor)} == {page.url}
            page.go_back()  # our place in the history is taken: this is what was before us
            assert page.url.startswith(f"{demo.visitor}nothing")
            page.goto(demo.visitor)
            is_plain_start(page, words)
            nothing_is_kept(page)
            person.new_page().goto("about:blank")
        assert where(profile, words) == set()
        found = where(profile, control)
        assert {one.partition(" ")[0] for one in found} == set(control), "the search would not find a word"
        assert history(profile, demo.visitor) == [
            (f"{demo.visitor}nothing?{control[1]}", ""),
            (demo.visitor, "Luwte"),
        ]

        with on_disk(browser, profile) as person:
            page = person.pages[0]
            visitor = VisitorPage(page, demo.visitor)
            comes_back(visitor, " ".join(phrase))
            expect(visitor.log).to_contain_text(received[-1])
            visitor.says(second[0])
            visitor.box.press_sequentially(second[1])
            page.reload()
            is_plain_start(page, words)
            visitor.starts()
            visitor.says(second[2])
            desk.takes(second[2])
            desk.says(second[3], desk.conversations.get_by_role("article").filter(has_text=second[2]))
            expect(visitor.log).to_contain_text(second[3])
            visitor.box.press_sequentially(second[4])
            page.wait_for_timeout(1_500)  # a browser writes its session down every now and then
            dies(profile)
        assert where(profile, words) == set()
        with on_disk(browser, profile, "--restore-last-session", "--hide-crash-restore-bubble") as person:
            for page in person.pages:
                if page.url != "about:blank":
                    is_plain_start(page, words)
        assert where(profile, words) == set()

        # A desk's browser forgets at sign-out whatever it might have kept.
        desk.page.evaluate("localStorage.setItem('kept', '1')")
        desk.signs_out()
        becomes(desk.page, "localStorage.length === 0")
