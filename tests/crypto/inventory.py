"""The key inventory: every key there is, in words, and by which names the code knows it.

`python tests/crypto/inventory.py` writes docs/keys.md anew. tests/crypto/test_inventory.py looks into the code: a
label, a purpose of a wrap, a type of certificate, a file or a column with a key that is missing here makes it fail.
"""

from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"

HEAD = """# Which keys there are

Made from `tests/crypto/inventory.py`, which a test compares with the code. A change of keys is a change there; then
`python tests/crypto/inventory.py`.

Random keys have 32 bytes unless it says otherwise. "Browser" is the browser of whoever the key belongs to. No key that
opens a conversation is ever made or seen by the server, but for a demonstration, which is for trying out only.
"""

FOOT = """
## Names that are no keys

They stand in front of what is signed or hashed, so that nothing made for one use counts for another.

| label | what for |
|---|---|
"""


@dataclass(frozen=True)
class Key:
    """One key, and where the code has it."""

    name: str
    algorithm: str
    made: str
    kept: str
    used: str
    until: str
    erased: str
    labels: tuple[str, ...] = ()
    """As they stand in the code, to the first part that varies."""
    wraps: tuple[str, ...] = ()
    """Purposes under which this key is wrapped."""
    certificates: tuple[str, ...] = ()
    """Types of the certificates with its public half."""
    files: tuple[str, ...] = ()
    """In the data folder."""
    columns: tuple[str, ...] = ()
    """Where the database has it, sealed, wrapped or hashed."""


ORGANISATION = (
    Key(
        "Organisation root",
        "Ed25519",
        "browser of the first lead, at the founding",
        "on paper, in shares with three people; the public half in `root.pub` and in what every page is served",
        "any two of the three together: signs the team-admin key, the recovery key, and another root that takes over",
        "replaced by another root",
        "the browser overwrites it before it shows the shares; then the papers: burn them",
        files=("root.pub",),
    ),
    Key(
        "Recovery key",
        "X25519",
        "browser of the first lead, at the founding",
        "on paper, in shares with three people; the public half in a certificate that the root signed",
        "any two of the three together: opens every team key and the team-admin key",
        "ten years, or replaced",
        "as the root",
        labels=("luwte/demo/recovery",),
        certificates=("RECOVERY",),
        columns=("recovery.certificate", "succession.recovery_certificate"),
    ),
    Key(
        "Team-admin key",
        "Ed25519",
        "browser of the first lead, at the founding",
        "wrapped to each lead and to the recovery key, in the database",
        "leads, when unlocked: signs team and staff certificates; two papers of the recovery key: a new lead's",
        "one year; two papers of the root give it another",
        "its wraps are deleted with the lead's account; a removed lead who kept it has it until its year ends",
        wraps=("TEAM_ADMIN",),
        certificates=("TEAM_ADMIN",),
        columns=(
            "admin_key.wrap",
            "recovery_admin_wrap.wrap",
            "team.admin_certificate",
            "succession.admin_certificate",
        ),
    ),
    Key(
        "Team key, one per team and epoch",
        "X25519",
        "a lead's browser",
        "wrapped to each counsellor, each lead and the recovery key, in the database; never to a reviewer or an admin",
        "counsellors and leads, when unlocked: opens conversations of the team",
        "its certificate lasts 14 days and is renewed; the key until the next epoch, after a removal or 90 days",
        "its wraps are deleted once nothing is under it or an older one; who had it in memory had it",
        wraps=("MEMBER", "RECOVERY"),
        certificates=("TEAM",),
        columns=("team_key.wrap", "recovery_wrap.wrap", "team.certificate"),
    ),
    Key(
        "Key of a team's canned replies",
        "AES-256-GCM",
        "derived from the team key, in a member's browser",
        "nowhere",
        "counsellors and leads of the team in that epoch",
        "as the team key",
        "with the team key",
        labels=("luwte/v1/team-replies/",),
        columns=("reply.sealed",),
    ),
    Key(
        "Partner's keys",
        "Ed25519 and X25519",
        "not made yet: the formats have a place for them",
        "nowhere",
        "nobody",
        "-",
        "-",
        wraps=("PARTNER",),
        certificates=("PARTNER",),
    ),
)

