"""Elements of HTML and SVG as values: a plain text that is put into one comes out as that text."""

import html
import re
from collections.abc import Iterable


class Markup(str):
    """Text that is markup already. Only `tag`, `joined` and `style` make it."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
"""Plain text, markup, nothing, or many of them."""

_VOID = frozenset({"meta"})
_INLINE = frozenset({"a", "b", "cite", "code", "em", "span", "strong", "td", "text", "th", "title"})
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def joined(*children: Child) -> Markup:
    """Children in a row, plain text escaped."""
    return Markup("".join(_each(children)))


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. In an attribute `_` stands for `-`, at the end for nothing; None leaves it out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_clean(_number(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in _INLINE else "\n"
    return Markup(f"<{name}{said}>{'' if name in _VOID else f'{joined(*children)}</{name}>'}{end}")


def style(css: str) -> Markup:
    """A style sheet of our own, as it stands."""
    return Markup(f"<style>\n{css}</style>\n")


def _number(value: str | float) -> str:
    """Coordinates to a tenth: more is not seen, and the same everywhere."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)


def _each(child: Child) -> Iterable[str]:
    if isinstance(child, Markup):
        yield child
    elif isinstance(child, str):
        yield html.escape(_clean(child))
    elif child is not None:
        for one in child:
            yield from _each(one)
