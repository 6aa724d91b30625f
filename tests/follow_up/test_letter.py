"""A letter is quoted, never put into other words; what it says to each recommendation stays with that one."""

import datetime as dt
import hashlib
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from luwte.follow_up.due import Due
from luwte.follow_up.letter import Letter, read_letter
from luwte.follow_up.model import occurs
from luwte.follow_up.recesses import read_recesses

RECESSES = read_recesses()
SEED = (files("luwte.follow_up") / "data" / "letter_nl.txt").read_text(encoding="utf-8")


def read(text: str, day: dt.date = dt.date(2021, 10, 4)) -> Letter:
    return read_letter(text, day, RECESSES)


def papers(letter: Letter) -> list[tuple[str, int | None]]:
    return [(f"{one.citation.dossier}-{one.citation.number}", one.footnote) for one in letter.citations]


# the letter that the repository ships


def test_the_letter_is_the_one_that_was_given() -> None:
    raw = (files("luwte.follow_up") / "data" / "letter_nl.txt").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == "77534fcfedf5f4a5410fbd732278e8252e1d4e38b888eada43eaf937338301f3"


def test_three_recommendations_each_with_its_answer() -> None:
    one, two, three = read(SEED).recommendations
    assert [one.number, two.number, three.number] == [1, 2, 3]
    assert one.quote.startswith("Ten eerste beveelt het CKM de formerende partijen aan om mensenhandel expliciet op te")
    assert one.quote.endswith("te blijven spannen op dit terrein.")
    assert one.response.startswith("Deze oproep onderschrijf ik van harte. Zoals ik heb toegezegd")
    assert one.response.endswith("nader toegelicht hoe hieraan gewerkt wordt.2")
    assert two.quote.startswith("Ten tweede beveelt het CKM aan om te inventariseren")
    assert two.quote.endswith("beschermen van deze specifieke slachtoffergroep.")
    assert two.response.startswith("Naar aanleiding van dit rapport heb ik contact gehad met de politie.")
    assert "met de politie. (…) Waar het gaat om de toerusting" in two.response
    assert two.response.endswith("zal ik u nader informeren over de vorderingen van dit traject.")
    assert three.quote.startswith("Ten derde raadt het CKM aan om een strategie te ontwikkelen")
    assert three.response.startswith("Deze aanbeveling sluit aan bij de gewijzgde motie van het lid Wiersma c.s. over")
    assert three.response.endswith("in de eerdergenoemde voortgangsbrief verslag doen.")


def test_footnotes_with_their_sentences_and_papers() -> None:
    letter = read(SEED)
    assert [(note.number, note.text) for note in letter.footnotes] == [
        (1, "Raadpleegbaar via www.tweedekamer.nl"),
        (2, "Kamerstuk 28 638, nr. 200"),
        (3, "Kamerstuk 31 015, nr. 221"),
        (4, "Kamerstuk 28 638, nr. 199"),
    ]
    assert [note.sentence.split()[-1] for note in letter.footnotes] == [
        "bijlage1.",
        "wordt.2",
        "jongeren.3",
        "seksplatforms.4",
    ]
    assert letter.footnotes[3].sentence.startswith("Deze aanbeveling sluit aan bij de gewijzgde motie")
    assert papers(letter) == [("28638-190", None), ("28638-200", 2), ("31015-221", 3), ("28638-199", 4)]
    for one in letter.citations:
        assert SEED[one.citation.start :].startswith(one.citation.quote)


def test_its_promises_and_when_they_fall_due() -> None:
    first, second, third = read(SEED).promises
    assert "zal ik alles in het werk stellen" in first.quote
    assert (first.due, first.recommendation) == (None, 1)
    assert second.quote.startswith("Begin november ontvangt u de volgende voortgangsbrief")
    assert second.due == Due(dt.date(2021, 11, 1), dt.date(2021, 11, 10), "part_of_month", 0.9)
    assert second.recommendation == 2
    assert third.due == Due(None, None, "awaits", 0.3, "de eerdergenoemde voortgangsbrief")
    assert third.recommendation == 3


def test_the_text_is_joined_and_nothing_of_the_page_is_left() -> None:
    text = read(SEED).text
    assert "Hierin wordt ook de rol van ouders expliciet meegenomen. Begin november ontvangt u" in text
    assert "http" not in text
    assert "Raadpleegbaar" not in text
    assert text.startswith("Aanleiding\n\nOp 1 juli jl.")
    assert text.endswith("A. Broekers-Knol")


