"""Whatever somebody writes is a text: at the visitor's, in the queue, in a conversation, in a note, in a list."""

import asyncio
import base64
import json
import os
import re
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from actors import Counsellor, House, Visitor
from journeys.hostile import TEXTS, harmless, one_line
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, becomes, chromium, context
from journeys.twins import Twins, another_desk, says_all
from luwte.crypto import phrase
from luwte.crypto.replies import ReplyText, seal_reply, team_key
from luwte.desk.glass import A_DAY

WAITING = 10
"""Texts of a visitor that stand in the queue."""

TALL = "\u0300\u0316" * 60

NOTED = 3
"""Each third is a team note, too."""

VIOLATIONS = """
window.__violations = 0;
document.addEventListener("securitypolicyviolation", () => (window.__violations += 1));
"""

LINES = """(log) => [...log.querySelectorAll("article.line")].map((line) => {
  const bubble = line.querySelector(".bubble");
  const side = ["mine", "theirs", "note"].filter((one) => line.classList.contains(one)).join();
  return [side, line.getAttribute("aria-label").replace(/, \\d\\d.\\d\\d$/, ""), bubble.textContent, bubble.innerText];
})"""

KINDS = """(place) => [...new Set([...place.querySelectorAll("*")].map((one) => {
  const kind = (one) => one.tagName + "." + (one.closest("svg, .meta") ? "" : one.getAttribute("class"));
  return [kind(one.parentElement), kind(one), ...one.getAttributeNames().sort()].join(" ");
}))].sort()"""
"""Which elements there are: of which kind, in which, with which attributes."""

OUTSIDE = """[...new Set([...document.querySelectorAll("*")].filter((one) => !one.closest("[role=log]"))
  .map((one) => one.tagName))].sort()"""

UNTOUCHED = """[window.polluted, {}.polluted, Reflect.ownKeys(Object.prototype).map(String).join(),
  Reflect.ownKeys(Array.prototype).length, Reflect.ownKeys(document).length, location.href, window.__violations]"""

IN_PLACE = """(log) => {
  const [all, lines] = [log.getBoundingClientRect(), [...log.querySelectorAll("article.line")]];
  let end = all.top;
  return lines.filter((line) => {
    const [box, words] = [line.getBoundingClientRect(), line.querySelector(".bubble").getBoundingClientRect()];
    const out = words.left < all.left - 1 || words.right > all.right + 1 || box.top < end - 1;
    end = box.bottom;
    return out;
  }).length;
}"""
"""How many lines reach out of the log, or over the one before."""

