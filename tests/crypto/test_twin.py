"""Python and the browser's own code, live: what one makes the other reads, and what one refuses the other refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from crypto_play import certificates, contexts, fixed, headers, keys, names, texts
from crypto_twin import WEB, Browser, Refused, heard, spoken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luwte.crypto import envelope as env
from luwte.crypto import phrase
from luwte.crypto.certificate import Certificate, Type, Untrusted, check_chain, issue, parse
from luwte.crypto.keys import sign_start, start_is_signed, visitor_keys
from luwte.crypto.primitives import (
    CannotOpen,
    Malformed,
    open_sealed,
    public_of,
    sealed,
    sha256,
    sign,
    signing_public_of,
    stretch,
    verify,
)
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap

together = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    twin = Browser()
    yield twin
    twin.close()


@together
@given(secret=keys, header=headers, text=texts)
def test_each_opens_what_the_other_sealed(browser: Browser, secret: bytes, header: env.Header, text: str) -> None:
    theirs = browser("seal", secret, header, text)
    assert env.parse(theirs)._replace(salt=b"") == header
    assert env.read_content(env.open_envelope(secret, theirs)) == text

    ours = env.seal(secret, header, env.content(text))
    assert browser("open", secret, ours) == text
    read = browser("parse", ours)
    assert spoken(header) == {name: spoken(part) for name, part in read.items() if name != "salt"}


@together
@given(secret=keys, header=headers, cert_id=fixed(16), seed=keys, text=texts)
def test_each_believes_the_others_signed_messages(
    browser: Browser, secret: bytes, header: env.Header, cert_id: bytes, seed: bytes, text: str
) -> None:
    public = signing_public_of(seed)
    theirs = browser("sealSigned", secret, header, cert_id, seed, text)
    said = env.read_staff_body(theirs, env.open_envelope(secret, theirs), {cert_id: public}.get)
    assert said == (cert_id, env.content(text))

    ours = env.seal_signed(secret, header, cert_id, seed, env.content(text))
    assert browser("openSigned", secret, ours, cert_id, public) == text
    with pytest.raises(Refused, match="CannotOpen"):
        browser("openSigned", secret, ours, cert_id, signing_public_of(public))


@pytest.mark.parametrize("length", [0, 1, 250, 252, 253, 4000, 16379])
def test_the_largest_and_the_edges_cross_too(browser: Browser, length: int) -> None:
    header = env.Header(1, 1, b"c" * 16, 0, b"s" * 8, 1, b"m" * 16, bytes(32), 0, b"h" * 32)
    text = "x" * length
    assert env.read_content(env.open_envelope(b"k" * 32, browser("seal", b"k" * 32, header, text))) == text
    assert browser("open", b"k" * 32, env.seal(b"k" * 32, header, env.content(text))) == text


def test_neither_seals_a_byte_too_many(browser: Browser) -> None:
    header = env.Header(1, 1, b"c" * 16, 0, b"s" * 8, 1, b"m" * 16, bytes(32), 0, b"h" * 32)
    with pytest.raises(Malformed):
        env.seal(b"k" * 32, header, env.content("x" * 16380))
    with pytest.raises(Refused, match="Malformed"):
        browser("seal", b"k" * 32, header, "x" * 16380)


@together
@given(header=headers, at=st.integers(0, 465), bit=st.integers(0, 7), text=st.text("ab", max_size=20))
def test_both_refuse_the_same_spoilt_envelope(
    browser: Browser, header: env.Header, at: int, bit: int, text: str
) -> None:
    """In the open part one may still read it; then both read the same, or both call it by the same name."""
    spoilt = bytearray(env.seal(b"k" * 32, header, env.content(text)))
    spoilt[at] ^= 1 << bit
    with pytest.raises(CannotOpen):
        env.open_envelope(b"k" * 32, bytes(spoilt))
    with pytest.raises(Refused, match="CannotOpen"):
        browser("open", b"k" * 32, bytes(spoilt))
    try:
        ours: object = list(env.parse(bytes(spoilt)))
    except Malformed as refusal:
        ours = type(refusal).__name__
    try:
        theirs: object = list(browser("parse", bytes(spoilt)).values())
    except Refused as refusal:
        theirs = refusal.name
    assert ours == theirs


@together
@given(secret=keys, private=keys, context=contexts, other=contexts)
def test_each_unwraps_what_the_other_wrapped(
    browser: Browser, secret: bytes, private: bytes, context: WrapContext, other: WrapContext
) -> None:
    theirs = browser("wrap", secret, public_of(private), context)
    assert unwrap(theirs, private, context) == secret
    ours = wrap(secret, public_of(private), context)
    assert browser("unwrap", ours, private, context) == secret
    if other != context:
        with pytest.raises(CannotOpen):
            unwrap(theirs, private, other)
        with pytest.raises(Refused, match="CannotOpen"):
            browser("unwrap", ours, private, other)


@together
@given(certificate=certificates(), seed=keys)
def test_both_issue_the_same_certificate(browser: Browser, certificate: Certificate, seed: bytes) -> None:
    """Nothing in it is chance, so the bytes are the same; and each reads what the other wrote."""
    raw = issue(certificate, seed)
    assert browser("issue", certificate, seed) == raw
    assert heard(browser("parseCertificate", raw)) == certificate == parse(raw).certificate


@together
@given(certificate=certificates(), data=st.data())
def test_both_read_or_refuse_the_same_spoilt_certificate(
    browser: Browser, certificate: Certificate, data: st.DataObject
) -> None:
    """Flipped, shortened or lengthened in the middle: the two parsers never disagree about what it says."""
    raw = bytearray(issue(certificate, b"i" * 32))
    end = len(raw) - 65
    # Often where the rules are: version, suite and type at the front, the times at the back.
    at = data.draw(st.one_of(st.integers(0, 2), st.integers(end - 15, end), st.integers(0, end)))
    how = data.draw(st.sampled_from(["flip", "drop", "double", "set"]))
    if how == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "set":
        raw[at] = data.draw(st.one_of(st.integers(0, 5), st.integers(0, 255)))
    else:
        raw[at : at + 1] = b"" if how == "drop" else bytes([raw[at]] * 2)
    try:
        ours: Certificate | str = parse(bytes(raw)).certificate
    except Malformed:
        ours = "Malformed"
    try:
        theirs: Certificate | str = heard(browser("parseCertificate", bytes(raw)))
    except Refused as refusal:
        theirs = refusal.name
    assert ours == theirs


DAY = 86_400
NOW = 1_800_000_000
ROOT, ADMIN = b"r" * 32, b"a" * 32
organisations = st.sampled_from(["luwte", "other"])
teams = st.sampled_from(["youth", "elders"])


@together
@given(
    issuers=st.tuples(st.sampled_from([ROOT, ROOT, ADMIN]), st.sampled_from([ADMIN, ADMIN, ROOT])),
    said=st.tuples(organisations, organisations, teams, st.sampled_from(["counsellor", "lead"])),
    asked=st.tuples(organisations, teams, st.sampled_from(["counsellor", "lead"]), st.sampled_from([2, 3])),
    type=st.sampled_from([Type.TEAM, Type.STAFF]),
    now=st.sampled_from([NOW - 4 * DAY, NOW - 2 * DAY, NOW - 2 * DAY - 1, NOW, NOW + 3 * DAY - 1, NOW + 3 * DAY]),
)
def test_both_judge_a_chain_alike(browser: Browser, issuers: Any, said: Any, asked: Any, type: Type, now: int) -> None:
    """The same yes, or the same reason for no."""
    signing, agreement = signing_public_of(ADMIN), public_of(ADMIN)
    admin = issue(
        Certificate(Type.TEAM_ADMIN, said[0], "team-admin", (signing,), (), 0, NOW - DAY, NOW + 9 * DAY), issuers[0]
    )
    staff = type is Type.STAFF
    leaf = issue(
        Certificate(
            type,
            said[1],
            "account-1" if staff else said[2],
            (signing, agreement) if staff else (agreement,),
            (f"{said[2]}/{said[3]}",) if staff else (),
            1,
            NOW,
            NOW + DAY,
        ),
        issuers[1],
    )
    expected: dict[str, Any] = {"organisation": asked[0], "type": Type(asked[3]), "now": now, "team": asked[1]}
    if staff:
        expected["role"] = asked[2]
    try:
        ours = check_chain(signing_public_of(ROOT), admin, leaf, **expected).certificate.subject
    except Untrusted as refusal:
        ours = refusal.reason
    try:
        theirs = browser("checkChain", signing_public_of(ROOT), admin, leaf, expected)["subject"]
    except Refused as refusal:
        theirs = refusal.reason
    assert ours == theirs


@together
@given(seed=keys, message=st.binary(max_size=60), data=st.data())
def test_all_three_agree_about_every_signature(
    browser: Browser, seed: bytes, message: bytes, data: st.DataObject
) -> None:
    """OpenSSL, the browser's own and the portable one: sound ones, spoilt ones, other spellings, crooked keys."""
    public, signature = signing_public_of(seed), sign(seed, message)
    edge = st.sampled_from([bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\xed" + b"\xff" * 30 + b"\x7f", public])
    public = data.draw(st.one_of(st.just(public), edge, fixed(32)))
    signature = data.draw(
        st.one_of(
            st.just(signature),
            st.builds(lambda r: r + signature[32:], st.one_of(edge, fixed(32))),
            st.builds(lambda s: signature[:32] + s, st.one_of(edge, fixed(32))),
        )
    )
    verdict = verify(public, signature, message)
    assert browser("verify", public, signature, message) == verdict
    assert browser("verifyNoble", public, signature, message) == verdict


@together
@given(vs=keys, line=names, team_cert=fixed(16), wraps=st.lists(fixed(80), min_size=4, max_size=4))
def test_a_browsers_start_is_signed_as_the_server_checks_it(
    browser: Browser, vs: bytes, line: str, team_cert: bytes, wraps: list[bytes]
) -> None:
    ve, vg, credential, conv, signature = browser("visitor", vs, line, team_cert, wraps)
    assert start_is_signed(line, ve, vg, sha256(credential), team_cert, wraps, signature)
    ours = visitor_keys(vs)
    assert (ours.ve_public, ours.vg_public, ours.credential, ours.conv) == (ve, vg, credential, conv)
    assert sign_start(line, ours, team_cert, wraps) == signature


@settings(max_examples=5, deadline=None)
@given(passphrase=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), salt=fixed(16))
def test_a_passphrase_gives_the_same_key_in_both(browser: Browser, passphrase: str, salt: bytes) -> None:
    assert browser("stretch", passphrase, salt) == stretch(passphrase, salt)


@together
@given(key=keys, account=names.filter(lambda name: "\0" not in name), id=names, secret=fixed(32))
def test_each_opens_the_others_sealed_keys(browser: Browser, key: bytes, account: str, id: str, secret: bytes) -> None:
    assert open_sealed(key, account, id, browser("sealed", key, account, id, secret)) == secret
    assert browser("openSealed", key, account, id, sealed(key, account, id, secret)) == secret


@together
@given(entropy=fixed(16), organisation=names.filter(lambda name: "\0" not in name), vs=keys, opening=keys, talk=keys)
def test_each_opens_what_the_other_sealed_under_a_phrase(
    browser: Browser, entropy: bytes, organisation: str, vs: bytes, opening: bytes, talk: bytes
) -> None:
    assert browser("phraseWords", entropy) == phrase.words(entropy)
    assert browser("locator", entropy) == phrase.locator(entropy)
    visit = phrase.Visit(vs, (opening, talk))
    theirs = browser("sealCarried", entropy, organisation, vs, [opening, talk])
    assert phrase.open_box(entropy, organisation, theirs) == visit
    ours = phrase.seal(entropy, organisation, visit)
    assert browser("openCarried", entropy, organisation, ours) == [vs, [opening, talk]]
    with pytest.raises(Refused, match="CannotOpen"):
        browser("openCarried", entropy, organisation, ours[:-1])


typed_words = st.lists(
    st.one_of(st.sampled_from(phrase.words(bytes(range(16)))), st.text(st.characters(codec="utf-8"), max_size=6)),
    max_size=14,
)


@together
@given(
    typed=st.one_of(typed_words, st.just(phrase.words(bytes(range(16))))), between=st.sampled_from([" ", ", ", "\n"])
)
def test_both_read_or_refuse_the_same_phrase(browser: Browser, typed: list[str], between: str) -> None:
    """Whatever somebody types: the same bytes, or the same word is named."""
    text = between.join(typed)
    try:
        ours: object = phrase.read(text)
    except phrase.NotAPhrase as refusal:
        ours = refusal.word or "none"
    try:
        theirs: object = browser("readPhrase", text)
    except Refused as refusal:
        theirs = refusal.word or "none" if refusal.name == "NotAPhrase" else refusal.name
    assert ours == theirs


def test_a_purpose_means_the_same_in_both() -> None:
    source = (WEB / "src/crypto/wrap.ts").read_text()
    for purpose in Purpose:
        assert f"{purpose.name}: {int(purpose)}," in source