# other letters, made up

ORDINALS = """\
Geachte voorzitter,

De eerste aanbeveling luidt om slachtoffers sneller te melden. Ik neem deze aanbeveling over. Voor het
kerstreces informeer ik uw Kamer over de uitwerking, zie ook mijn eerdere brief¹ en de daarin

¹ Kamerstukken II 2020/21, 35 570-VI, nr. 50; Kamerstuk 28 638, nrs. 164
en 176.

Pagina 1 van 2

opgenomen planning.

De tweede aanbeveling betreft de opvang. Het bureau adviseert meer plaatsen te maken. Dit is aan
een volgend kabinet.[2]

Overig

In 2022 wordt uw Kamer geïnformeerd over de begroting.

Hoogachtend,

De minister van Voorbeelden,
B. Voorbeeld

[2] Zie https://example.org/rapport
"""

LABELS = """\
Aanbeveling 1: Verbeter de registratie van meldingen.

Ik onderschrijf dit. Binnen zes weken stuur ik u een plan.

Aanbeveling 2: Onderzoek de rol van
platforms.
Hier zie ik geen reden toe.
Aanbeveling 3

Maak een wet. Een wet is in voorbereiding en wordt medio 2022 aan uw Kamer aangeboden.

Tot slot dank ik de onderzoekers.

De staatssecretaris van Voorbeelden,

C. Voorbeeld
"""

COUNTED = """\
1. De rapporteur beveelt aan om cijfers te delen. Dat doe ik jaarlijks. Dat zeg ik hierbij toe.

2. De rapporteur adviseert tolken in te zetten, bijv. bij de heer A. de Vries c.s. en mr. Jansen. Ik kom
hierop terug in de volgende rapportage.

Tot slot beveelt de rapporteur aan om scholing te geven. Scholing is er al, voor 28 638 mensen in 2020.
"""


def test_ordinals_torn_pages_superscripts_and_brackets() -> None:
    letter = read(ORDINALS)
    one, two = letter.recommendations
    assert (one.number, one.quote) == (1, "De eerste aanbeveling luidt om slachtoffers sneller te melden.")
    assert one.response == (
        "Ik neem deze aanbeveling over. Voor het kerstreces informeer ik uw Kamer over de uitwerking, zie ook mijn"
        " eerdere brief¹ en de daarin (…) opgenomen planning."
    )
    assert two.quote == "De tweede aanbeveling betreft de opvang. Het bureau adviseert meer plaatsen te maken."
    assert two.response == "Dit is aan een volgend kabinet.[2]"
    assert [(note.number, note.text) for note in letter.footnotes] == [
        (1, "Kamerstukken II 2020/21, 35 570-VI, nr. 50; Kamerstuk 28 638, nrs. 164 en 176."),
        (2, "Zie https://example.org/rapport"),
    ]
    assert letter.footnotes[1].sentence == two.response
    assert papers(letter) == [("35570-50", 1), ("28638-164", 1), ("28638-176", 1)]
    before, after = letter.promises
    assert before.due == Due(dt.date(2021, 10, 4), dt.date(2021, 12, 16), "before_recess", 0.8)
    assert (before.recommendation, after.recommendation) == (1, None)
    assert "daarin opgenomen planning" in letter.text
    assert "Pagina" not in letter.text


def test_labels_over_and_before_their_words() -> None:
    letter = read(LABELS)
    one, two, three = letter.recommendations
    assert (one.number, one.quote) == (1, "Verbeter de registratie van meldingen.")
    assert one.response == "Ik onderschrijf dit. Binnen zes weken stuur ik u een plan."
    assert (two.number, two.quote) == (2, "Onderzoek de rol van platforms.")
    assert two.response == "Hier zie ik geen reden toe."
    assert (three.number, three.quote) == (3, "Maak een wet.")
    assert three.response == "Een wet is in voorbereiding en wordt medio 2022 aan uw Kamer aangeboden."
    assert [promise.recommendation for promise in letter.promises] == [1, 3]
    assert [promise.due.rule for promise in letter.promises if promise.due] == ["within", "part_of_year"]


