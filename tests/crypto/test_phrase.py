"""The return phrase: published vectors, what people type, and what opens with it."""

import os
import unicodedata

import pytest
from crypto_play import fixed, flips, keys, read_vectors, truncations
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from luwte.crypto import phrase
from luwte.crypto.phrase import NotAPhrase, Visit
from luwte.crypto.primitives import CannotOpen

# The 128-bit ones of the test vectors that BIP-0039 names (github.com/trezor/python-mnemonic, vectors.json).
PUBLISHED = {
    "00000000000000000000000000000000": "abandon " * 11 + "about",
    "7f" * 16: "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "80" * 16: "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "ffffffffffffffffffffffffffffffff": "zoo " * 11 + "wrong",
    "9e885d952ad362caeb4efe34a8e91bd2": "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
    "c0ba5a8e914111210f2bd131f3d5e08d": "scheme spot photo card baby mountain device kick cradle pact join borrow",
    "23db8160a31d3e0dca3688ed941adbf3": "cat swing flag economy stadium alone churn speed unique patch report train",
    "f30f8c1da665478f49b001d94c5fc452": "vessel ladder alter error federal sibling chat"
    " ability sun glass valve picture",
}
ENTROPY = bytes.fromhex("9e885d952ad362caeb4efe34a8e91bd2")
TEXT = PUBLISHED[ENTROPY.hex()]


@pytest.mark.parametrize(("entropy", "text"), PUBLISHED.items())
def test_the_published_vectors(entropy: str, text: str) -> None:
    """B-1 ... B-6: BIP39."""
    assert phrase.words(bytes.fromhex(entropy)) == text.split()
    assert phrase.read(text).hex() == entropy


@given(fixed(16))
def test_another_hand_gives_the_same_words(entropy: bytes) -> None:
    other = Mnemonic("english")
    assert " ".join(phrase.words(entropy)) == other.to_mnemonic(entropy)
    assert phrase.read(other.to_mnemonic(entropy)) == entropy == bytes(other.to_entropy(phrase.words(entropy)))


@given(fixed(16), st.data())
def test_it_is_read_however_it_is_typed(entropy: bytes, data: st.DataObject) -> None:
    """B-25: any case, accents, full width, numbers, commas and line breaks between, four letters of a word."""
    typed = ""
    for n, word in enumerate(phrase.words(entropy), 1):
        how = data.draw(st.sampled_from([str.upper, str.title, str, lambda w: w[:4], accented, wide]))
        typed += data.draw(st.sampled_from([" ", ", ", "\n", "\r\n", "\t", f" {n}. ", f"\n{n}) ", "\u00a0", " - "]))
        typed += how(word)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert phrase.read(unicodedata.normalize(form, typed)) == entropy


def accented(word: str) -> str:
    """As a keyboard of another language may help out."""
    return "".join(letter + "\u0301" for letter in word)


def wide(word: str) -> str:
    """As an East Asian keyboard writes Latin letters."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in word)


@given(fixed(16), st.integers(0, 11), st.data())
def test_a_word_that_is_none_is_named_by_its_place(entropy: bytes, at: int, data: st.DataObject) -> None:
    words = phrase.words(entropy)
    words[at] = data.draw(st.sampled_from(["xyzzy", "qqqq", "hallo", "zzz"]))
    with pytest.raises(NotAPhrase) as refusal:
        phrase.read(" ".join(words))
    assert refusal.value.word == at + 1
    assert words[at] not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "  ", "abandon", "abandon " * 11, "abandon " * 13, "about " * 24, "1 2 3"])
def test_another_number_of_words_is_no_phrase(text: str) -> None:
    with pytest.raises(NotAPhrase) as refusal:
        phrase.read(text)
    assert refusal.value.word is None


def test_a_slip_in_one_word_is_noticed_without_asking_anybody() -> None:
    """B-25: the four bits at the end catch fifteen slips of sixteen, and never give another's phrase for this one."""
    slips = passed = 0
    for at in range(12):
        for other in Mnemonic("english").wordlist[::31]:
            words = TEXT.split()
            if words[at] == other:
                continue
            words[at] = other
            slips += 1
            try:
                assert phrase.read(" ".join(words)) != ENTROPY
                passed += 1
            except NotAPhrase:
                pass
    assert 0.03 < passed / slips < 0.10


def test_no_word_of_the_list_needs_its_letters_after_the_fourth() -> None:
    wordlist = Mnemonic("english").wordlist
    assert len({word[:4] for word in wordlist}) == len(wordlist) == 2048
    assert all(unicodedata.normalize("NFKD", word) == word and word.isascii() and word.islower() for word in wordlist)


@given(fixed(16), keys, keys, keys)
def test_a_visit_comes_back_out_of_its_box(entropy: bytes, vs: bytes, opening: bytes, talk: bytes) -> None:
    visit = Visit(vs, (opening, talk))
    box = phrase.seal(entropy, "luwte", visit)
    assert len(box) == phrase.BOX_BYTES
    assert phrase.open_box(entropy, "luwte", box) == visit
    assert vs.hex() not in repr(visit)


def test_a_box_opens_under_its_own_phrase_at_its_own_house_whole() -> None:
    """B-9, B-13: nothing else opens it, and nothing spoilt opens."""
    box = phrase.seal(ENTROPY, "luwte", Visit(b"v" * 32, (b"0" * 32, b"1" * 32)))
    wrong = [(os.urandom(16), "luwte", box), (ENTROPY, "other", box), (ENTROPY, "luwte", box + b"\0")]
    wrong += [(ENTROPY, "luwte", spoilt) for spoilt in [*flips(box), *truncations(box)]]
    for entropy, organisation, spoilt in wrong:
        with pytest.raises(CannotOpen):
            phrase.open_box(entropy, organisation, spoilt)


@given(fixed(16))
def test_where_it_is_found_says_nothing_of_what_opens_it(entropy: bytes) -> None:
    locator = phrase.locator(entropy)
    assert len(locator) == 32
    assert locator not in (phrase._key(entropy), entropy + entropy)


def test_what_the_browser_sealed_opens_here() -> None:
    made = read_vectors("browser.json")["phrase"]
    entropy = bytes.fromhex(made["entropy"])
    assert phrase.words(entropy) == made["words"]
    assert phrase.read(made["typed"]) == entropy
    assert phrase.locator(entropy).hex() == made["locator"]
    visit = phrase.open_box(entropy, made["organisation"], bytes.fromhex(made["box"]))
    assert [visit.vs.hex(), *(secret.hex() for secret in visit.secrets)] == [made["vs"], *made["secrets"]]
