"""Whatever somebody writes is a text: at the visitor's, in the queue, in a conversation, in a note."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from journeys.hostile import TEXTS, in_messages
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, becomes, chromium, context

NODES = "document.querySelectorAll('script, img, iframe, object, embed, link, style, base, meta, form, a, h1').length"
REACTED = "[window.polluted, {}.polluted, location.href, document.title, window.__violations]"
TAGS = "[...new Set([...document.querySelectorAll('[role=log] *')].map((e) => e.tagName))].sort()"

VIOLATIONS = """
window.__violations = 0;
document.addEventListener("securitypolicyviolation", () => (window.__violations += 1));
"""

POLLUTES = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, '


def watch(page: Page, origin: str) -> list[str]:
    """What a text must never bring about."""
    seen: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith(origin):
            seen.append(request.url)

    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", asked)
    page.on("framenavigated", lambda frame: seen.append(f"went to {frame.url}"))
    page.on("popup", lambda other: seen.append(f"opened {other.url}"))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    return seen


def shows(log: Any, text: str) -> None:
    """The whole text, as it was typed."""
    expect(log.locator(".bubble").last).to_have_text(text.strip(), use_inner_text=True)


def with_more(route: Route) -> None:
    """An answer in JSON, with fields that nobody asked for."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("{", POLLUTES, 1))


def test_whatever_is_written_stays_a_text(tmp_path: Path) -> None:
    """Three hundred texts: no element, no request, no dialog, no script comes of them, on either side; each is there
    letter by letter. Nor does anything come of a field too many, and no other site can put our pages into a frame.
    """
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        people = [context(browser), context(browser, size=LAPTOP)]
        for person in people:
            person.add_init_script(VIOLATIONS)
        pages = [person.new_page() for person in people]
        pages[0].route("**/status/2", with_more)
        visitor, noor = VisitorPage(pages[0], demo.visitor), DeskPage(pages[1], demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        seen = [watch(page, demo.visitor) for page in pages]

        def send(box: Any, button: Any, text: str) -> None:
            box.fill(text)
            button.click()

        mine = visitor.page.get_by_role("button", name="Send", exact=True)
        messages = in_messages(12)
        send(visitor.box, mine, messages[0])
        expect(noor.waiting.get_by_text(TEXTS[0])).to_be_visible()
        noor.waiting.get_by_role("button", name="Take").click()
        log = noor.conversations.get_by_role("log")
        expect(log).to_contain_text(TEXTS[0])
        expect(visitor.page.get_by_role("button", name="End chat")).to_be_visible()
        box = noor.conversations.get_by_role("textbox", name="Message", exact=True)
        theirs = noor.conversations.get_by_role("button", name="Send", exact=True)
        note = noor.conversations.get_by_role("textbox", name="Team note text")
        for text in ("hello", *messages):
            send(visitor.box, mine, text)
            shows(log, text)
            send(box, theirs, text)
            shows(visitor.log, text)
            if text == "hello":
                send(note, noor.conversations.get_by_role("button", name="Team note"), text)
                shows(log, text)
                before = [page.evaluate(f"[{NODES}, {REACTED}, {TAGS}]") for page in pages]
        send(note, noor.conversations.get_by_role("button", name="Team note"), messages[1])
        shows(log, messages[1])
        assert [page.evaluate(f"[{NODES}, {REACTED}, {TAGS}]") for page in pages] == before
        assert seen == [[], []]
        assert before[0][1][4] == 0
        # A text that turns the direction of writing turns nothing beside it.
        odd = visitor.log.get_by_role("article").filter(has_text=">tpircs<\u202c").last
        assert odd.locator("time").inner_text()[2] == "."

        # Had any of our code tried, it would have been stopped, and counted.
        for page in pages:
            assert page.evaluate("try { document.body.innerHTML = '<b>'; 'done' } catch (e) { e.name }") == "TypeError"
            becomes(page, "window.__violations > 0")
        stranger = people[0].new_page()
        stranger.set_content("".join(f"<iframe src='{url}'></iframe>" for url in (demo.visitor, demo.desk)))
        assert not any("Luwte" in frame.content() for frame in stranger.frames[1:])
