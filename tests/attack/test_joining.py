"""Attacks on the door for whoever was invited: guessing codes, coming in by a weaker way, becoming somebody else."""

from pathlib import Path
from typing import Any

import pytest

from actors import House, play
from joiners import Empty, Organisation, b64, invites, joiner, of_the_demonstration, people, play_empty, post
from luwte.crypto import keys, primitives
from luwte.errors import NoSuchInvitation
from luwte.plumbing.db import ReadTx
from luwte.staff import joining
from luwte.staff.invitation import new_code


class Counted(ReadTx):
    """A transaction that remembers what was asked of it."""

    def __init__(self, tx: ReadTx) -> None:
        super().__init__(tx._connection)
        self.asked: list[str] = []

    def one(self, sql: str, *values: Any) -> Any:
        """One row."""
        self.asked.append(sql)
        return super().one(sql, *values)

    def all(self, sql: str, *values: Any) -> Any:
        """All rows."""
        self.asked.append(sql)
        return super().all(sql, *values)


def test_an_invitation_tells_nothing_by_its_answer_or_its_work(tmp_path: Path) -> None:
    """F-1, F-12: a code that was used and one that never was: the same bytes and headers, and the same questions to
    the database. No clock is exact enough for a test that always tells the truth, so the work is counted."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.skips_sign_in()
        kim = joiner(house, await invites(robin))
        assert (await kim.joins()).status_code == 200
        answers = [await joiner(house, code).looks() for code in (kim.code, new_code())]
        assert len({(one.status_code, one.content, tuple(one.headers)) for one in answers}) == 1

        def work(tx: ReadTx, code: str) -> list[str]:
            counted = Counted(tx)
            with pytest.raises(NoSuchInvitation):
                joining.look(counted, code, house.luwte.minute())
            return counted.asked

        used, never = [await house.luwte.db.read(work, code) for code in (kim.code, new_code())]
        assert used == never != []

    play(story, tmp_path / "house")


def test_nobody_gets_in_by_joining_without_a_second_factor(tmp_path: Path) -> None:
    """F-11: in a real installation neither founding nor joining is taken without one, nor with a wrong code of it."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        organisation = Organisation(house.settings.organisation, int(house.luwte.now()))
        body = robin.body() | organisation.founding(robin)
        bare = {name: value for name, value in body.items() if name != "factor"}
        assert (await robin.asks("/desk/found", **bare)).status_code == 400
        wrong = {**body["factor"], "code": "000000" if body["factor"]["code"] != "000000" else "111111"}
        refused = await robin.asks("/desk/found", **{**body, "factor": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "code_refused")
        assert (await robin.asks("/desk/found", **body)).status_code == 200
        await house.pins(primitives.signing_public_of(organisation.root))
        proof = b64(keys.login_proof(robin.stretched))
        assert (await robin.asks("/desk/sign-in", name="Robin", proof=proof)).status_code == 401
        await robin.signs_in()
        kim = house.founder("Kim")
        kim.code = await invites(robin)
        await kim.looks()
        bare = {name: value for name, value in kim.body().items() if name != "factor"}
        assert (await kim.asks("/desk/join", **bare)).status_code == 400
        assert (await kim.joins()).status_code == 200
        # A lead cannot leave it out for them either.
        assert (await post(robin, "/desk/admit", **organisation.admission(kim))).status_code == 200
        proof = b64(keys.login_proof(kim.stretched))
        assert (await kim.asks("/desk/sign-in", name="Kim", proof=proof)).status_code == 401
        assert (await kim.signs_in()).status_code == 200

    play_empty(story, tmp_path / "house")


def test_an_invitation_gives_nobody_another_role_or_account(tmp_path: Path) -> None:
    """F-11: a code of a counsellor makes no lead, whatever is asked for; an account stays its owner's."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.skips_sign_in()
        noor = house.organisation.people[0]
        half = house.luwte.keys.get(2, bytes.fromhex(noor.id))
        kim = joiner(house, await invites(robin))
        await kim.looks()
        for surplus in (
            {"account": noor.id},
            {"id": noor.id},
            {"role": "lead"},
            {"team": "x"},
            {"second_factor": True},
        ):
            assert (await kim.asks("/desk/join", **kim.body(), **surplus)).status_code == 400
        assert (await kim.asks("/desk/join", **{**kim.body(), "name": "Noor"})).status_code == 409
        assert house.luwte.keys.get(2, bytes.fromhex(noor.id)) == half
        assert (await kim.joins()).status_code == 200
        own = of_the_demonstration(house)
        for roles in (("chat/lead",), ("chat/counsellor", "chat/lead"), ("chat/admin",), ()):
            forged = own.admission(kim, certificate=b64(own.certificate(kim, roles=roles)))
            assert (await post(robin, "/desk/admit", **forged)).status_code == 422
        assert len((await people(robin)).json()["waiting"]) == 1

    play(story, tmp_path / "house")