STAFF = (
    Key(
        "Invitation code",
        "chance, compared by SHA-256",
        "a lead's or an admin's browser; the very first by `luwte init`",
        "with who is invited; its hash in the database",
        "whoever has it: asks to join; opens nothing",
        "24 hours, once",
        "used, withdrawn or over",
        columns=("invitation.code_hash",),
    ),
    Key(
        "Login proof",
        "Argon2id of the passphrase, then HKDF",
        "browser, at each sign-in",
        "its SHA-256 and the salt in the database",
        "the member: signs in; opens nothing by itself",
        "the passphrase changes",
        "with the account",
        labels=("luwte/v1/login-proof",),
        columns=("account.proof_hash", "account.salt", "applicant.proof_hash", "applicant.salt"),
    ),
    Key(
        "Server half",
        "chance",
        "browser, at joining",
        "the key store, outside the database",
        "the server gives it to whoever has signed in",
        "the account ends",
        "overwritten in its slot: from then on the passphrase opens nothing",
        files=("keys",),
    ),
    Key(
        "Key that opens the account key",
        "AES-256-GCM",
        "browser: passphrase (Argon2id) and server half, by HKDF",
        "nowhere",
        "the member, with passphrase and server half",
        "the passphrase changes",
        "with the server half",
        labels=("luwte/v1/kek",),
    ),
    Key(
        "Account key",
        "AES-256-GCM",
        "browser, at joining",
        "sealed, in the database; open in the memory of an unlocked desk",
        "the member: opens their own keys",
        "the account ends",
        "memory: at lock and sign-out; for good: with the server half",
        columns=("account.sealed_amk", "applicant.sealed_amk"),
    ),
    Key(
        "Staff keys: one to be reached by, one to sign with",
        "X25519 and Ed25519",
        "browser, at joining",
        "sealed by the account key, in the database; public halves in a certificate",
        "the member: opens what is wrapped to them, signs what they say",
        "certificate 90 days, renewed",
        "with the account key",
        labels=("luwte/v1/staff-key/",),
        certificates=("STAFF",),
        columns=(
            "account.sealed_x25519",
            "account.sealed_ed25519",
            "account.certificate",
            "certificate.certificate",
            "applicant.sealed_x25519",
            "applicant.sealed_ed25519",
            "applicant.x25519",
            "applicant.ed25519",
        ),
    ),
    Key(
        "Key of one's own canned replies",
        "AES-256-GCM",
        "derived from the account key, in the browser",
        "nowhere",
        "the member",
        "as the account key",
        "with the account key",
        labels=("luwte/v1/replies",),
        columns=("reply.sealed",),
    ),
    Key(
        "Secret of the one-time codes",
        "RFC 6238 (HMAC-SHA1), 20 bytes",
        "browser, at joining or when it is set up anew",
        "the member's app; locked by a key from the server's secret, in the database",
        "the member: signs in, with the passphrase; opens nothing by itself",
        "another one is set up",
        "deleting its row",
        labels=("luwte/v1/second-factor",),
        columns=("second_factor.locked",),
    ),
    Key(
        "Recovery codes, ten",
        "10 bytes each, compared by HMAC-SHA256",
        "browser, with the secret of the one-time codes",
        "on paper, with the member; their HMAC under the server's secret in the database",
        "the member: each once in the place of a one-time code",
        "used, or new ones are made",
        "its row goes with its use",
        labels=("luwte/v1/recovery-code",),
        columns=("recovery_code.hash",),
    ),
    Key(
        "Recovery sheet",
        "16 bytes as twelve words; HKDF; AES-256-GCM",
        "browser, when the member asks for one",
        "on paper, with the member; a hash of its proof, and the account key sealed by it, in the database",
        "the member: in the place of the passphrase, once, to set another one",
        "used, or another one is made",
        "its row goes with its use; for good: with the server half",
        labels=("luwte/v1/sheet/proof", "luwte/v1/sheet/seal"),
        columns=("recovery_sheet.proof_hash", "recovery_sheet.sealed_amk"),
    ),
    Key(
        "Session token",
        "chance, compared by SHA-256",
        "the server, at sign-in",
        "the page's memory; its hash in the database",
        "whoever has it: what the account may, without opening anything",
        "12 hours, or sign-out",
        "sign-out, reload, removal",
        columns=("session.token_hash",),
    ),
)

