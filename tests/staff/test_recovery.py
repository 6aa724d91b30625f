"""From paper: what is exported opens with two papers and with nothing else; what comes back is believed as far as keys
bear it out, stored at once or not at all, and on record. The page is played by its Python twin."""

import asyncio
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import STUCK
from joiners import DAY, Empty, Joiner, Organisation, b64, invites, people, play_empty, post, unb64
from luwte import install, recovery
from luwte import settings as settings_module
from luwte.app import root_of
from luwte.audit import actions as audit
from luwte.audit import store as audit_store
from luwte.audit.model import Record
from luwte.crypto import fingerprint, primitives
from luwte.crypto.certificate import ADMIN_FOR_RECOVERY, ADMIN_SUBJECT, Type, check_admin, issue
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.errors import MalformedFrame
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx, look
from luwte.plumbing.keystore import KeyStore
from luwte.staff import papers, store
from luwte.staff.papers import statement_bytes
from luwte.staff.people import WRAPPED, WRAPPED_BY_OTHERS
from test_cli import LUWTE, run

TABLES = ("team", "account", "certificate", "team_key", "admin_key", "recovery", "recovery_wrap", "recovery_admin_wrap")
TABLES += ("succession", "applicant", "invitation")


@dataclass
class Lost:
    """A folder whose only lead lost everything, and a new one who waits; nobody serves it."""

    folder: Path
    organisation: Organisation
    robin: Joiner
    kim: Joiner

    @property
    def root(self) -> bytes:
        """The pinned one."""
        return primitives.signing_public_of(self.organisation.root)

    def stored(self) -> list[Any]:
        """All that recovery may touch."""
        return look(self.folder / "main.db", _stored)

    def records(self) -> list[Record]:
        """The audit log."""
        return look(self.folder / "main.db", lambda tx: [one for one, _ in audit_store.everything(tx)])

    def exports(self) -> dict[str, Any]:
        """What goes to the page."""
        out = self.folder.parent / "recovery.json"
        done = run("recovery", "export", "--dir", str(self.folder), "--out", str(out))
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    @property
    def admin(self) -> tuple[bytes]:
        """The public half of the team-admin key."""
        return (primitives.signing_public_of(self.organisation.admin),)

    def imports(self, said: dict[str, Any] | bytes, name: str = "answer.json") -> subprocess.CompletedProcess[str]:
        """What comes back."""
        file = self.folder.parent / name
        file.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
        return run("recovery", "import", str(file), "--dir", str(self.folder))


