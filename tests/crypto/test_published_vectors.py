"""The standard pieces against the vectors that their standards and NIST publish."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cryptography_vectors
import pyhpke
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from luwte.crypto.primitives import hkdf, hkdf_salted, public_of, sign, signing_public_of, verify

FOLDER = Path(cryptography_vectors.__file__).parent


def records(path: str) -> Iterator[dict[str, str]]:
    """The blocks of `name = value` lines of a NIST file; each COUNT (or Count) begins one."""
    record: dict[str, str] = {}
    for line in (FOLDER / path).read_text().splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if name.lower() == "count" and record:
            yield record
            record = {}
        if equals and not line.startswith(("#", "[")):
            record[name.lower()] = value
        elif line.strip() == "FAIL":
            record["fail"] = "yes"
    yield record


def test_hkdf_is_rfc_5869() -> None:
    checked = 0
    for r in records("KDF/rfc-5869-HKDF-SHA256.txt"):
        key, salt, info, okm = (bytes.fromhex(r[name]) for name in ("ikm", "salt", "info", "okm"))
        assert hkdf_salted(key, salt, info, int(r["l"])) == okm
        checked += 1
    assert checked == 3


def test_hkdf_with_a_label_is_hkdf_with_an_empty_salt() -> None:
    assert hkdf(b"k" * 32, "luwte/v1/ve") == hkdf_salted(b"k" * 32, b"", b"luwte/v1/ve", 32)


def test_argon2id_is_rfc_9106() -> None:
    checked = 0
    for r in records("KDF/argon2id.txt"):
        secret, ad = bytes.fromhex(r.get("secret", "")), bytes.fromhex(r.get("ad", ""))
        made = Argon2id(
            salt=bytes.fromhex(r["salt"]),
            length=int(r["length"]),
            iterations=int(r["iter"]),
            lanes=int(r["lanes"]),
            memory_cost=int(r["memcost"]),
            secret=secret or None,
            ad=ad or None,
        ).derive(bytes.fromhex(r["pass"]))
        assert made.hex() == r["output"]
        checked += 1
    assert checked >= 3


def test_x25519_is_rfc_7748() -> None:
    for r in records("asymmetric/X25519/rfc7748.txt"):
        scalar, u = bytes.fromhex(r["input_scalar"]), bytes.fromhex(r["input_u"])
        private = X25519PrivateKey.from_private_bytes(scalar)
        assert private.exchange(X25519PublicKey.from_public_bytes(u)).hex() == r["output_u"]
        if u == b"\x09" + bytes(31):
            assert public_of(scalar).hex() == r["output_u"]


def test_ed25519_is_rfc_8032() -> None:
    lines = (FOLDER / "asymmetric/Ed25519/sign.input").read_text().splitlines()
    assert len(lines) == 1024
    for line in lines:
        seed, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        assert signing_public_of(seed[:32]) == public
        assert sign(seed[:32], message) == signed[:64]
        assert verify(public, signed[:64], message)


@pytest.mark.parametrize("path", ["gcmEncryptExtIV256.rsp", "gcmDecrypt256.rsp"])
def test_aes_gcm_is_sp_800_38d(path: str) -> None:
    """Only our shape: a 96-bit nonce and a whole tag. The forged ones are refused."""
    checked = forged = 0
    for r in records(f"ciphers/AES/GCM/{path}"):
        if len(r.get("iv", "")) != 24 or len(r.get("tag", "")) != 32:
            continue
        key, nonce, ct, aad, tag = (bytes.fromhex(r[name]) for name in ("key", "iv", "ct", "aad", "tag"))
        if "fail" in r:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(nonce, ct + tag, aad)
            forged += 1
        else:
            assert AESGCM(key).decrypt(nonce, ct + tag, aad).hex() == r["pt"]
            assert AESGCM(key).encrypt(nonce, bytes.fromhex(r["pt"]), aad) == ct + tag
        checked += 1
    assert checked > 300
    assert forged > 0 or "Encrypt" in path


def test_hpke_is_rfc_9180() -> None:
    """pyhpke reads the published suite; test_wrap then shows that ours and pyhpke read each other."""
    vector = _hpke_vector()
    suite = pyhpke.CipherSuite.new(
        pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
    )
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skRm"]))
    reader = suite.create_recipient_context(
        bytes.fromhex(vector["enc"]),
        pyhpke.KEMKey.from_pyca_cryptography_key(private),
        info=bytes.fromhex(vector["info"]),
    )
    assert len(vector["encryptions"]) == 257
    for said in vector["encryptions"]:
        assert reader.open(bytes.fromhex(said["ct"]), aad=bytes.fromhex(said["aad"])).hex() == said["pt"]


def _hpke_vector() -> Any:
    ours = {"mode": 0, "kem_id": 0x20, "kdf_id": 1, "aead_id": 2}
    suites = json.loads((FOLDER / "HPKE/test-vectors.json").read_text())
    (vector,) = [v for v in suites if ours.items() <= v.items()]
    return vector
