"""One-time codes and recovery codes: which are right, how often, and what a stranger learns of them."""

import asyncio
import base64
import os
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from actors import App, Counsellor, House, play
from luwte import demo
from luwte.audit import store as audit_store
from luwte.crypto import keys, primitives
from luwte.errors import CodeRefused, MalformedFrame
from luwte.plumbing.db import ReadTx, WriteTx, connect
from luwte.plumbing.lock import Damaged
from luwte.plumbing.migrate import migrate
from luwte.plumbing.relay import Relay
from luwte.staff import second_factor, second_factor_store
from luwte.staff.second_factor import ALPHABET, NEVER, STEP, Enrolment, accepted_step
from luwte.staff.web import CODES, TRIES

RFC_6238 = ((59, 94287082), (1111111109, 7081804), (1111111111, 14050471), (1234567890, 89005924))
RFC_6238 += ((2000000000, 69279037), (20000000000, 65353130))
RFC_SECRET = b"12345678901234567890"
SERVER = bytes(range(32))
START = 1_800_000_000


class Wound:
    """A clock that stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = time.time()

    def __call__(self) -> float:
        """Now."""
        return self.time


def test_the_published_vectors() -> None:
    """RFC 6238, appendix B, for SHA-1: eight digits there, of which an app with six shows the last ones."""
    for moment, eight in RFC_6238:
        assert HOTP(RFC_SECRET, 8, SHA1()).generate(moment // STEP) == f"{eight:08}".encode()
        six = f"{eight % 1_000_000:06}"
        assert App(RFC_SECRET).code(moment) == six
        assert accepted_step(RFC_SECRET, six, moment, NEVER) == moment // STEP
        assert accepted_step(RFC_SECRET, f"{eight:08}", moment, NEVER) is None


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**40), st.integers(-5, 5), st.integers(-3, 3))
def test_a_code_counts_one_step_before_and_after_its_own(secret: bytes, now: int, away: int, used: int) -> None:
    """F-6: clock skew. Two steps off it is refused, and so is every one that is not after the newest one used."""
    shown = now + away * STEP
    if shown < 0:
        return
    step, after = shown // STEP, now // STEP + used
    found = accepted_step(secret, App(secret).code(shown), now, after)
    if abs(away) <= 1 and step > after:
        assert found is not None
        assert found >= step  # or a later one with the same digits
    elif found is not None:  # chance: other steps may have these digits
        assert App(secret).code(found * STEP) == App(secret).code(shown)


def test_two_steps_off_is_refused() -> None:
    """Nothing of chance in it: these are known to differ."""
    for moment, _ in RFC_6238[1:]:
        code = App(RFC_SECRET).code(moment)
        assert [accepted_step(RFC_SECRET, code, moment + away * STEP, NEVER) is not None for away in range(-3, 4)] == [
            False,
            False,
            True,
            True,
            True,
            False,
            False,
        ]


@given(st.binary(min_size=10, max_size=10), st.randoms())
def test_a_recovery_code_is_read_as_it_is_written_down(code: bytes, chance: Any) -> None:
    """Small letters, spaces for dashes or none at all, and letters that look like digits."""
    text = second_factor.recovery_text(code)
    assert len(text) == 19
    assert set(text) <= {*ALPHABET, "-"}
    swapped = "".join(chance.choice({"0": "0Oo", "1": "1IiLl"}.get(sign, sign)) for sign in text)
    for typed in (text, text.lower(), text.replace("-", ""), text.replace("-", " "), f" {text}\n", swapped):
        assert second_factor.recovery_bytes(typed) == code
    for typed in (text[:-1], text + "0", text.replace(text[0], "U"), "", "123456"):
        assert second_factor.recovery_bytes(typed) == b""


def _database(folder: str) -> WriteTx:
    path = Path(folder) / "main.db"
    migrate(path)
    connection = connect(path)
    connection.execute("PRAGMA foreign_keys=OFF")  # no account is needed here
    return WriteTx(connection, Relay())


class Story(RuleBasedStateMachine):
    """One account over a long time. A twin remembers every step that was ever accepted; the code must do with one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.tx = _database(self.folder.name)
        self.now = START
        self.app = App(bytes(range(20)))
        self.paper = set(range(10))
        second_factor.enrol(self.tx, "noor", self.app.enrolment(self.now), SERVER, self.now)
        self.used = {self.now // STEP}

    def teardown(self) -> None:
        self.tx._connection.close()
        self.folder.cleanup()

    def tries(self, code: str) -> second_factor.Passed | None:
        passed = second_factor.judge(self.tx, "noor", code, SERVER, self.now)
        if passed is not None:
            second_factor.spend(self.tx, "noor", passed)
        return passed

    @rule(seconds=st.integers(0, 200))
    def goes_on(self, seconds: int) -> None:
        self.now += seconds

    @rule(seconds=st.integers(0, 500))
    def goes_back(self, seconds: int) -> None:
        """The server's clock is put right, or wrong."""
        self.now -= seconds

    @rule(away=st.integers(-3, 3))
    def shows_a_code(self, away: int) -> None:
        step = self.now // STEP + away
        passed = self.tries(self.app.code(step * STEP))
        assert (passed is not None) == (abs(away) <= 1 and step > max(self.used))
        if passed is not None:
            assert passed.step == step
            assert step not in self.used
            self.used.add(step)

    @rule(away=st.integers(-1, 1))
    def two_at_once(self, away: int) -> None:
        """Both were judged before either came in: as the writer runs one job after the other, one of them is let in."""
        step = self.now // STEP + away
        passed = [self.tries(self.app.code(step * STEP)) for _ in range(2)]
        assert sum(one is not None for one in passed) <= 1
        self.used |= {step} if any(passed) else set()

    @rule(which=st.integers(0, 9))
    def shows_a_recovery_code(self, which: int) -> None:
        passed = self.tries(self.app.paper(which))
        assert (passed is not None) == (which in self.paper)
        self.paper.discard(which)

    @rule()
    def restarts(self) -> None:
        """What is remembered is on the disk."""
        self.tx._connection.close()
        self.tx = _database(self.folder.name)

    @invariant()
    def nobody_else_has_it(self) -> None:
        code = self.app.code(self.now)
        assert second_factor.judge(self.tx, "sam", code, SERVER, self.now) is None
        assert second_factor.judge(self.tx, "", self.app.paper(0), SERVER, self.now) is None


def test_each_step_and_each_recovery_code_counts_once_whatever_the_clock_does() -> None:
    """F-6: replays, two at once, restarts, and a clock that goes back."""
    run_state_machine_as_test(Story, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


@pytest.fixture
def tx() -> Any:
    """A database of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        found = _database(folder)
        yield found
        found._connection.close()


def test_setting_up_asks_for_a_code_of_the_app(tx: WriteTx) -> None:
    """A wrong code, a secret or recovery codes that no browser of ours makes: refused. The right one replaces all."""
    app = App()
    good = app.enrolment(START)
    for bad, error in (
        (Enrolment(app.secret, App().code(START), app.recovery), CodeRefused),
        (Enrolment(app.secret, "", app.recovery), CodeRefused),
        (Enrolment(app.secret, app.code(START - 60), app.recovery), CodeRefused),
        (Enrolment(app.secret[:19], good.code, app.recovery), MalformedFrame),
        (Enrolment(app.secret, good.code, app.recovery[:9]), MalformedFrame),
        (Enrolment(app.secret, good.code, (app.recovery[0],) * 10), MalformedFrame),
        (Enrolment(app.secret, good.code, (*app.recovery[:9], b"short")), MalformedFrame),
    ):
        with pytest.raises(error):
            second_factor.enrol(tx, "noor", bad, SERVER, START)
    second_factor.enrol(tx, "noor", good, SERVER, START)
    other = App()
    second_factor.enrol(tx, "noor", other.enrolment(START), SERVER, START)
    later = START + 3 * STEP
    assert second_factor.judge(tx, "noor", app.code(later), SERVER, later) is None
    assert second_factor.judge(tx, "noor", app.paper(), SERVER, later) is None
    assert second_factor.judge(tx, "noor", other.code(later), SERVER, later) is not None
    assert second_factor_store.recovery_codes(tx, "noor") == 10


def test_a_code_is_typed_as_an_app_shows_it(tx: WriteTx) -> None:
    """With a space in the middle or around it; never other digits of the world, or more of them."""
    app, later = App(), START + STEP
    second_factor.enrol(tx, "noor", app.enrolment(START), SERVER, START)
    code = app.code(later)
    for typed in (code, f"{code[:3]} {code[3:]}", f" {code}\n"):
        assert second_factor.judge(tx, "noor", typed, SERVER, later) is not None
    arabic = code.translate({48 + n: 0x660 + n for n in range(10)})
    for typed in (code[:5], code + "0", "0" + code, arabic, "", "\0" * 6):
        assert second_factor.judge(tx, "noor", typed, SERVER, later) is None


def test_rows_that_are_moved_to_another_account_open_nothing(tx: WriteTx) -> None:
    """Whoever can write into the database, and nothing else, gives nobody a factor of their own."""
    app, later = App(), START + STEP
    second_factor.enrol(tx, "noor", app.enrolment(START), SERVER, START)
    tx.execute("INSERT INTO recovery_code SELECT 'sam', hash FROM recovery_code")
    assert second_factor.judge(tx, "sam", app.paper(), SERVER, later) is None
    assert second_factor.judge(tx, "noor", app.paper(), SERVER, later) is not None
    tx.execute("INSERT INTO second_factor SELECT 'sam', locked, step FROM second_factor")
    with pytest.raises(Damaged):
        second_factor.judge(tx, "sam", app.code(later), SERVER, later)


def test_what_is_stored_opens_with_the_servers_secret_only(tmp_path: Path) -> None:
    """The secret and the recovery codes are in no file, in no form that can be searched for."""
    apps: list[App] = []

    async def story(house: House) -> None:
        noor = house.counsellor()
        apps.append(await noor.gets_a_second_factor(time.time()))
        for file in house.folder.rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            for secret in (apps[0].secret, *apps[0].recovery):
                assert secret not in data
                assert base64.b32encode(secret) not in data
                assert primitives.sha256(secret) not in data

    play(story, tmp_path / "house")


# Signing in

WRONG = base64.b64encode(bytes(32)).decode()


async def proof_of(desk: Counsellor) -> str:
    """The right proof, stretched once."""
    async with desk.http() as client:
        salt = (await client.post("/desk/salt", json={"name": desk.person.name})).json()["salt"]
    stretched = await asyncio.to_thread(primitives.stretch, desk.person.passphrase, base64.b64decode(salt))
    return base64.b64encode(keys.login_proof(stretched)).decode()


async def try_in(desk: Counsellor, proof: str, code: str = "", name: str | None = None) -> httpx.Response:
    """One try."""
    async with desk.http() as client:
        shown = {"name": name or desk.person.name, "proof": proof, "code": code}
        return await client.post("/desk/sign-in", json=shown)


async def on_record(house: House) -> list[tuple[str, str, str, str]]:
    """Who did what, why, and what came of it."""
    found = await house.luwte.db.read(lambda tx: [one for one, _ in audit_store.everything(tx)])
    return [(one.actor, one.action, one.reason, one.result) for one in found]


def test_signing_in_needs_passphrase_and_code_together(tmp_path: Path) -> None:
    """Either alone is refused; what is refused uses no code up; each code lets one in, once."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        assert (await try_in(noor, right, app.code(clock.time))).status_code == 401  # used at setting up
        clock.time += STEP
        code = app.code(clock.time)
        refused = [
            await try_in(noor, right),
            await try_in(noor, right, app.code(clock.time - 90)),
            await try_in(noor, WRONG, code),
            await try_in(noor, WRONG, app.paper()),
            await try_in(noor, right, code, name="Nobody"),
        ]
        assert {one.status_code for one in refused} == {401}
        answers = [await try_in(noor, right, code) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 401]
        assert answers[1].content == refused[0].content
        assert [(await try_in(noor, right, app.paper(3))).status_code for _ in range(2)] == [200, 401]
        me = noor.person.id
        assert Counter(await on_record(house)) == {
            (me, "staff.sign_in", "wrong_code", "sign_in_refused"): 5,
            (me, "staff.sign_in", "", "sign_in_refused"): 2,
            ("nobody", "staff.sign_in", "", "sign_in_refused"): 1,
            (me, "staff.sign_in", "", "done"): 1,
            (me, "staff.sign_in", "recovery_code", "done"): 1,
        }

    play(story, tmp_path / "house", clock)


def test_two_who_race_with_one_code_are_one(tmp_path: Path) -> None:
    """F-6: ten at once with the same code, and ten with the same recovery code: one each is let in."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        clock.time += STEP
        for code in (app.paper(), app.code(clock.time)):
            answers = await asyncio.gather(*(try_in(noor, right, code) for _ in range(10)))
            assert Counter(one.status_code for one in answers)[200] == 1

    play(story, tmp_path / "house", clock)


def test_a_code_does_not_count_again_after_a_restart(tmp_path: Path) -> None:
    """F-6: nor after the whole server was stopped and started within the half minute."""
    clock, kept = Wound(), []

    async def first(house: House) -> None:
        noor = house.counsellor()
        app = await noor.gets_a_second_factor(clock.time)
        clock.time += STEP
        code = app.code(clock.time)
        assert (await noor.signs_in(code=code)).status_code == 200
        kept.append(code)

    async def second(house: House) -> None:
        assert (await house.counsellor().signs_in(code=kept[0])).status_code == 401

    play(first, tmp_path / "house", clock)
    play(second, tmp_path / "house", clock)


def test_a_wrong_code_looks_like_a_wrong_passphrase_and_a_wrong_name(tmp_path: Path) -> None:
    """F-1: the same bytes and headers for whoever has a second factor, has none, or is not there."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        clock.time += STEP
        tries = [
            await try_in(noor, right, "000000"),
            await try_in(noor, right),
            await try_in(noor, right, app.paper()[:-1]),
            await try_in(noor, WRONG, app.code(clock.time)),
            await try_in(sam, WRONG, "000000"),
            await try_in(sam, WRONG),
            await try_in(noor, right, app.code(clock.time), name="Nobody"),
            await try_in(noor, WRONG, name="Nobody"),
        ]
        assert len({(one.status_code, one.content, tuple(one.headers)) for one in tries}) == 1
        assert tries[0].json()["code"] == "sign_in_refused"

    play(story, tmp_path / "house", clock)


@contextmanager
def counted() -> Any:
    """What the server does between asking and answering: every statement, and every costly sum."""
    done: list[str] = []
    one, judge, unlock, generate = ReadTx.one, second_factor.judge, second_factor.unlock, HOTP.generate

    def asks(self: ReadTx, sql: str, *values: Any) -> Any:
        done.append(sql)
        return one(self, sql, *values)

    def noted(name: str, work: Any) -> Any:
        def run(*args: Any, **more: Any) -> Any:
            done.append(name)
            return work(*args, **more)

        return run

    with (
        patch.object(ReadTx, "one", asks),
        patch.object(second_factor, "judge", noted("judge", judge)),
        patch.object(second_factor, "unlock", noted("unlock", unlock)),
        patch.object(HOTP, "generate", noted("code", generate)),
    ):
        yield done


def test_every_cause_of_a_refusal_costs_the_same_work(tmp_path: Path) -> None:
    """F-1: the same statements and the same sums, in the same order, whoever exists and whatever was wrong."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        clock.time += STEP
        seen = []
        for proof, code, name in (
            (right, "000000", "Noor"),
            (right, "", "Noor"),
            (WRONG, app.code(clock.time), "Noor"),
            (WRONG, app.paper(), "Noor"),
            (WRONG, "000000", "Sam"),
            (right, app.code(clock.time), "Nobody"),
            (WRONG, "", "Nobody"),
        ):
            with counted() as done:
                assert (await try_in(sam, proof, code, name=name)).status_code == 401
            seen.append(tuple(done))
        assert len(set(seen)) == 1
        assert seen[0].count("code") == 3
        assert seen[0].count("unlock") == seen[0].count("judge") == 1

    play(story, tmp_path / "house", clock)


def test_codes_cannot_be_guessed_by_who_has_the_passphrase(tmp_path: Path) -> None:
    """F-2: after ten wrong ones six digits count for nobody, from anywhere, many at once or not; recovery codes do."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        clock.time += STEP
        judged = []
        judge = second_factor.judge

        def noted(*args: Any, **more: Any) -> Any:
            judged.append(more["may_guess"])
            return judge(*args, **more)

        with patch.object(second_factor, "judge", noted):
            answers = await asyncio.gather(*(try_in(noor, right, f"{n:06}") for n in range(40)))
        assert Counter(judged) == {True: CODES, False: 40 - CODES}
        assert Counter(one.status_code for one in answers) == {401: TRIES, 429: 40 - TRIES}
        noor.source = "127.0.7.1"  # from elsewhere, too
        assert (await try_in(noor, right, app.code(clock.time))).status_code == 401
        assert (await try_in(noor, right, app.paper())).status_code == 200
        assert (await try_in(noor, right, app.code(clock.time))).status_code == 401  # a thief may go on beside her
        clock.time += 3600 / CODES
        assert (await try_in(noor, right, app.code(clock.time))).status_code == 200

    play(story, tmp_path / "house", clock)


def test_twenty_codes_in_an_hour_are_judged_whichever_hour_it_is(tmp_path: Path) -> None:
    """F-2: not ten more where an hour ends, nor because the owner signs in with the app or with a paper meanwhile."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        judged: list[float] = []
        judge = second_factor.judge

        def noted(*args: Any, **more: Any) -> Any:
            found = judge(*args, **more)
            if more["may_guess"] and found is None:
                judged.append(clock.time)
            return found

        with patch.object(second_factor, "judge", noted):
            for minute in range(150):
                clock.time += 60
                for _ in range(12 if minute in (0, 50, 59) else 1):
                    await try_in(noor, right, "000000")
                if minute % 40 == 10:
                    await try_in(noor, right, app.paper(minute // 40))
                await try_in(noor, right, app.code(clock.time))
        assert len(judged) > CODES
        for begin in judged:
            assert sum(begin <= one < begin + 3600 for one in judged) <= 2 * CODES

    play(story, tmp_path / "house", clock)


def test_a_stranger_spends_nobodys_codes(tmp_path: Path) -> None:
    """F-2: without the passphrase one may try as long as one likes: it keeps nobody out, at the door or at the desk."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        app, right = await noor.gets_a_second_factor(clock.time), await proof_of(noor)
        await noor.opens_desk()
        clock.time += STEP
        for n in range(3 * CODES):
            await try_in(noor, WRONG, f"{n:06}")
        assert (await try_in(noor, right, app.code(clock.time))).status_code == 200
        headers = {"Authorization": f"Bearer {base64.b64encode(noor.token).decode()}"}
        async with noor.http() as client:
            assert (await client.post("/desk/unlock", json={"proof": right}, headers=headers)).status_code == 200
        noor.line.send("ping")
        await noor.line.hear("pong")

    play(story, tmp_path / "house", clock)


def test_only_a_demonstrations_accounts_come_in_without_a_code(tmp_path: Path) -> None:
    """Where real visitors come, an account without a second factor opens nothing, whatever the start let through."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        assert (await noor.signs_in()).status_code == 200
        house.luwte.is_demo = False
        assert (await noor.signs_in()).status_code == 401
        app = await noor.gets_a_second_factor(time.time())
        assert (await noor.signs_in(code=app.paper())).status_code == 200
        house.luwte.is_demo = True
        assert (await noor.signs_in()).status_code == 401  # whoever has one is always asked for it
        assert (await noor.signs_in(code="1" * 65)).status_code == 400

    play(story, tmp_path / "house")


def test_a_renewed_certificate_keeps_the_second_factor(tmp_path: Path) -> None:
    """A demonstration renews its accounts at each start: who set one up is asked for it afterwards, too."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.gets_a_second_factor(time.time())
        await demo.admit_all(house.luwte.db, house.luwte.keys, house.organisation, int(time.time()) + 80 * demo.DAY)
        assert (await noor.signs_in()).status_code == 401
        assert os.path.exists(house.folder / "main.db")

    play(story, tmp_path / "house")