def _stored(tx: ReadTx) -> list[Any]:
    return [tx.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


def admits(lost: Lost, **changes: Any) -> dict[str, Any]:
    """What the page makes of two papers of the recovery key."""
    said = lost.organisation.admission(lost.kim)
    del said["id"]
    head = {"luwte_recovery": 1, "deed": "admit", "organisation": "helpline"}
    return head | {"account": lost.kim.account, "team": "chat"} | said | changes


def admin_certificate(lost: Lost, root: bytes, *, days: int = 366, **changes: Any) -> str:
    """The team-admin key, vouched for by *root* from now on."""
    now = int(time.time())
    said = lost.organisation.says(Type.TEAM_ADMIN, ADMIN_SUBJECT, *changes.pop("keys", lost.admin), days=1)
    return b64(issue(replace(said, not_before=now, not_after=now + days * DAY, **changes), root))


def renews(lost: Lost, root: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """What the page makes of two papers of the main key."""
    raw = admin_certificate(lost, root or lost.organisation.root, **changes)
    return {"luwte_recovery": 1, "deed": "renew", "organisation": "helpline", "admin_certificate": raw}


def succeeds(lost: Lost, fresh: bytes, before: bytes | None, **changes: Any) -> dict[str, Any]:
    """The same, for another main key; *before* signs that it gives way."""
    public = primitives.signing_public_of(fresh)
    statement = primitives.sign(before, statement_bytes("helpline", lost.root, public)) if before else b""
    now = int(time.time())
    ork = primitives.public_of(lost.organisation.recovery)
    recovery = replace(lost.organisation.says(Type.RECOVERY, "recovery", ork, days=1), not_after=now + 3650 * DAY)
    return {
        "luwte_recovery": 1,
        "deed": "succeed",
        "organisation": "helpline",
        "root": b64(public),
        "statement": b64(statement),
        "admin_certificate": admin_certificate(lost, fresh),
        "recovery_certificate": b64(issue(recovery, fresh)),
    } | changes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """Founded, pinned, everything lost, invited anew by the operator, joined."""
    folder = tmp_path_factory.mktemp("lost") / "luwte"
    kept: list[Lost] = []

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        organisation = Organisation("helpline", int(house.luwte.now()))
        body = robin.body() | organisation.founding(robin)
        assert (await robin.asks("/desk/found", **body)).status_code == 200
        await house.pins(primitives.signing_public_of(organisation.root))
        code = await asyncio.to_thread(recovery.invite, house.settings, house.luwte.minute())
        kim = Joiner(house.desk, "helpline", "Kim", code, clock=house.luwte.now)
        assert (await kim.joins()).status_code == 200
        kept.append(Lost(folder, organisation, robin, kim))

    play_empty(story, folder)
    return kept[0]


@pytest.fixture
def lost(made: Lost, tmp_path: Path) -> Lost:
    """A copy of it to play with."""
    shutil.copytree(made.folder, tmp_path / "luwte")
    return replace(made, folder=tmp_path / "luwte")


def opens(wrapped: str, secret: bytes, team: str, purpose: Purpose = Purpose.RECOVERY) -> bytes:
    """What is in a wrap."""
    return unwrap(unb64(wrapped), secret, WrapContext("helpline", team, 1, bytes(16), 0, purpose))


def test_what_is_exported_opens_with_the_recovery_key_each_in_its_place(lost: Lost) -> None:
    """The team's key as the team's, the team-admin key as itself; neither passes for the other."""
    said, own = lost.exports(), lost.organisation
    ((wrapped,),) = [team["wraps"] for team in said["teams"]]
    assert opens(wrapped["wrap"], own.recovery, "chat") == own.team
    assert opens(said["admin_wrap"]["wrap"], own.recovery, ADMIN_FOR_RECOVERY) == own.admin
    for wrong in ("chat", ADMIN_SUBJECT):
        with pytest.raises(CannotOpen):
            opens(said["admin_wrap"]["wrap"], own.recovery, wrong)
    with pytest.raises(CannotOpen):
        opens(wrapped["wrap"], own.recovery, ADMIN_FOR_RECOVERY)
    assert [one["name"] for one in said["applicants"]] == ["Kim"]


def test_no_team_can_be_called_what_the_team_admin_key_is_wrapped_under(tmp_path: Path) -> None:
    """Or its wrap would open as a team's."""
    result = run(
        *("init", "--dir", str(tmp_path / "x"), "--organisation", "a", "--name", "A", "--line", ADMIN_FOR_RECOVERY),
        *("--line-name", "A", "--origin", "http://127.0.0.1:8123"),
    )
    assert result.returncode == 2


def test_nothing_secret_is_exported(lost: Lost) -> None:
    """No private key, no half, no proof, nothing sealed of anybody's."""
    text = json.dumps(lost.exports())
    own = lost.organisation
    secrets = [own.root, own.admin, own.recovery, own.team]
    for who in (lost.robin, lost.kim):
        secrets += [who.amk, who.x25519, who.ed25519, who.half, who.stretched, who.salt]
    with closing(sqlite3.connect(lost.folder / "main.db")) as database:
        for table in ("account", "applicant"):
            secrets += [
                bytes(part)
                for row in database.execute(f"SELECT salt, proof_hash, sealed_amk, sealed_x25519 FROM {table}")
                for part in row
            ]
    assert not [one for one in secrets if b64(one) in text or one.hex() in text]


def test_a_new_lead_is_stored_once_and_on_record(lost: Lost) -> None:
    """By the operator; they are a lead with all keys. The same file again changes nothing, and is no new record."""
    said = admits(lost)
    assert lost.imports(said).returncode == 0
    before, records = lost.stored(), lost.records()
    assert [(one.actor, one.action, one.reason, one.result) for one in records[-1:]] == [
        ("operator", "recovery.admit", lost.kim.account, "done")
    ]
    assert "stored before" in lost.imports(said).stdout
    assert (lost.stored(), len(lost.records())) == (before, len(records))

    def keys(tx: ReadTx) -> tuple[int, int, int]:
        own = store.team_keys(tx, lost.kim.account)
        admin = tx.all("SELECT 1 FROM admin_key WHERE account = ?", lost.kim.account)
        return len(own), len(admin), len(tx.all("SELECT 1 FROM applicant"))

    assert look(lost.folder / "main.db", keys) == (1, 1, 0)
    assert look(lost.folder / "main.db", audit.verify) is None


def hostile(lost: Lost) -> dict[str, dict[str, Any]]:
    """Admissions that must not be stored."""
    own, now = lost.organisation, int(time.time())
    stranger = Organisation("helpline", now)
    other = replace(lost.kim, x25519=os.urandom(32), ed25519=os.urandom(32))
    elsewhere = Organisation("elsewhere", now, own.root, own.admin, own.recovery, own.team)
    as_robin = replace(lost.kim, account=lost.robin.account)
    good = admits(lost)
    (key,) = good["team_keys"]
    late = Organisation("helpline", now - 200 * DAY, own.root, own.admin, own.recovery, own.team)
    return {
        "another team-admin key": admits(lost, certificate=b64(stranger.certificate(lost.kim))),
        "keys changed after the digits were compared": admits(lost, certificate=b64(own.certificate(other))),
        "another organisation's": admits(lost, certificate=b64(elsewhere.certificate(lost.kim))),
        "for another organisation": admits(lost, organisation="elsewhere"),
        "somebody who is there": admits(lost, account=lost.robin.account, certificate=b64(own.certificate(as_robin))),
        "nobody": admits(lost, account="0" * 32),
        "another team": admits(lost, team="other"),
        "more than a lead": admits(lost, certificate=b64(own.certificate(lost.kim, roles=("chat/lead", "chat/x")))),
        "less than a lead": admits(lost, certificate=b64(own.certificate(lost.kim, roles=("chat/counsellor",)))),
        "signed by the root itself": admits(
            lost, certificate=b64(Organisation("helpline", now, own.root, own.root).certificate(lost.kim))
        ),
        "its days are over": admits(lost, certificate=b64(late.certificate(lost.kim))),
        "without the team-admin key": admits(lost, admin_key=""),
        "a short wrap": admits(lost, team_keys=[{"epoch": 1, "wrap": b64(bytes(79))}]),
        "an epoch too many": admits(lost, team_keys=[key, {**key, "epoch": 2}]),
        "an epoch twice": admits(lost, team_keys=[key, key]),
        "another epoch": admits(lost, team_keys=[{**key, "epoch": 2}]),
    }


def test_an_admission_that_does_not_fit_is_refused_and_nothing_is_stored(lost: Lost) -> None:
    """Each with one plain line, exit 2, and one record that says what was refused."""
    before = lost.stored()
    for what, said in hostile(lost).items():
        count = len(lost.records())
        result = lost.imports(said)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1), what
        assert "Nothing was changed" in result.stderr, what
        assert lost.stored() == before, what
        records = lost.records()[count:]
        assert [(one.actor, one.action) for one in records] == [("operator", "recovery.admit")], what
        assert records[0].result in ("certificate_refused", "no_such_applicant"), what
    assert lost.imports(admits(lost)).returncode == 0


def test_an_old_key_that_was_deleted_since_the_export_is_no_hindrance(lost: Lost) -> None:
    """It is not stored again: it opens nothing any more, and was deleted for that."""
    said = admits(lost)
    (key,) = said["team_keys"]
    said["team_keys"] = [{**key, "epoch": 0}, key]
    assert lost.imports(said).returncode == 0
    kept = look(lost.folder / "main.db", lambda tx: store.team_keys(tx, lost.kim.account))
    assert [one.epoch for one in kept] == [1]


def test_who_is_to_wait_is_not_let_in_by_papers(lost: Lost) -> None:
    """Invited in the place of somebody, they are a lead's to admit; papers would promise what a day holds back."""
    with closing(sqlite3.connect(lost.folder / "main.db")) as database:
        database.execute("UPDATE applicant SET instead_of = ?", [lost.robin.account])
        database.commit()
    assert lost.exports()["applicants"] == []
    before = lost.stored()
    assert "Nobody waits here" in lost.imports(admits(lost)).stderr
    assert lost.stored() == before


def test_papers_let_in_a_lead_and_nobody_else(lost: Lost) -> None:
    """A counsellor is a lead's to admit, also with a certificate that fits."""
    with closing(sqlite3.connect(lost.folder / "main.db")) as database:
        database.execute("UPDATE applicant SET role = 'counsellor'")
        database.commit()
    noor = replace(lost, kim=replace(lost.kim, role="counsellor"))
    assert lost.exports()["applicants"] == []
    assert "Nobody waits here" in lost.imports({"admin_key": "", **admits(noor)}).stderr


def test_whoever_the_server_has_no_half_of_is_not_let_in(lost: Lost) -> None:
    """They could open nothing, and the server would not start any more."""
    keys = KeyStore(lost.folder / "keys")
    keys.erase(keystore.STAFF, bytes.fromhex(lost.kim.account))
    keys.close()
    before = lost.stored()
    assert lost.imports(admits(lost)).returncode == 2
    assert lost.stored() == before


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused(made: Lost, data: st.DataObject) -> None:
    """Cut off anywhere, or a byte changed anywhere: read as nothing, or as something that no key signed."""
    text = json.dumps(admits(made)).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        with pytest.raises(MalformedFrame):
            papers.read(text[:at])
        return
    changed = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]
    try:
        answer = papers.read(changed)
    except MalformedFrame:
        return
    assert answer != papers.read(text) or json.loads(changed) == json.loads(text)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"deed":"admit"}', b" " * 300_000]
)
def test_what_is_no_file_of_the_page_is_refused(lost: Lost, text: bytes) -> None:
    """In one plain line."""
    before = lost.stored()
    result = lost.imports(text)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert lost.stored() == before


