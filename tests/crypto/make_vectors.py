"""Writes vectors/python.json, which the browser's tests read. `python tests/crypto/make_vectors.py` makes it again.

The keys in it are of no use to anybody: they are counted, not drawn.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

import two_keys
from crypto_play import VECTORS

from luwte.crypto import envelope as env
from luwte.crypto import merkle, note, rotation
from luwte.crypto import phrase as phrases
from luwte.crypto.certificate import Certificate, Type, cert_id, issue
from luwte.crypto.keys import (
    kek,
    login_proof,
    seal_amk,
    seal_amk_for_sheet,
    seal_staff_key,
    sheet_proof,
    sign_start,
    visitor_keys,
)
from luwte.crypto.primitives import public_of, sha256, signing_public_of, stretch
from luwte.crypto.replies import ReplyText, own_key, seal_reply, team_key
from luwte.crypto.wrap import NO_CONVERSATION, Purpose, WrapContext, wrap

TEXTS = ["", "hello", "Ik weet niet waar ik moet beginnen 💬", "\ufeffmarked", "é" * 300, "x" * 4000]
ORGANISATION, TEAM = "luwte-démo", "jeugd"
NOW = 1_800_000_000


def counted(name: str, length: int = 32) -> bytes:
    return sha256(name.encode())[:length]


def certificates() -> dict[str, Any]:
    root, admin, staff = counted("root"), counted("admin"), counted("staff")

    def made(type: Type, subject: str, keys: tuple[bytes, ...], roles: tuple[str, ...], issuer: bytes) -> bytes:
        return issue(Certificate(type, ORGANISATION, subject, keys, roles, 3, NOW, NOW + 7_776_000), issuer)

    pair = (signing_public_of(staff), public_of(staff))
    chain = {
        "admin": made(Type.TEAM_ADMIN, "team-admin", (signing_public_of(admin),), (), root),
        "team": made(Type.TEAM, TEAM, (public_of(counted("team")),), (), admin),
        "staff": made(Type.STAFF, "rekening-1", pair, ("jeugd/counsellor", "jeugd/lead"), admin),
        "partner": made(Type.PARTNER, "veilig-thuis", pair, (), admin),
    }
    return {
        "organisation": ORGANISATION,
        "now": NOW,
        "root": signing_public_of(root).hex(),
        "ids": {name: cert_id(raw).hex() for name, raw in chain.items()},
        **{name: raw.hex() for name, raw in chain.items()},
    }


def header(number: int, direction: int) -> env.Header:
    return env.Header(
        env.MESSAGE,
        direction,
        counted("conv", 16),
        number,
        counted("sender", 8),
        2**53 - 1 - number,
        counted(f"msg {number}", 16),
        counted("prev"),
        number * 2**33,
        counted("seen"),
    )


def envelopes() -> list[dict[str, Any]]:
    secret = counted("secret")
    made = []
    for number, text in enumerate(TEXTS):
        place = header(number, env.VISITOR)
        sealed = env.seal(secret, place, env.content(text))
        fields = {name: value.hex() if isinstance(value, bytes) else value for name, value in place._asdict().items()}
        made.append({"secret": secret.hex(), "header": fields, "text": text, "envelope": sealed.hex()})
    return made


def staff_envelope() -> dict[str, str]:
    secret, seed, certificate = counted("secret"), counted("staff"), counted("certificate", 16)
    sealed = env.seal_signed(secret, header(1, env.TEAM), certificate, seed, env.content("we are here"))
    return {
        "secret": secret.hex(),
        "cert_id": certificate.hex(),
        "public": signing_public_of(seed).hex(),
        "text": "we are here",
        "envelope": sealed.hex(),
    }


def wraps() -> list[dict[str, Any]]:
    secret, private = counted("secret"), counted("recipient")
    made = []
    for purpose in Purpose:
        conv = NO_CONVERSATION if purpose in (Purpose.MEMBER, Purpose.TEAM_ADMIN) else counted("conv", 16)
        context = WrapContext(ORGANISATION, TEAM, 2**32 - 1, conv, int(purpose), purpose)
        made.append(
            {
                "secret": secret.hex(),
                "private": private.hex(),
                "public": public_of(private).hex(),
                "organisation": ORGANISATION,
                "team": TEAM,
                "epoch": context.epoch,
                "conv": conv.hex(),
                "generation": context.generation,
                "purpose": int(purpose),
                "wrapped": wrap(secret, public_of(private), context).hex(),
            }
        )
    return made


def visitor() -> dict[str, Any]:
    keys = visitor_keys(counted("visitor"))
    wraps = [counted(f"wrap {n}") * 2 + counted(f"wrap {n}", 16) for n in range(4)]
    return {
        "vs": counted("visitor").hex(),
        "ve": keys.ve_public.hex(),
        "vg": keys.vg_public.hex(),
        "credential": keys.credential.hex(),
        "conv": keys.conv.hex(),
        "line": "jeugd",
        "team_cert": counted("team", 16).hex(),
        "wraps": [wrap.hex() for wrap in wraps],
        # Ed25519 draws no chance: the other side must make the very same bytes.
        "signature": sign_start("jeugd", keys, counted("team", 16), wraps).hex(),
    }


def staff() -> dict[str, str]:
    passphrase, salt, half, amk = "cafe\u0301 zes woorden", counted("salt", 16), counted("half"), counted("amk")
    stretched = stretch(passphrase, salt)
    return {
        "passphrase": passphrase,
        "salt": salt.hex(),
        "stretched": stretched.hex(),
        "login_proof": login_proof(stretched).hex(),
        "server_half": half.hex(),
        "kek": kek(stretched, half).hex(),
        "account": "rekening-1",
        "amk": amk.hex(),
        "sealed_amk": seal_amk(kek(stretched, half), "rekening-1", amk).hex(),
        "private": counted("staff").hex(),
        "sealed_x25519": seal_staff_key(amk, "rekening-1", "x25519", counted("staff")).hex(),
        "sealed_ed25519": seal_staff_key(amk, "rekening-1", "ed25519", counted("staff")).hex(),
        "sheet": counted("sheet", 16).hex(),
        "sheet_proof": sheet_proof(counted("sheet", 16)).hex(),
        "sealed_for_sheet": seal_amk_for_sheet(counted("sheet", 16), "rekening-1", amk).hex(),
    }


def heads() -> dict[str, Any]:
    conv = counted("conv", 16)
    shared = [env.head_zero(conv, env.SHARED_LOG)]
    hashes = [counted(f"envelope {n}") for n in range(1, 4)]
    for n, hashed in enumerate(hashes, 1):
        shared.append(env.head_next(shared[-1], n, hashed))
    return {
        "conv": conv.hex(),
        "hashes": [hashed.hex() for hashed in hashes],
        "shared": [head.hex() for head in shared],
        "team_zero": env.head_zero(conv, env.TEAM_LOG).hex(),
    }


def replies() -> dict[str, Any]:
    own, team, id = own_key(counted("amk")), team_key(counted("team"), TEAM, 3), counted("reply", 16)
    made = []
    for version, text in enumerate(["", "Fijn dat je er bent 💬", "\ufeffmarked", "é" * 900], 1):
        reply = ReplyText("nl", f"naam {version}", text)
        for key, owner in ((own, "rekening-1"), (team, TEAM)):
            box = seal_reply(key, owner, id, version, reply)
            made.append({"owner": owner, "version": version, **reply._asdict(), "sealed": box.hex()})
    return {
        "amk": counted("amk").hex(),
        "own_key": own.hex(),
        "team_private": counted("team").hex(),
        "team": TEAM,
        "epoch": 3,
        "team_key": team.hex(),
        "id": id.hex(),
        "replies": made,
    }


def log() -> dict[str, Any]:
    nodes, roots, tree = {}, [merkle.EMPTY], merkle.Frontier()
    for n in range(20):
        nodes[0, n] = merkle.leaf(b"%d" % n)
        nodes.update(tree.add(nodes[0, n]))
        roots.append(tree.root())
    seed, origin = counted("audit"), "luwte-audit/demo"
    texts = [note.write(note.Checkpoint(origin, n, root, NOW // 60 + n, n // 3)) for n, root in enumerate(roots)]
    return {
        "origin": origin,
        "public": signing_public_of(seed).hex(),
        "verifier": note.verifier(origin, signing_public_of(seed)),
        "notes": [note.sign_note(text, origin, seed) for text in texts],
        "proofs": [
            [[one.hex() for one in merkle.consistency(first, second, lambda *at: nodes[at])] for first in range(second)]
            for second in (1, 7, 8, 13, 20)
        ],
    }


def rotations() -> list[dict[str, Any]]:
    secret, following, conv = counted("secret"), counted("next"), counted("conv", 16)
    seed, visitor, certificate = counted("staff"), counted("visitor"), counted("certificate", 16)
    made = []
    for log, direction in ((env.SHARED_LOG, env.TEAM), (env.TEAM_LOG, env.NOTE)):
        place = header(1, direction)._replace(klass=env.ROTATION)
        context = WrapContext(ORGANISATION, TEAM, 3, conv, 2, Purpose.VISITOR)
        to_visitor = wrap(following, public_of(visitor), context) if log == env.SHARED_LOG else b""
        named = rotation.commitment(following, conv, log, 2, 3)
        said = rotation.content(rotation.Rotation(2, 3, named, to_visitor))
        made.append(
            {
                "log": log,
                "secret": secret.hex(),
                "next": following.hex(),
                "conv": conv.hex(),
                "organisation": ORGANISATION,
                "team": TEAM,
                "visitor": visitor.hex(),
                "cert_id": certificate.hex(),
                "public": signing_public_of(seed).hex(),
                "generation": 2,
                "epoch": 3,
                "commitment": named.hex(),
                "envelope": env.seal_signed(secret, place, certificate, seed, said).hex(),
            }
        )
    return made


def phrase() -> dict[str, Any]:
    entropy, vs, secrets = counted("phrase", 16), counted("visitor"), (counted("opening"), counted("talk"))
    words = phrases.words(entropy)
    return {
        "entropy": entropy.hex(),
        "words": words,
        "typed": "\n".join(f"{n}. {word.upper()}," for n, word in enumerate(words, 1)),
        "locator": phrases.locator(entropy).hex(),
        "organisation": ORGANISATION,
        "vs": vs.hex(),
        "secrets": [secret.hex() for secret in secrets],
        "box": phrases.seal(entropy, ORGANISATION, phrases.Visit(vs, secrets)).hex(),
    }


def two_key_envelope() -> dict[str, str]:
    made = two_keys.forge(two_keys.FIRST, two_keys.SECOND)
    return {"first": two_keys.FIRST.hex(), "second": two_keys.SECOND.hex(), "envelope": made.hex()}


def main() -> None:
    made = {
        "about": "Made by tests/crypto/make_vectors.py; read by web/test/crypto/vectors.test.ts.",
        "envelopes": envelopes(),
        "staff_envelope": staff_envelope(),
        "two_keys": two_key_envelope(),
        "wraps": wraps(),
        "certificates": certificates(),
        "visitor": visitor(),
        "staff": staff(),
        "heads": heads(),
        "replies": replies(),
        "log": log(),
        "phrase": phrase(),
        "rotations": rotations(),
    }
    (VECTORS / "python.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