def test_counted_paragraphs_and_short_words_with_points() -> None:
    letter = read(COUNTED)
    one, two, three = letter.recommendations
    assert [one.number, two.number, three.number] == [1, 2, 3]
    assert one.response == "Dat doe ik jaarlijks. Dat zeg ik hierbij toe."
    assert two.quote.endswith("bij de heer A. de Vries c.s. en mr. Jansen.")
    assert two.response == "Ik kom hierop terug in de volgende rapportage."
    assert three.response == "Scholing is er al, voor 28 638 mensen in 2020."
    assert letter.citations == ()
    assert letter.footnotes == ()
    assert [promise.recommendation for promise in letter.promises] == [1, 2]


def test_a_letter_without_numbers_gives_no_recommendation() -> None:
    assert read("Het CKM beveelt van alles aan. Ik dank het CKM.").recommendations == ()
    assert read("").text == ""


def test_a_recommendation_named_again_begins_nothing() -> None:
    letter = read(ORDINALS.replace("Hoogachtend", "De eerste aanbeveling hangt hiermee samen.\n\nHoogachtend"))
    assert [one.number for one in letter.recommendations] == [1, 2]


def test_only_what_is_said_to_be_a_promise_is_one() -> None:
    for text in (
        "Ik zal nu ingaan op de verschillende aanbevelingen.",
        "Hierover heeft u een separate brief ontvangen.",
        "In mijn brief heb ik deze toezegging nogmaals onderstreept.",
        "Samen met onze partners blijf ik werken aan een toekomst.",
    ):
        assert read(text).promises == ()
    for text in (
        "Uw Kamer ontvangt dit voor de zomer.",
        "Ik zeg u toe dat dit gebeurt.",
        "Hierover bericht ik u eind november.",
        "Ik kom hier in het voorjaar op terug.",
        "De Kamer wordt hierover geïnformeerd.",
        "Ik zal uw Kamer op de hoogte houden.",
    ):
        assert [one.quote for one in read(text).promises] == [text]


# any text

PIECES = [
    *SEED.splitlines(keepends=True),
    *ORDINALS.splitlines(keepends=True),
    *LABELS.splitlines(keepends=True),
    *COUNTED.splitlines(keepends=True),
    *("\n", "\f", "\r\n", " ", "Aanbeveling 4", "Aanbeveling IV. ", "Ten vijfde adviseert ", "... ", "(…)", "1 ", "¹ "),
    *(
        "woord1 ",
        "einde.2 ",
        "Pagina 3\n",
        "www.example.org\n",
        "Kamerstuk 28\n638, nr.\n",
        "ontvangt u ",
        "\u00a0",
        "İ",
    ),
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=60).map("".join),
)


@given(TEXTS, st.dates())
def test_any_text_is_read_and_every_quote_stands_in_it(text: str, day: dt.date) -> None:
    letter = read(text, day)
    quotes = [
        *(one.quote for one in letter.recommendations),
        *(one.response for one in letter.recommendations),
        *(one.sentence for one in letter.footnotes),
        *(one.text for one in letter.footnotes),
        *(one.quote for one in letter.promises),
    ]
    for quote in quotes:
        assert not quote or occurs(quote, text)
    assert all(one.quote for one in letter.recommendations)
    for cited in letter.citations:
        assert text[cited.citation.start :].startswith(cited.citation.quote)
    numbers = [one.number for one in letter.recommendations]
    assert numbers == sorted(set(numbers))
    notes = {one.number for one in letter.footnotes}
    assert {one.footnote for one in letter.citations} <= notes | {None}


@given(st.lists(st.sampled_from(SEED.split("\n\n")), min_size=1, max_size=8))
def test_the_answer_to_one_recommendation_never_holds_another(paragraphs: list[str]) -> None:
    for one in read("\n\n".join(paragraphs)).recommendations:
        later = {1: ("Ten tweede", "Ten derde"), 2: ("Ten derde",), 3: ()}[one.number]
        assert not any(word in one.response for word in later)


def test_a_long_text_is_read() -> None:
    for piece in ("nr. 1", "1 a\n", "a1 ", "Ten eerste beveelt ", "\n1 Zie\n", "A. ", "a.\n\n", "http://x\n"):
        read(piece * (50_000 // len(piece)))
