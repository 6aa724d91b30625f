"""What a browser made, read here. vectors/browser.json comes from web/test/crypto/make-vectors.ts."""

from typing import Any, get_args

import pytest
from crypto_play import read_vectors

from luwte.crypto import envelope as env
from luwte.crypto import rotation
from luwte.crypto.certificate import Type, cert_id, check_chain, issue
from luwte.crypto.keys import (
    StaffKeyId,
    kek,
    login_proof,
    open_amk,
    open_amk_by_sheet,
    open_staff_key,
    sheet_proof,
    sign_start,
    start_is_signed,
    visitor_keys,
)
from luwte.crypto.primitives import CannotOpen, sha256, stretch
from luwte.crypto.replies import ReplyText, open_reply, own_key, team_key
from luwte.crypto.wrap import Purpose, WrapContext, unwrap

BROWSER = read_vectors("browser.json")
unhex = bytes.fromhex


def test_a_browsers_envelopes_open_and_say_where_they_belong() -> None:
    assert len(BROWSER["envelopes"]) == 6
    for made in BROWSER["envelopes"]:
        envelope = unhex(made["envelope"])
        fields = [value.hex() if isinstance(value, bytes) else value for value in env.parse(envelope)[:-1]]
        assert fields == made["header"]
        assert env.read_content(env.open_envelope(unhex(made["secret"]), envelope)) == made["text"]


def test_a_browsers_staff_message_is_its_signers() -> None:
    made = BROWSER["staff_envelope"]
    envelope = unhex(made["envelope"])
    body = env.open_envelope(unhex(made["secret"]), envelope)
    said = env.read_staff_body(envelope, body, {unhex(made["cert_id"]): unhex(made["public"])}.get)
    assert said == (unhex(made["cert_id"]), env.content(made["text"]))


def test_a_browsers_wraps_unwrap() -> None:
    assert len(BROWSER["wraps"]) == len(Purpose)
    for made in BROWSER["wraps"]:
        context = WrapContext(
            made["organisation"],
            made["team"],
            made["epoch"],
            unhex(made["conv"]),
            made["generation"],
            Purpose(made["purpose"]),
        )
        assert unwrap(unhex(made["wrapped"]), unhex(made["private"]), context).hex() == made["secret"]


def test_a_browsers_certificates_hold_and_are_the_same_bytes_when_issued_here() -> None:
    made = BROWSER["certificates"]
    for name, type in (("team", Type.TEAM), ("staff", Type.STAFF), ("partner", Type.PARTNER)):
        raw = unhex(made[name])
        signed = check_chain(
            unhex(made["root"]),
            unhex(made["admin"]),
            raw,
            organisation=made["organisation"],
            type=type,
            now=made["now"],
        )
        assert cert_id(raw).hex() == made["ids"][name]
        assert issue(signed.certificate, sha256(b"admin")) == raw


def test_a_visitors_keys_and_signature_are_the_same_bytes() -> None:
    made = BROWSER["visitor"]
    keys = visitor_keys(unhex(made["vs"]))
    wraps = [unhex(wrap) for wrap in made["wraps"]]
    team_cert, signature = unhex(made["team_cert"]), unhex(made["signature"])
    public = [keys.ve_public, keys.vg_public, keys.credential, keys.conv]
    assert [part.hex() for part in public] == [made[name] for name in ("ve", "vg", "credential", "conv")]
    assert sign_start(made["line"], keys, team_cert, wraps) == signature
    ve, vg, credential, _ = public
    assert start_is_signed(made["line"], ve, vg, sha256(credential), team_cert, wraps, signature)


def test_a_staff_member_of_the_browsers_signs_in_here() -> None:
    made = BROWSER["staff"]
    stretched = stretch(made["passphrase"], unhex(made["salt"]))
    assert stretched.hex() == made["stretched"]
    assert login_proof(stretched).hex() == made["login_proof"]
    key = kek(stretched, unhex(made["server_half"]))
    assert key.hex() == made["kek"]
    amk = open_amk(key, made["account"], unhex(made["sealed_amk"]))
    assert amk.hex() == made["amk"]
    for key_id in get_args(StaffKeyId):
        box = unhex(made[f"sealed_{key_id}"])
        assert open_staff_key(amk, made["account"], key_id, box).hex() == made["private"]
    sheet = unhex(made["sheet"])
    assert sheet_proof(sheet).hex() == made["sheet_proof"]
    assert open_amk_by_sheet(sheet, made["account"], unhex(made["sealed_for_sheet"])) == amk


