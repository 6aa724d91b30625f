"""Leaving, looked at closely: what a page does, in which order, from the tap on."""

import re
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route

from journeys.stage import becomes

OUTSIDE = re.compile(r"^https://www\.wikipedia\.org/")

RECORD = """
(() => {
  const left = (window.__left = { ready: false, armed: false, order: [], tapped: 0, painted: 0, shown: undefined });
  const note = (what) => {
    if (left.armed && left.order.at(-1) !== what) left.order.push(what);
  };
  const shown = () => {
    const points = [0.02, 0.5, 0.98].flatMap((x) => [0.02, 0.5, 0.98].map((y) => [innerWidth * x, innerHeight * y]));
    const cover = document.querySelector(".cover");
    const voices = [...document.querySelectorAll("[role=status], [role=alert]")];
    return {
      on_top: points.every(([x, y]) => (document.elementFromPoint(x, y)?.closest(".cover") ?? null) !== null),
      opaque: cover !== null && /^rgb\\(/.test(getComputedStyle(cover).backgroundColor),
      words: document.body.innerText,
      parts: document.querySelectorAll("button, a, textarea, input, dialog, [role=log], main").length,
      voices: voices.map((voice) => voice.textContent).join(""),
      title: document.title,
    };
  };
  const before = (owner, name, tell) => {
    const real = owner[name];
    owner[name] = function (...given) {
      tell.call(this, ...given);
      return real.apply(this, given);
    };
  };
  before(Element.prototype, "append", (...nodes) => nodes.some((n) => n.className === "cover") && note("cover"));
  before(Object.getPrototypeOf(Uint8Array.prototype), "fill", (value) => value === 0 && note("keys"));
  before(Node.prototype, "removeChild", () => note("page"));
  before(WebSocket.prototype, "close", () => note("socket"));
  before(WebSocket.prototype, "send", () => note("SAYS SOMETHING"));
  before(window, "fetch", () => note("ASKS SOMETHING"));
  before(navigator, "sendBeacon", () => note("SAYS SOMETHING"));
  navigation.addEventListener("navigate", (event) => note(`${event.navigationType} ${event.destination.url}`));
  const tapped = (event) => {
    if (!left.ready || left.armed) return;
    left.armed = true;
    left.tapped = event.timeStamp;
    requestAnimationFrame(() => {
      note("frame");
      left.shown = shown();
      // A task that was queued in a frame runs after that frame was painted.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (left.painted = performance.now());
      port2.postMessage(0);
    });
  };
  addEventListener("click", tapped, { capture: true });
  addEventListener("keyup", tapped, { capture: true });
})();
"""


class Outside:
    """The exit address, of a network that swallows everything until we say so."""

    def __init__(self, person: BrowserContext) -> None:
        self._asked: list[Route] = []
        person.route(OUTSIDE, lambda route: self._asked.append(route))

    def is_asked(self, page: Page) -> None:
        """Until *page* has asked for it, and a while longer: nothing comes."""
        for _ in range(3_000):
            page.wait_for_timeout(10)
            if self._asked:
                page.wait_for_timeout(50)
                return
        raise TimeoutError("nobody asked for the exit address")

    def answers_nothing(self) -> None:
        """So that the page stays and can be looked at: a browser lets nobody look while it is on its way elsewhere."""
        self._asked.pop().fulfill(status=204)
        assert self._asked == []


def exit_of(page: Page) -> Any:
    """The exit that is in sight: the page's, or that of the dialog over it."""
    return page.get_by_role("button", name="Leave now").last


def taps_exit(page: Page) -> None:
    """A finger or a pointer on it, wherever it is: not a click that waits for what comes of it."""
    box = exit_of(page).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def presses_shift(page: Page, times: int = 3) -> None:
    """Shift alone, again and again."""
    for _ in range(times):
        page.keyboard.press("Shift")


def leaves(page: Page, outside: Outside, *, by_key: bool = False) -> dict[str, Any]:
    """Leave; what the page did, in order, and what it showed in its first frame, long before the outside answered."""
    if by_key:
        presses_shift(page, 2)
    page.evaluate("window.__left.ready = true")
    if by_key:
        presses_shift(page, 1)
    else:
        taps_exit(page)
    outside.is_asked(page)
    outside.answers_nothing()
    becomes(page, "window.__left.painted > 0")
    left: dict[str, Any] = page.evaluate("window.__left")
    return left
