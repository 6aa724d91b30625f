"""Shares on paper: browser and Python restore what the other divided; published vectors; what one share knows."""

import hmac
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import paper
import pytest
from crypto_play import fixed, keys, names
from crypto_twin import Browser, Refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shamir_mnemonic.shamir import EncryptedMasterSecret
from shamir_mnemonic.share import Share as Slip39

together = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
sharings = st.builds(
    lambda key, organisation, of: {"key": key, "organisation": organisation, "shares": of[0], "threshold": of[1]},
    st.sampled_from([1, 2]),
    names,
    st.sampled_from([(3, 2), (5, 3)]),
)
TWO_OF_THREE = {"key": 1, "organisation": "luwte", "shares": 3, "threshold": 2}

# Two of three, 256 and 128 bits: the fourth and the twenty-third of the test vectors that SLIP-0039 names
# (github.com/trezor/python-shamir-mnemonic, vectors.json). The passphrase is TREZOR.
PUBLISHED = {
    "c938b319067687e990e05e0da0ecce1278f75ff58d9853f19dcaeed5de104aae": [
        "humidity disease academic always aluminum jewelry energy woman receiver strategy amuse duckling lying evidence"
        " network walnut tactics forget hairy rebound impulse brother survive clothes stadium mailman rival ocean"
        " reward venture always armed unwrap",
        "humidity disease academic agency actress jacket gross physics cylinder solution fake mortgage benefit public"
        " busy prepare sharp friar change work slow purchase ruler again tricycle involve viral wireless mixture"
        " anatomy desert cargo upgrade",
    ],
    "b43ceb7e57a0ea8766221624d01b0864": [
        "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist rescue view short"
        " owner flip making coding armed",
        "shadow pistol academic acid actress prayer class unknown daughter sweater depict flip twice unkind craft early"
        " superior advocate guest smoking",
    ],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    twin = Browser()
    yield twin
    twin.close()


def test_our_slow_twin_multiplies_as_the_standard_does() -> None:
    """FIPS 197, section 4.2: {57} times {83} is {c1}, times {13} is {fe}."""
    assert paper.times(0x57, 0x83) == 0xC1
    assert paper.times(0x57, 0x13) == 0xFE
    assert all(paper.times(paper.over(a, b), b) == a for a in range(0, 256, 17) for b in range(1, 256, 13))


@pytest.mark.parametrize(("secret", "mnemonics"), PUBLISHED.items())
def test_the_published_shares_of_slip_39_are_restored(browser: Browser, secret: str, mnemonics: list[str]) -> None:
    """They have the secret at place 255 and its digest at 254; shifting the places brings either to nought."""
    shares = [Slip39.from_mnemonic(text) for text in mnemonics]
    at = {}
    for place in (255, 254):
        at[place] = browser("interpolate", [share.value + bytes([share.index ^ place]) for share in shares])
        assert paper.at(place, [(share.index, share.value) for share in shares]) == at[place]
    digest, chance = at[254][:4], at[254][4:]
    assert hmac.digest(chance, at[255], "sha256")[:4] == digest
    one = shares[0]
    encrypted = EncryptedMasterSecret(one.identifier, one.extendable, one.iteration_exponent, at[255])
    assert encrypted.decrypt(b"TREZOR").hex() == secret


@together
@given(secret=keys, sharing=sharings)
def test_python_restores_what_a_browser_divided(browser: Browser, secret: bytes, sharing: dict[str, Any]) -> None:
    papers = browser("papers", secret, sharing)
    shares = [paper.read(said["lines"]) for said in papers]
    for share, said in zip(shares, papers, strict=True):
        assert (share.version, f"{share.set:08x}") == (1, said["set"])
        assert [share.key, share.number, share.shares, share.threshold] == [
            said[name] for name in ("key", "number", "shares", "threshold")
        ]
        assert paper.write(share) == said["lines"]
    for few in combinations(shares, sharing["threshold"]):
        whole = paper.at(0, [share.point() for share in few])
        assert whole == secret + paper.check_value(secret, few[0], sharing["organisation"])


@together
@given(secret=keys, sharing=sharings, set_=st.integers(0, 2**32 - 1), data=st.data())
def test_a_browser_restores_what_python_divided(
    browser: Browser, secret: bytes, sharing: dict[str, Any], set_: int, data: st.DataObject
) -> None:
    count, threshold = sharing["shares"], sharing["threshold"]
    blank = paper.Share(1, sharing["key"], 0, count, threshold, set_, 0, 0)
    whole = secret + paper.check_value(secret, blank, sharing["organisation"])
    chance = [(1 + n, data.draw(fixed(37))) for n in range(threshold - 1)]
    places = data.draw(st.lists(st.integers(1, 255), min_size=count, max_size=count, unique=True))
    written = []
    for number, place in enumerate(places, 1):
        values = int.from_bytes(paper.at(place, [(0, whole), *chance]), "big")
        share = paper.Share(1, sharing["key"], number, count, threshold, set_, values, place)
        written.append(paper.write(share))
    assert browser("restore", data.draw(st.permutations(written)), sharing) == secret
    few = data.draw(st.permutations(written))[:threshold]
    assert browser("restore", few, sharing) == secret
    with pytest.raises(Refused) as refusal:
        browser("restore", few[:-1], sharing)
    assert refusal.value.reason == "few"


@together
@given(secret=keys, guess=keys, number=st.integers(0, 2))
def test_one_share_fits_every_key_there_is(browser: Browser, secret: bytes, guess: bytes, number: int) -> None:
    """F: whoever holds one has nothing to try a guess on; for each key there is a second share that makes it, check
    value and all, and a browser takes the two."""
    one = paper.read(browser("papers", secret, TWO_OF_THREE)[number]["lines"])
    other = paper.other_half(one, guess + paper.check_value(guess, one, "luwte"))
    assert browser("restore", [paper.write(one), paper.write(other)], TWO_OF_THREE) == guess


@together
@given(secret=keys, change=fixed(37).filter(any))
def test_whoever_changes_a_share_makes_the_others_fail_and_no_more(
    browser: Browser, secret: bytes, change: bytes
) -> None:
    one, two, _ = (paper.read(said["lines"]) for said in browser("papers", secret, TWO_OF_THREE))
    bent = replace(one, values=one.values ^ int.from_bytes(change, "big"))
    with pytest.raises(Refused) as refusal:
        browser("restore", [paper.write(bent), paper.write(two)], TWO_OF_THREE)
    assert refusal.value.reason == "wrong"


@together
@given(secret=keys, chosen=keys)
def test_nobody_chooses_the_key_from_place_nought(browser: Browser, secret: bytes, chosen: bytes) -> None:
    """There a share is the key itself, whatever the others say; with a check value it would be believed."""
    one, two, _ = (paper.read(said["lines"]) for said in browser("papers", secret, TWO_OF_THREE))
    whole = chosen + paper.check_value(chosen, one, "luwte")
    forged = replace(one, values=int.from_bytes(whole, "big"), place=0)
    with pytest.raises(Refused) as refusal:
        browser("restore", [paper.write(forged), paper.write(two)], TWO_OF_THREE)
    assert refusal.value.reason == "wrong"