def test_the_heads_are_the_same() -> None:
    made = BROWSER["heads"]
    heads = [env.head_zero(unhex(made["conv"]), env.SHARED_LOG)]
    for n, hashed in enumerate(made["hashes"], 1):
        heads.append(env.head_next(heads[-1], n, unhex(hashed)))
    assert [head.hex() for head in heads] == made["shared"]
    assert env.head_zero(unhex(made["conv"]), env.TEAM_LOG).hex() == made["team_zero"]


def test_a_browsers_replies_open_under_the_keys_that_we_derive() -> None:
    made = BROWSER["replies"]
    own, team = own_key(unhex(made["amk"])), team_key(unhex(made["team_private"]), made["team"], made["epoch"])
    assert (own.hex(), team.hex()) == (made["own_key"], made["team_key"])
    assert len(made["replies"]) == 8
    for one in made["replies"]:
        key = team if one["owner"] == made["team"] else own
        opened = open_reply(key, one["owner"], unhex(made["id"]), one["version"], unhex(one["sealed"]))
        assert opened == ReplyText(one["language"], one["name"], one["text"])


def follow(made: dict[str, Any], envelope: bytes) -> bytes:
    """The next secret, as a visitor believes it; for the team's log what it must be known by."""
    body = env.open_envelope(unhex(made["secret"]), envelope)
    _, said = env.read_staff_body(envelope, body, {unhex(made["cert_id"]): unhex(made["public"])}.get)
    record, header = rotation.read(said, made["log"]), env.parse(envelope)
    assert (header.klass, record.generation, record.epoch) == (env.ROTATION, made["generation"], made["epoch"])
    if made["log"] == env.TEAM_LOG:
        return record.commitment
    place = (made["organisation"], made["team"], record.epoch, header.conv, record.generation, Purpose.VISITOR)
    secret = unwrap(record.wrap, unhex(made["visitor"]), WrapContext(*place))
    assert rotation.commitment(secret, header.conv, made["log"], *record[:2]) == record.commitment
    return secret


def test_a_browsers_rotations_are_followed_and_every_flipped_bit_is_refused() -> None:
    assert [made["log"] for made in BROWSER["rotations"]] == [env.SHARED_LOG, env.TEAM_LOG]
    for made in BROWSER["rotations"]:
        envelope, next = unhex(made["envelope"]), unhex(made["next"])
        named = rotation.commitment(next, unhex(made["conv"]), made["log"], made["generation"], made["epoch"])
        assert named.hex() == made["commitment"]
        assert follow(made, envelope) == (next if made["log"] == env.SHARED_LOG else named)
        for at in range(len(envelope) * 8):
            spoilt = bytearray(envelope)
            spoilt[at // 8] ^= 1 << at % 8
            with pytest.raises(CannotOpen):
                follow(made, bytes(spoilt))


def test_what_a_secret_is_known_by_is_of_one_place() -> None:
    place = (b"c" * 16, env.SHARED_LOG, 2, 3)
    others = [(b"d" * 16, env.SHARED_LOG, 2, 3), (b"c" * 16, env.TEAM_LOG, 2, 3), (*place[:2], 3, 3), (*place[:3], 2)]
    assert len({rotation.commitment(b"s" * 32, *one) for one in [place, *others]}) == 5
    assert rotation.commitment(b"t" * 32, *place) != rotation.commitment(b"s" * 32, *place)
    record = rotation.Rotation(2, 3, bytes(32), bytes(80))
    said = rotation.content(record)
    assert rotation.read(said, env.SHARED_LOG) == record
    wrong = [b"", said[:-1], said + b"x", b"\x01" + said[1:], rotation.content(record._replace(wrap=b""))]
    for data in wrong:
        with pytest.raises(CannotOpen):
            rotation.read(data, env.SHARED_LOG)
    for data in (said, env.content("x" * 40), b""):
        with pytest.raises(CannotOpen):
            rotation.read(data, env.TEAM_LOG)
