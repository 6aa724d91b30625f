"""What leaves a browser: ciphertext, never a secret and never a word."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context

RECORD_RANDOM = """
(() => {
  const real = crypto.getRandomValues.bind(crypto);
  window.__random = [];
  crypto.getRandomValues = (array) => {
    const filled = real(array);
    const bytes = new Uint8Array(filled.buffer, filled.byteOffset, filled.byteLength);
    if (bytes.length === 32) window.__random.push(Array.from(bytes));
    return filled;
  };
})();
"""

CANARIES = ["kanarie één in de mijn", "canary two says hello", "قناري ثلاثة", "金丝雀四", "канарейка пять"]


class Tap:
    """Everything that a page sends: request bodies, addresses, headers, socket frames."""

    def __init__(self, page: Page) -> None:
        self.frames: list[bytes] = []
        self.requests: list[bytes] = []
        page.on("websocket", self._tap)
        page.on("request", self._hear)

    def _tap(self, socket: Any) -> None:
        socket.on("framesent", lambda data: self.frames.append(data if isinstance(data, bytes) else data.encode()))

    def _hear(self, request: Any) -> None:
        head = "\n".join([request.url, *(f"{name}: {value}" for name, value in request.headers.items())])
        self.requests.append(head.encode() + b"\n" + (request.post_data_buffer or b""))

    @property
    def everything(self) -> bytes:
        """All of it."""
        return b"\n".join([*self.frames, *self.requests])


def salts(frames: list[bytes]) -> set[bytes]:
    """The fresh random salt r of every envelope: 32 random bytes that are meant to be seen."""
    found = set()
    for frame in frames:
        place = frame.find(b"LW\x01\x01\x01")
        if place >= 0:
            found.add(frame[place + 130 : place + 162])
    return found


def random_32(page: Page) -> set[bytes]:
    """Every 32 random bytes that the page drew."""
    return {bytes(one) for one in page.evaluate("window.__random")}


def test_no_secret_and_no_word_leaves_a_browser(tmp_path: Path) -> None:
    """VS, CS_0, CS_1, TS_0, the passphrase, what is typed: none of it is in any byte that is sent."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        people = [context(browser), context(browser, size=LAPTOP)]
        for person in people:
            person.add_init_script(RECORD_RANDOM)
        visitor_page, desk_page = (person.new_page() for person in people)
        visitor_tap, desk_tap = Tap(visitor_page), Tap(desk_page)
        visitor, noor = VisitorPage(visitor_page, demo.visitor), DeskPage(desk_page, demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        for canary in CANARIES:
            visitor.says(canary)
        noor.takes(CANARIES[0])
        for canary in CANARIES:
            noor.says(canary + " ✓")
        noor.page.get_by_role("textbox", name="Team note").fill("canary in a note")
        noor.page.get_by_role("button", name="Team note").click()
        expect(noor.conversations.get_by_role("log")).to_contain_text("canary in a note")
        expect(visitor.log).to_contain_text(CANARIES[-1] + " ✓")

        words = [*CANARIES, "canary", account(demo, "counsellor")["passphrase"]]
        words += account(demo, "counsellor")["passphrase"].split()[:1]
        for tap, page, secrets in ((visitor_tap, visitor_page, 3), (desk_tap, desk_page, 1)):
            sent = tap.everything
            for word in words:
                assert word.encode() not in sent
            drawn = random_32(page)
            seen = {one for one in drawn if one in sent or one.hex().encode() in sent}
            assert seen <= salts(tap.frames), "a 32-byte random that is no salt was sent"
            assert len(drawn - seen) >= secrets, "the test did not see the secrets being made"
        assert "canary in a note" not in visitor.log.inner_text()


def test_requests_go_to_our_own_origin_alone(tmp_path: Path) -> None:
    """No third party, no cookie, no storage, one history entry, a neutral title."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser)
        page = person.new_page()
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        visitor = VisitorPage(page, demo.visitor)
        visitor.opens()
        before = page.evaluate("history.length")
        visitor.starts()
        visitor.says("hello")
        assert all(address.startswith(demo.visitor) for address in addresses)
        assert person.cookies() == []
        stores = page.evaluate(
            "(async () => [document.cookie, localStorage.length, sessionStorage.length,"
            " (await indexedDB.databases()).length, (await caches.keys()).length,"
            " (await navigator.serviceWorker.getRegistrations()).length])()"
        )
        assert stores == ["", 0, 0, 0, 0, 0]
        assert page.evaluate("history.length") == before
        assert page.url == demo.visitor
        assert page.title() == "Luwte"