CONVERSATIONS = (
    Key(
        "Visitor secret",
        "chance",
        "the visitor's browser, at the start",
        "the page's memory; under a return phrase, sealed, if they ask for one",
        "the visitor alone",
        "the page is closed, or the phrase ends",
        "leaving, closing, erasing",
    ),
    Key(
        "Visitor's key to be reached by",
        "X25519",
        "derived from the visitor secret",
        "public half in the database",
        "the visitor: opens the conversation's secrets",
        "as the visitor secret",
        "with the visitor secret",
        labels=("luwte/v1/ve",),
        columns=("conversation.ve",),
    ),
    Key(
        "Visitor's key to sign with",
        "Ed25519",
        "derived from the visitor secret",
        "public half in the database",
        "the visitor: signs the start and the wish to erase; names nobody",
        "as the visitor secret",
        "with the visitor secret",
        labels=("luwte/v1/vg",),
        columns=("conversation.vg",),
    ),
    Key(
        "Visitor's credential",
        "chance, compared by SHA-256",
        "derived from the visitor secret",
        "its hash in the database",
        "the visitor: comes back to the conversation; opens nothing",
        "the conversation is erased",
        "with the conversation",
        labels=("luwte/v1/server-auth",),
        columns=("conversation.credential_hash",),
    ),
    Key(
        "Return phrase",
        "16 bytes as twelve words; HKDF; AES-256-GCM",
        "the visitor's browser, when asked for",
        "with the visitor; its box in the database, found by a hash",
        "whoever has the words: comes back and reads",
        "the visitor ends it, or the conversation is erased",
        "deleting the box; the key of the conversation in the key store",
        labels=("luwte/v1/phrase/locator", "luwte/v1/phrase/seal"),
        columns=("phrase.locator_hash", "phrase.locked"),
    ),
    Key(
        "Conversation secret, one per generation",
        "HKDF, then a key for each message",
        "the first two in the visitor's browser, later ones at the desk that turns",
        "wrapped to the team and to the visitor, in the database, under the key of the conversation",
        "members of the team to whom the server gives the wrap; the visitor",
        "the next generation: after a removal, 500 envelopes or 30 days, with the next word of a desk",
        "with the key of the conversation",
        wraps=("TEAM", "VISITOR"),
        columns=("wrap.locked",),
    ),
    Key(
        "Secret of the team's notes, one per generation",
        "as the conversation secret",
        "the desk that writes the first note, or turns",
        "wrapped to the team, in the database, under the key of the conversation",
        "members of the team; never the visitor",
        "the next generation, as above",
        "with the key of the conversation",
        wraps=("TEAM_LOG",),
        columns=("wrap.locked",),
    ),
    Key(
        "Message key, one per message",
        "AES-256-GCM, with a commitment to the key",
        "derived from a secret above and 32 fresh random bytes",
        "nowhere",
        "whoever has the secret",
        "one message",
        "with the secret",
        labels=("luwte/v1/msg",),
        columns=("envelope.locked",),
    ),
    Key(
        "Key of the conversation",
        "AES-256-GCM",
        "the server, before the start is answered",
        "the key store, outside the database",
        "the server: a second lock over wraps, envelopes and the phrase's box; opens no message",
        "the conversation is erased, by the visitor or by its days",
        "overwritten in its slot: that is what erases a conversation",
        files=("keys",),
        columns=("wrap.locked", "envelope.locked", "phrase.locked"),
    ),
)