REPLIES = """(dialog) => [...dialog.querySelectorAll(".reply .command")].map(
  (one) => [one.querySelector("b").textContent, one.querySelector(".preview").textContent])"""

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
    page.on("download", lambda download: seen.append(f"saved {download.url}"))
    page.on("websocket", lambda socket: seen.append(socket.url) if "evil" in socket.url else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    return seen


def with_more(route: Route) -> None:
    """An answer in JSON, with fields that nobody asked for."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("{", POLLUTES, 1))


def a_person(browser: Browser, origin: str, size: dict[str, int] | None = None) -> tuple[Page, list[str]]:
    """Somebody with a page that counts what its policy stops; and what is seen there."""
    person = context(browser, size=size)
    person.add_init_script(VIOLATIONS)
    page = person.new_page()
    return page, watch(page, origin)


def comes_back(visitor: VisitorPage, entropy: bytes) -> None:
    """Open the page, type the phrase."""
    visitor.opens()
    visitor.page.get_by_role("button", name="I have a return phrase").click()
    visitor.page.get_by_role("textbox", name="Return phrase").fill(" ".join(phrase.words(entropy)))
    visitor.page.get_by_role("button", name="Continue").click()
    expect(visitor.log).to_be_visible()


def shows(log: Any, side: str, who: str, texts: list[str]) -> None:
    """Each text in a line of its own, letter by letter, and said to be by whoever wrote it."""
    expect(log.locator(f".{side} > .bubble")).to_have_count(len(texts))
    mine = [line for line in log.evaluate(LINES) if line[0] == side]
    assert {name for _, name, *_ in mine} == {who}
    for (_, _, there, seen), text in zip(mine, texts, strict=True):
        assert there == text, ascii((there, text))
        assert re.sub(r"[\r\n]", "", seen).strip() == re.sub(r"[\r\n]", "", text).strip(), ascii((seen, text))


def noor_box(noor: DeskPage, name: str) -> Any:
    """Where something is written in the first of two conversations."""
    return noor.conversations.get_by_role("textbox", name=name, exact=True).first


def noor_button(noor: DeskPage, name: str) -> Any:
    """And what is pressed there."""
    return noor.conversations.get_by_role("button", name=name, exact=True).first


async def begins(house: House, texts: list[str]) -> Visitor:
    """A visitor who writes the first of these and waits."""
    visitor = house.visitor()
    await visitor.starts()
    for text in texts[:WAITING]:
        await visitor.says(text)
    return visitor


async def goes_on(visitor: Visitor, texts: list[str]) -> bytes:
    """The others, once a counsellor is there; then a phrase, to come back with a browser."""
    visitor.generation = 1
    await says_all(visitor, texts[WAITING:])
    entropy = await visitor.keeps_a_phrase()
    visitor.line.close()
    return entropy


async def answers(first: Counsellor, convs: list[bytes], everybody: list[list[str]]) -> None:
    """Each text as a message to the visitor, and as a note to the team."""

    async def messages(desk: Counsellor, conv: bytes, texts: list[str]) -> None:
        for text in texts:
            assert (await desk.says(conv, text))["t"] == "ack", ascii(text)

    async def notes(desk: Counsellor, conv: bytes, texts: list[str]) -> None:
        for text in texts[::NOTED]:
            assert (await desk.notes(conv, text))["t"] == "ack", ascii(text)

    deeds = []
    for write in (messages, notes):
        for conv, texts in zip(convs, everybody, strict=True):
            deeds.append(write(await another_desk(first, len(convs)), conv, texts))
    await asyncio.gather(*deeds)


async def writes_replies(desk: Counsellor, pairs: list[tuple[str, str]]) -> None:
    """Canned replies of the team: each a name and a text."""
    key = team_key(desk.team, desk.slug, 1)
    bearer = {"Authorization": f"Bearer {base64.b64encode(desk.token).decode()}"}
    async with desk.http() as client:
        for name, text in pairs:
            id = os.urandom(16)
            box = seal_reply(key, desk.slug, id, 1, ReplyText("en", name, text))
            places = {"id": base64.b64encode(id).decode(), "sealed": base64.b64encode(box).decode()}
            answer = await client.post(
                "/desk/replies", json={"scope": "team", "version": 0, "epoch": 1, **places}, headers=bearer
            )
            assert answer.status_code == 200, answer.text


async def breaks_glass(desk: Counsellor, day: int, reasons: list[str]) -> None:
    """Open the first conversation with each of these reasons, and close it again."""
    await desk.opens_desk()
    for reason in reasons:
        desk.line.send("break_glass", number=1, day=day, basis="danger", reason=reason)
        opened = await desk.line.hear("opened", "refused")
        assert opened["t"] == "opened", ascii((reason, opened))
        desk.line.send("close_glass", conv=opened["conv"])


async def closes_the_line(desk: Counsellor) -> None:
    """What a lead may do."""
    await desk.opens_desk()
    desk.line.send("close_line")
    while (await desk.line.hear("line"))["open"]:
        pass


def places(texts: list[str]) -> str:
    """An hours.toml with other places to go to."""
    rows = []
    for name, about, source in zip(*[iter(texts)] * 3, strict=True):
        said = [json.dumps(one, ensure_ascii=False) for one in (name, about, source)]
        rows.append(
            f'[[places]]\nname = {said[0]}\nabout = {{nl = {said[1]}, en = {said[1]}}}\nphone = "113"\n'
            f'source = {said[2]}\nchecked = 2026-11-25\ndaily = ["00:00-24:00"]\n'
        )
    return "".join(rows)


def test_whatever_is_written_stays_a_text(tmp_path: Path) -> None:
    """E-1, E-2, E-3, E-4, E-5, E-6: three hundred texts, each as a message of either side, a team note, a canned
    reply; many as a reason, a place, in the queue. Each is there letter by letter, and is said to be by whoever wrote
    it. No element, no request, no dialog, no script, no change of an object comes of any: beside it is a conversation
    of harmless texts of the same shape, and the two pages are made of the same.
    """
    lines = [text for text in TEXTS if one_line(text) and 5 <= len(text.strip()) <= 150]
    elsewhere = lines[::4][:60]
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "hours.toml").write_text(places(elsewhere))
    with a_demo(tmp_path / "demo") as demo, Twins(demo) as twins, chromium() as browser:
        everybody = [*(TEXTS[n::3] for n in range(3)), [harmless(text) for text in TEXTS[::8]]]
        visitors = twins.all(*[begins(twins.house, texts) for texts in everybody])
        desk_page, desk_saw = a_person(browser, demo.visitor, LAPTOP)
        noor = DeskPage(desk_page, demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        desk_saw.clear()
        rows = noor.waiting.get_by_role("listitem")
        expect(rows.locator(".opening", has_text=re.compile("."))).to_have_count(4)
        in_rows = {row.locator(".opening").text_content() for row in rows.all()}
        assert in_rows == {"\n".join(texts[:WAITING]) for texts in everybody}
        assert [row.locator(".opening > *").count() for row in rows.all()] == [0] * 4
        for texts in everybody:
            noor.takes(texts[0])
        outside = desk_page.evaluate(OUTSIDE)

        phrases = twins.all(*[goes_on(one, texts) for one, texts in zip(visitors, everybody, strict=True)])
        pages, saw = [], []
        for entropy in phrases:
            page, seen = a_person(browser, demo.visitor)
            page.route("**/status/2", with_more)
            pages.append(VisitorPage(page, demo.visitor))
            comes_back(pages[-1], entropy)
            seen.clear()
            saw.append(seen)
        before = [one.page.evaluate(UNTOUCHED) for one in (*pages, noor)]
        assert [one[-1] for one in before] == [0] * 5
        staff = [twins.house.counsellor(n) for n in range(3)]
        twins.all(*[one.signs_in() for one in staff])
        twins.all(answers(staff[0], [one.conv for one in visitors], everybody))
        logs = [noor.page.locator(f"#log-{one.conv.hex()}") for one in visitors]
        for log, visitor, texts in zip(logs, pages, everybody, strict=True):
            shows(visitor.log, "mine", "You", texts)
            shows(visitor.log, "theirs", "Counsellor", texts)
            shows(log, "theirs", "Visitor", texts)
            shows(log, "mine", "You", texts)
            shows(log, "note", "Team only", texts[::NOTED])
            assert [log.evaluate(IN_PLACE), visitor.log.evaluate(IN_PLACE)] == [0, 0]
        for several in (logs, [one.log for one in pages]):
            *kinds, plain = (set(log.evaluate(KINDS)) for log in several)
            assert [one - plain for one in kinds] == [set()] * 3
        assert all(one.page.evaluate(OUTSIDE) == pages[-1].page.evaluate(OUTSIDE) for one in pages)

        # By hand, too: what a box does to a text it does to every text.
        for text in everybody[0][3::20]:
            for box, button, log in (
                (pages[0].box, pages[0].page.get_by_role("button", name="Send", exact=True), logs[0]),
                (noor_box(noor, "Message"), noor_button(noor, "Send"), pages[0].log),
                (noor_box(noor, "Team note text"), noor_button(noor, "Team note"), logs[0]),
            ):
                box.fill(text)
                button.click()
                expect(log.locator(".bubble").last).to_have_text(text.strip(), use_inner_text=True)
        # One that piles up signs paints nothing over what stands before it.
        (page,) = (one for one, texts in zip(pages, everybody, strict=True) if any(TALL in text for text in texts))
        tall = page.log.locator(".theirs > .bubble").filter(has_text=TALL).first
        above = tall.locator("xpath=../preceding-sibling::article[1]/div")
        tall.scroll_into_view_if_needed()
        seen = above.screenshot()
        tall.evaluate("(bubble) => { bubble.style.visibility = 'hidden'; }")
        assert above.screenshot() == seen

        pairs = list(zip(TEXTS, [*TEXTS[1:], TEXTS[0]], strict=True))[::2]
        twins.all(*[writes_replies(one, pairs[n::3]) for n, one in enumerate(staff)])
        noor_button(noor, "Replies").click()
        dialog = noor.page.get_by_role("dialog", name="Replies")
        expect(dialog.get_by_role("listitem")).to_have_count(len(pairs))
        assert sorted(dialog.evaluate(REPLIES)) == sorted(map(list, pairs))
        assert dialog.evaluate("(dialog) => dialog.querySelectorAll('.reply *').length") == len(pairs) * 7
        dialog.get_by_label("Find a reply").fill("onerror alert")
        found = dialog.get_by_role("listitem").first.locator(".command")
        chosen = found.locator(".preview").text_content()
        found.click()
        expect(noor_box(noor, "Message")).to_have_value(chosen)

        robin_page, robin_saw = a_person(browser, demo.visitor, LAPTOP)
        robin = DeskPage(robin_page, demo.desk)
        robin.signs_in(account(demo, "lead"))
        robin_saw.clear()
        # As many as one account may in a day, from the whole length of the corpus.
        reasons = lines[1 :: len(lines) // A_DAY + 1][:A_DAY]
        twins.all(breaks_glass(staff[1], int(time.time() // 86_400), reasons))
        told = robin.page.get_by_role("region", name="Emergency access")
        expect(told.get_by_role("listitem")).to_have_count(len(reasons))
        assert told.locator("q").all_text_contents() == [reason.strip() for reason in reasons]
        assert told.locator("q *").count() == 0

        twins.all(closes_the_line(staff[2]))
        other_page, other_saw = a_person(browser, demo.visitor)
        other = VisitorPage(other_page, demo.visitor)
        other.opens()
        other_saw.clear()
        expect(other.page.locator(".place")).to_have_count(20)
        assert [there for text in elsewhere for there in [text] if text not in other.page.inner_text("main")] == []

        after = [one.page.evaluate(UNTOUCHED) for one in (*pages, noor)]
        assert after == before
        assert [desk_saw, *saw, robin_saw, other_saw] == [[]] * 7
        assert set(noor.page.evaluate(OUTSIDE)) <= set(outside)
        # Had any of our code tried, it would have been stopped, and counted.
        for page in (pages[0].page, noor.page, robin_page, other_page):
            assert page.evaluate("try { document.body.innerHTML = '<b>'; 'done' } catch (e) { e.name }") == "TypeError"
            becomes(page, "window.__violations > 0")
        stranger = browser.new_page()
        stranger.set_content("".join(f"<iframe src='{url}'></iframe>" for url in (demo.visitor, demo.desk)))
        assert not any("Luwte" in frame.content() for frame in stranger.frames[1:])