def test_an_import_that_is_killed_leaves_nothing_half_done(lost: Lost) -> None:
    """At any moment: all of it or nothing, and the next try finds its way."""
    file = lost.folder.parent / "admission.json"
    file.write_text(json.dumps(admits(lost)))
    before = lost.stored()
    for after in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        process = subprocess.Popen([LUWTE, "recovery", "import", str(file), "--dir", str(lost.folder)])
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert look(lost.folder / "main.db", audit.verify) is None
        members = look(lost.folder / "main.db", lambda tx: [one.id for one in store.members(tx, "chat")])
        if lost.kim.account not in members:
            assert lost.stored() == before
    assert lost.imports(admits(lost)).returncode == 0
    assert look(lost.folder / "main.db", lambda tx: len(store.team_keys(tx, lost.kim.account))) == 1


def test_nothing_is_taken_in_while_the_log_cannot_be_written(lost: Lost) -> None:
    """I-6."""
    with closing(sqlite3.connect(lost.folder / "main.db")) as database:
        database.execute("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    before = lost.stored()
    for said in (admits(lost), renews(lost), succeeds(lost, os.urandom(32), lost.organisation.root)):
        assert lost.imports(said).returncode != 0
    assert run("recovery", "invite", "--dir", str(lost.folder)).returncode != 0
    assert lost.stored() == before


def test_the_operator_has_one_invitation_at_a_time(lost: Lost) -> None:
    """A new one ends the one before; both are on record, and neither opens anything."""
    codes = [
        json.loads(run("recovery", "invite", "--dir", str(lost.folder), "--json").stdout)["invitation"] for _ in "ab"
    ]
    assert codes[0] != codes[1]
    found = look(lost.folder / "main.db", lambda tx: tx.all("SELECT over IS NULL, made_by, role FROM invitation"))
    assert sorted(map(tuple, found)) == [(0, "operator", "lead")] * 3 + [(1, "operator", "lead")]
    said = [(one.actor, one.action) for one in lost.records()[-3:]]
    assert said == [("operator", action) for action in ("staff.invite", "staff.withdraw", "staff.invite")]


def test_new_days_for_the_team_admin_key(lost: Lost) -> None:
    """The same key for longer, signed by the pinned root; once; nothing else passes."""
    own, before = lost.organisation, lost.stored()
    stranger, fresh = os.urandom(32), primitives.signing_public_of(os.urandom(32))
    recovery_key = primitives.public_of(own.recovery)
    wrong = {
        "another root": renews(lost, stranger),
        "the team-admin key itself": renews(lost, own.admin),
        "another key": renews(lost, keys=(fresh,)),
        "another epoch": renews(lost, epoch=2),
        "another organisation": renews(lost) | {"organisation": "elsewhere"},
        "signed for another": renews(lost, organisation="elsewhere"),
        "no longer": renews(lost, days=300),
        "another type": renews(lost)
        | {"admin_certificate": b64(issue(own.says(Type.RECOVERY, "recovery", recovery_key, days=800), own.root))},
        "none": renews(lost) | {"admin_certificate": b64(b"x")},
    }
    for what, said in wrong.items():
        result = lost.imports(said)
        assert (result.returncode, "Nothing was changed" in result.stderr) == (2, True), what
        assert lost.stored() == before, what
    good = renews(lost)
    assert lost.imports(good).returncode == 0
    (team,) = look(lost.folder / "main.db", store.teams)
    assert b64(team.admin_certificate) == good["admin_certificate"]
    count = len(lost.records())
    assert "stored before" in lost.imports(good).stdout
    assert len(lost.records()) == count
    assert lost.records()[-1].action == "recovery.renew"


def pins(lost: Lost, root: bytes, *more: str, digits: str | None = None) -> subprocess.CompletedProcess[str]:
    """`luwte pin`."""
    file = lost.folder.parent / "root.pub"
    file.write_text(f"{root.hex()}\n")
    read = digits or fingerprint.of_root("helpline", root)
    return run("pin", str(file), "--dir", str(lost.folder), "--fingerprint", read, *more)


def test_a_main_key_gives_way_to_another(lost: Lost) -> None:
    """Imported it changes nothing; pinned it is in force, with the same keys below it."""
    fresh = os.urandom(32)
    public = primitives.signing_public_of(fresh)
    assert pins(lost, public).returncode == 2  # nothing says that it takes over
    said = succeeds(lost, fresh, lost.organisation.root)
    assert "nothing has changed yet" in lost.imports(said).stdout
    assert root_of(lost.folder, is_demo=False) == lost.root
    (team,) = look(lost.folder / "main.db", store.teams)
    check_admin(lost.root, team.admin_certificate, organisation="helpline", now=int(time.time()))
    assert "other digits" in pins(lost, public, digits=fingerprint.of_root("helpline", lost.root)).stderr
    result = pins(lost, public)
    assert (result.returncode, "in the place of the one before" in result.stdout) == (0, True)
    assert root_of(lost.folder, is_demo=False) == public
    (team,) = look(lost.folder / "main.db", store.teams)
    assert b64(team.admin_certificate) == said["admin_certificate"]
    found = [(one.action, one.reason) for one in lost.records()[-2:]]
    assert found == [("recovery.prepare", "signed"), ("recovery.succeed", "signed")]
    assert lost.exports()["root"] == b64(public)
    assert "stored before" in lost.imports(said).stdout
    assert pins(lost, public).returncode == 0  # again
    assert pins(lost, lost.root).returncode == 2  # and not back


def test_a_root_that_nobody_signed_takes_a_flag(lost: Lost) -> None:
    """Where the one before is lost: plainly said, and not by mistake."""
    fresh = os.urandom(32)
    public = primitives.signing_public_of(fresh)
    assert lost.imports(succeeds(lost, fresh, None)).returncode == 0
    refused = pins(lost, public)
    assert (refused.returncode, "--without-signature" in refused.stderr) == (2, True)
    assert root_of(lost.folder, is_demo=False) == lost.root
    assert pins(lost, public, "--without-signature").returncode == 0
    assert root_of(lost.folder, is_demo=False) == public
    found = [(one.action, one.reason) for one in lost.records()[-2:]]
    assert found == [("recovery.prepare", "unsigned"), ("recovery.succeed", "unsigned")]


def test_a_successor_that_does_not_fit_is_refused(lost: Lost) -> None:
    """Another's signature, other keys below it, itself, another organisation: nothing is stored."""
    fresh, own, before = os.urandom(32), lost.organisation, lost.stored()
    public = primitives.signing_public_of(fresh)
    stranger = replace(lost, organisation=Organisation("helpline", own.now))
    good = succeeds(lost, fresh, own.root)
    for_another = primitives.sign(own.root, statement_bytes("helpline", lost.root, lost.root))
    elsewhere = primitives.sign(own.root, statement_bytes("elsewhere", lost.root, public))
    wrong = {
        "signed by another": succeeds(lost, fresh, os.urandom(32)),
        "signed by the team-admin key": succeeds(lost, fresh, own.admin),
        "signed by itself": succeeds(lost, fresh, fresh),
        "about another": good | {"statement": b64(for_another)},
        "elsewhere": good | {"statement": b64(elsewhere)},
        "half a statement": good | {"statement": good["statement"][:44]},
        "other keys": succeeds(stranger, fresh, own.root)
        | {"statement": good["statement"], "recovery_certificate": good["recovery_certificate"]},
        "another recovery key": good
        | {"recovery_certificate": succeeds(stranger, fresh, None)["recovery_certificate"]},
        "certificates of the one before": good | {"admin_certificate": admin_certificate(lost, own.root)},
        "itself": succeeds(lost, own.root, own.root),
        "no key": good | {"root": b64(bytes(32))},
    }
    for what, said in wrong.items():
        assert lost.imports(said).returncode == 2, what
        assert lost.stored() == before, what
        assert lost.records()[-1].action == "recovery.prepare", what


def test_the_file_decides_and_the_database_follows(lost: Lost) -> None:
    """A pin that was cut off between the two is finished at the next start, or by the same command again."""
    fresh = os.urandom(32)
    public = primitives.signing_public_of(fresh)
    assert lost.imports(succeeds(lost, fresh, lost.organisation.root)).returncode == 0
    install.pin(settings_module.read(lost.folder), public)
    assert pins(lost, public).returncode == 0
    (team,) = look(lost.folder / "main.db", store.teams)
    check_admin(public, team.admin_certificate, organisation="helpline", now=int(time.time()))
    # What is renewed afterwards stays, whatever is asked once more.
    renewed = renews(lost, fresh, days=400)
    assert lost.imports(renewed).returncode == 0
    assert pins(lost, public).returncode == 0
    (team,) = look(lost.folder / "main.db", store.teams)
    assert b64(team.admin_certificate) == renewed["admin_certificate"]


def test_a_running_server_takes_it_in(tmp_path: Path) -> None:
    """New days, another root and a new lead, without a restart: and the lead who was there goes on."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        own = Organisation("helpline", int(house.luwte.now()))
        assert (await robin.asks("/desk/found", **robin.body(), **own.founding(robin))).status_code == 200
        await house.pins(primitives.signing_public_of(own.root))
        lost = Lost(house.settings.folder, own, robin, robin)

        async def until(is_so: Callable[[], bool]) -> None:
            async with asyncio.timeout(STUCK):
                while not is_so():
                    await asyncio.sleep(0.05)

        renewed = renews(lost, days=390)
        assert (await asyncio.to_thread(lost.imports, renewed)).returncode == 0
        await until(lambda: b64(house.luwte.teams["chat"].admin_certificate) == renewed["admin_certificate"])

        fresh = os.urandom(32)
        public = primitives.signing_public_of(fresh)
        said = succeeds(lost, fresh, own.root)
        assert (await asyncio.to_thread(lost.imports, said)).returncode == 0
        assert (await asyncio.to_thread(pins, lost, public)).returncode == 0
        await until(lambda: house.luwte.root == public)
        await until(lambda: b64(house.luwte.teams["chat"].admin_certificate) == said["admin_certificate"])
        assert (await robin.signs_in()).status_code == 200
        shown = (await people(robin)).json()
        check_admin(public, unb64(shown["admin_certificate"]), organisation="helpline", now=int(time.time()))

        code = await asyncio.to_thread(recovery.invite, house.settings, house.luwte.minute())
        kim = Joiner(house.desk, "helpline", "Kim", code, clock=house.luwte.now)
        assert (await kim.joins()).status_code == 200
        assert (await kim.signs_in()).json()["code"] == "not_admitted"
        assert (await asyncio.to_thread(lost.imports, admits(replace(lost, kim=kim)))).returncode == 0
        signed_in = await kim.signs_in()
        assert kim.keys_in(signed_in.json())["team"] == own.team
        assert len((await people(kim)).json()["members"]) == 2

    play_empty(story, tmp_path / "house")


def test_a_leads_desk_brings_the_team_admin_key_of_an_older_installation(tmp_path: Path) -> None:
    """On record. Nobody can tell whether it opens, so none stays: another lead's desk wraps it anew after a day."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        own = Organisation("helpline", int(house.luwte.now()))
        older = own.founding(robin)
        del older["admin_recovery_wrap"]
        assert (await robin.asks("/desk/found", **robin.body(), **older)).status_code == 200
        await house.pins(primitives.signing_public_of(own.root))
        await robin.signs_in()
        kim = Joiner(house.desk, "helpline", "Kim", await invites(robin, "lead"), clock=house.luwte.now)
        await kim.joins()
        assert (await post(robin, "/desk/admit", **own.admission(kim))).status_code == 200
        await kim.signs_in()
        assert (await post(robin, "/desk/recovery", wrap=b64(bytes(79)))).json()["code"] == "certificate_refused"
        rows: list[tuple[int, bytes]] = []

        async def wraps(lead: Joiner, *, due: bool) -> None:
            assert (await people(lead)).json()["recovery_due"] is due
            fresh = os.urandom(80)
            assert (await post(lead, "/desk/recovery", wrap=b64(fresh))).status_code == 200
            assert (await people(lead)).json()["recovery_due"] is False
            found = await house.luwte.db.read(lambda tx: tx.all("SELECT epoch, wrap FROM recovery_admin_wrap"))
            kept, rows[:] = rows.copy(), [tuple(row) for row in found]
            assert rows == ([(1, fresh)] if due else kept)

        async def ages(minutes: int) -> None:
            await house.luwte.db.write(lambda tx: tx.execute("UPDATE recovery_admin_wrap SET made = made - ?", minutes))

        await wraps(robin, due=True)
        await wraps(robin, due=False)
        await wraps(kim, due=False)
        await ages(WRAPPED_BY_OTHERS)
        await wraps(robin, due=False)
        await wraps(kim, due=True)
        await wraps(robin, due=False)
        await ages(WRAPPED)
        await wraps(kim, due=True)
        said = await house.luwte.db.read(lambda tx: [one for one, _ in audit_store.everything(tx)])
        found = [(one.actor, one.result) for one in said if one.action == "staff.recovery_wrap"]
        assert found == [
            (robin.account, "certificate_refused"),
            (robin.account, "done"),
            (kim.account, "done"),
            (kim.account, "done"),
        ]

    play_empty(story, tmp_path / "house")


def test_an_administrator_alone_reads_nothing(lost: Lost) -> None:
    """With the folder, the export and an invitation: no wrap opens with a key that is in any of them."""
    said = lost.exports()
    wraps = [said["admin_wrap"]["wrap"], *(one["wrap"] for team in said["teams"] for one in team["wraps"])]
    own = [os.urandom(32), (lost.folder / "secret").read_bytes(), (lost.folder / "audit-key").read_bytes()[:32]]
    for wrapped in wraps:
        for key in [one for one in own if len(one) == 32]:
            for team in ("chat", ADMIN_FOR_RECOVERY, ADMIN_SUBJECT):
                for purpose in Purpose:
                    with pytest.raises(CannotOpen):
                        opens(wrapped, key, team, purpose)


def test_the_commands_say_what_they_do(tmp_path: Path) -> None:
    """Help with an example; refusals in one plain line with exit 2, and no file is left."""
    for command in ("page", "invite", "export", "import"):
        told = run("recovery", command, "--help").stdout
        assert "Example: luwte recovery" in told
        assert "Exit" in told
    empty = tmp_path / "luwte"
    init = ("--organisation", "helpline", "--name", "H", "--line", "chat", "--line-name", "C")
    assert run("init", "--dir", str(empty), *init, "--origin", "http://127.0.0.1:8123").returncode == 0
    out = tmp_path / "out.json"
    for line in (("export", "--out", str(out)), ("invite",), ("import", str(empty / "luwte.toml"))):
        result = run("recovery", *line, "--dir", str(empty))
        assert (result.returncode, result.stderr) == (2, "luwte: No root is pinned here. See luwte pin.\n")
    assert not out.exists()
    page = tmp_path / "recovery.html"
    first = json.loads(run("recovery", "page", "--out", str(page), "--json").stdout)
    assert base64.b16encode(primitives.sha256(page.read_bytes())).decode().lower() == first["sha256"]
