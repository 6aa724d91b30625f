"""Elements as values: whatever is put into one as a plain text comes out as that text, for a browser and for XML."""

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit


class Markup(str):
    """Text that is markup already. Only `tag`, `joined` and `style` make it."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
"""Plain text, markup, nothing, or many of them."""

VOID = frozenset({"br", "link", "meta"})
"""Elements of HTML that have no end."""

_INLINE = frozenset(
    {"a", "b", "br", "cite", "code", "em", "name", "span", "strong", "td", "text", "th", "time", "title"}
)
"""Elements after which a new line would be a space to be seen, or is never wanted."""
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def clean(text: str) -> str:
    """The text without the characters that neither XML nor HTML may hold; each becomes U+FFFD."""
    return _NOT_IN_XML.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")


def cut(text: str) -> str:
    """The beginning of a text, on one line."""
    words = " ".join(clean(text).split())
    return words if len(words) <= 100 else words[:99].rstrip() + "…"


def joined(*children: Child) -> Markup:
    """Children in a row, plain text escaped."""
    return Markup("".join(_each(children)))


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. In a name `_` stands for `-`, `__` for `:`, at the end for nothing; None leaves an attribute out."""
    said = "".join(
        f' {key.rstrip("_").replace("__", ":").replace("_", "-")}="{html.escape(clean(_said(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in _INLINE else "\n"
    if name in VOID:
        return Markup(f"<{name}{said}>{end}")
    return Markup(f"<{name}{said}>{joined(*children)}</{name}>{end}")


def style(css: str) -> Markup:
    """A style sheet of our own, as it stands."""
    return Markup(f"<style>\n{css}</style>\n")


def _said(value: str | float) -> str:
    """Coordinates to a tenth: more is not seen, and the same everywhere."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _each(child: Child) -> Iterable[str]:
    if isinstance(child, Markup):
        yield child
    elif isinstance(child, str):
        yield html.escape(clean(child))
    elif child is not None:
        for one in child:
            yield from _each(one)


def web_address(text: str) -> str | None:
    """The text when it is an address that a reader may safely follow: http or https, a host, and no name before it."""
    if re.search(r"""[\s\x00-\x20\x7f"'<>\\^`{|}]""", text) or clean(text) != text:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        return None
    return text if good else None