SERVER = (
    Key(
        "Server's secret",
        "HMAC-SHA256 and HKDF",
        "`luwte init`",
        "`secret`, outside the database",
        "the server: answers about names and phrases that do not exist",
        "for good",
        "with the folder",
        labels=("luwte/v1/no-such-name", "luwte/v1/phrase/decoy"),
        files=("secret",),
    ),
    Key(
        "Key of the audit log",
        "Ed25519",
        "the server, at its first start",
        "`audit-key`; the public half in the database and at desks",
        "the server: signs a checkpoint every hour",
        "for good",
        "with the folder",
        files=("audit-key",),
        columns=("checkpoint.public",),
    ),
    Key(
        "Backup key",
        "X25519; HKDF; AES-256-GCM",
        "`luwte backup-key`, on another machine",
        "the private half on paper or a stick, never on the server",
        "whoever restores: opens the sealed keys",
        "replaced",
        "destroy the paper; sealed keys are kept seven days at most",
        labels=("luwte/v1/box",),
    ),
    Key(
        "All private keys of a demonstration",
        "as above",
        "`luwte demo`, on the server: the only place where that happens",
        "`demo/keys.json`",
        "whoever runs the demonstration",
        "for trying out only; `serve` refuses such a root",
        "with the folder",
        files=("demo/keys.json",),
    ),
)

GROUPS = {
    "The organisation and its teams": ORGANISATION,
    "Staff": STAFF,
    "Conversations": CONVERSATIONS,
    "The server": SERVER,
}

NO_KEYS = {
    "luwte/v1/audit": "the first link of the audit log's chain",
    "luwte/v1/cert": "a certificate, signed by root or team-admin key",
    "luwte/v1/erase": "a visitor's wish to erase, signed",
    "luwte/v1/fingerprint/member": "digits read aloud when a colleague is admitted",
    "luwte/v1/fingerprint/root": "digits of the organisation root, for comparing",
    "luwte/v1/head": "the first link of a conversation's chain",
    "luwte/v1/rotation": "what a next secret of a conversation is known by",
    "luwte/v1/share-check": "the check value of a key that is divided into shares",
    "luwte/v1/share-line": "the check in each line of a share on paper",
    "luwte/v1/sig": "a message of staff, signed",
    "luwte/v1/start": "the start of a conversation, signed by the visitor",
    "luwte/v1/succession": "a root that gives way to another, signed",
    "luwte/v1/wrap": "the place to which a wrap is bound",
}

NO_KEY_FILES = {
    "luwte.toml": "settings",
    "ledger": "what was erased, by hashes",
    "main.db": "the database",
    "sealed.json": "which sealed copies of keys were made, and when",
}

KEYS = [key for keys in GROUPS.values() for key in keys]


def document() -> str:
    """docs/keys.md, as it should be."""
    parts = [HEAD]
    for title, keys in GROUPS.items():
        parts.append(
            f"\n## {title}\n\n| key | algorithm | made | kept | who uses it, for what | until | what erases it |"
        )
        parts.append("|---|---|---|---|---|---|---|")
        parts += [
            f"| **{key.name}** | {key.algorithm} | {key.made} | {key.kept} | {key.used} | {key.until} | {key.erased} |"
            for key in keys
        ]
    parts.append("\n## Where the code has them\n\n| key | label | wrapped as | certificate | file | column |")
    parts.append("|---|---|---|---|---|---|")
    for key in KEYS:
        cells = (key.labels, key.wraps, key.certificates, key.files, key.columns)
        parts.append(f"| {key.name} | " + " | ".join(" ".join(f"`{one}`" for one in cell) for cell in cells) + " |")
    parts.append(FOOT.rstrip())
    parts += [f"| `{label}` | {what} |" for label, what in NO_KEYS.items()]
    parts.append("\nFiles of the data folder without a key: ")
    parts[-1] += ", ".join(f"`{name}` ({what})" for name, what in NO_KEY_FILES.items()) + "."
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
