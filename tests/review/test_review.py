"""I-7: a lead looks through who did what; each look is on record first, and shows one's own team and no content."""

import base64
import os
from pathlib import Path
from typing import Any

from actors import Counsellor, House, play
from attack.attackers import a_taken_conversation, a_team_next_door, answers, records, refused
from desk.test_glass import breaks, three_at_desks
from luwte.audit import actions as audit
from luwte.audit.model import ACTIONS, pseudonym
from luwte.plumbing import keystore
from luwte.review.model import PAGE

CANARY = "a small yellow bird 4711"


async def looks(desk: Counsellor, status: int = 200, **wanted: Any) -> Any:
    """A page of the log, or the refusal."""
    headers = {"Authorization": f"Bearer {base64.b64encode(desk.token).decode()}"}
    async with desk.http() as client:
        answer = await client.post("/desk/audit", json=wanted, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def deeds(page: Any) -> list[tuple[str, str, str]]:
    """Who did what with which result, newest first."""
    return [(row["name"], row["action"], row["result"]) for row in page["rows"]]


def test_by_employee_and_by_conversation(tmp_path: Path) -> None:
    """NEN 7513: who, in which role, when, what, about which conversation, why, with what result."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        first, second = await a_taken_conversation(house, noor), await a_taken_conversation(house, sam)
        await refused(sam.line, "take", conv=first.conv)
        await answers(noor.line, "end", conv=first.conv, reason="completed")
        day = house.luwte.minute() // 1440
        page = await looks(robin, number=1, day=day)
        key = house.luwte.keys.get(keystore.CONVERSATION, first.conv) or b""
        about = pseudonym(key, first.conv).hex()
        assert page["rows"][1:] == [
            {
                "n": 4,
                "minute": page["rows"][1]["minute"],
                "name": "Noor",
                "role": "counsellor",
                "action": "conversation.end",
                "conversation": about,
                "reason": "completed",
                "about": "",
                "result": "done",
            },
            page["rows"][2],
            page["rows"][3],
        ]
        assert deeds(page) == [
            ("Robin", "audit.read", "done"),
            ("Noor", "conversation.end", "done"),
            ("Sam", "conversation.take", "already_taken"),
            ("Noor", "conversation.take", "done"),
        ]
        assert page["employees"] == ["Charlie", "Jules", "Noor", "Robin", "Sam"]
        assert not page["more"]
        page = await looks(robin, employee="Sam")
        assert deeds(page) == [("Sam", "conversation.take", "already_taken"), ("Sam", "conversation.take", "done")]
        assert [row["about"] for row in (await looks(robin, employee="Robin"))["rows"]] == ["Robin", "Sam", ""]
        assert deeds(await looks(robin, employee="Sam", number=2, day=day)) == [("Sam", "conversation.take", "done")]
        assert deeds(await looks(robin, employee="nobody here")) == []
        assert second.conv.hex() not in str(await looks(robin))
        looked = [
            (one.actor, one.object.hex(), one.reason) for one in await records(house) if one.action == "audit.read"
        ]
        team = house.organisation.people
        ids = {person.name: person.id for person in team}
        other = pseudonym(house.luwte.keys.get(keystore.CONVERSATION, second.conv) or b"", second.conv).hex()
        assert looked == [
            (ids["Robin"], about, ""),
            (ids["Robin"], "", ids["Sam"]),
            (ids["Robin"], "", ids["Robin"]),
            (ids["Robin"], other, ids["Sam"]),
            (ids["Robin"], "", "nobody"),
            (ids["Robin"], "", ""),
        ]

    play(story, tmp_path / "house")


def test_pages_go_back_to_the_beginning_and_miss_nothing(tmp_path: Path) -> None:
    """One record for each page read; what is written meanwhile shifts no older page."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()

        def many(tx: Any) -> None:
            for n in range(2 * PAGE + 7):
                audit.record(tx, minute=n, actor=robin.person.id, action="staff.unlock", reason=f"{n}")

        await house.luwte.db.write(many)
        seen: list[int] = []
        page = await looks(robin)
        while True:
            seen += [row["n"] for row in page["rows"]]
            if not page["more"]:
                break
            assert len(page["rows"]) == PAGE
            page = await looks(robin, before=seen[-1])
        assert seen == list(range(2 * PAGE + 8, 0, -1))
        assert [one.action for one in await records(house)].count("audit.read") == 3
        assert (await looks(robin, before=0))["rows"] == []

    play(story, tmp_path / "house")


def test_only_a_lead_and_only_the_own_team(tmp_path: Path) -> None:
    """A counsellor, a stranger, an absent, a foreign and an erased conversation: refused alike, once on record."""

    async def story(house: House) -> None:
        noor, _, robin = await three_at_desks(house)
        kim = await a_team_next_door(house)
        await kim.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await refused(kim.line, "take", conv=visitor.conv)
        day = house.luwte.minute() // 1440
        for desk in (noor, kim):
            before = len(await records(house))
            assert (await looks(desk, 403))["code"] == "not_accepted"
            (record,) = (await records(house))[before:]
            assert (record.actor, record.action, record.result) == (desk.person.id, "audit.read", "not_accepted")
        # What somebody of another team tried with ours is ours to see, and nothing else of them.
        assert ("Kim", "conversation.take", "no_such_conversation") in deeds(await looks(robin, number=1, day=day))
        assert "Kim" not in str(await looks(robin))
        assert deeds(await looks(robin, employee="Kim")) == []
        absent = await looks(robin, 404, number=2, day=day)
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE account SET role = 'lead' WHERE name = 'Kim'"))
        assert await looks(kim, 404, number=1, day=day) == absent
        house.luwte.keys.erase(keystore.CONVERSATION, visitor.conv)
        assert await looks(robin, 404, number=1, day=day) == absent
        assert deeds(await looks(robin, employee="Noor"))[-1] == ("Noor", "conversation.take", "done")
        robin.token = os.urandom(32)
        count = len(await records(house))
        assert (await looks(robin, 401))["code"] == "signed_out"
        assert len(await records(house)) == count

    play(story, tmp_path / "house")


def test_without_a_record_nothing_is_shown(tmp_path: Path) -> None:
    """I-6: the log cannot be written, so it cannot be read either."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()
        no = "CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
        await house.luwte.db.write(lambda tx: tx.execute(no))
        assert await looks(robin, 500) == {
            "code": "failed",
            "says": "Something went wrong here. Nothing was lost; please try again.",
        }

    play(story, tmp_path / "house")


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    """D-4: nothing but what the page asks."""
    shapes: list[dict[str, Any]] = [
        {"employee": 7},
        {"employee": "x" * 101},
        {"number": -1, "day": 1},
        {"number": 1},
        {"day": 1},
        {"number": 1, "day": 2**40},
        {"before": -1},
        {"before": 2**53},
        {"object": "00"},
        {"employee": "Sam", "role": "lead"},
    ]

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.skips_sign_in()
        for shape in shapes:
            assert (await looks(robin, 400, **shape))["code"] == "malformed", shape

    play(story, tmp_path / "house")


def test_nothing_that_was_said_is_in_it(tmp_path: Path) -> None:
    """I-4, I-5: no word, no id, no address; a reason in words stays out of the log, and a name is text and no more."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await visitor.says(CANARY)
        await noor.notes(visitor.conv, CANARY)
        await breaks(sam, reason=f"{CANARY} said so")
        hostile = 'Eve"},{"n":0,\n\x1b[31m<b>'
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE account SET name = ? WHERE name = 'Sam'", hostile))
        async with robin.http() as client:
            for name in (CANARY, hostile + "?"):
                body = {"name": name, "proof": base64.b64encode(bytes(32)).decode()}
                await client.post("/desk/sign-in", json=body, headers={"User-Agent": CANARY})
        page = await looks(robin)
        assert [row["name"] for row in page["rows"] if row["action"] == "glass.break"] == [hostile]
        rows = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM audit"))
        for text in (str(page), str(rows)):
            for secret in (CANARY, "127.0.0.1", visitor.conv.hex(), str(visitor.conv), noor.token.hex()):
                assert secret not in text, secret
        assert hostile not in str(rows)
        glass = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM glass"))
        assert CANARY.encode() not in b"".join(value for row in glass for value in row if isinstance(value, bytes))
        assert deeds(page)[1:3] == [("nobody", "staff.sign_in", "sign_in_refused")] * 2

    play(story, tmp_path / "house")


def test_the_desk_has_a_word_for_every_deed() -> None:
    """In both languages."""
    words = Path(__file__).parents[2] / "web/src/words"
    for language in ("nl", "en"):
        text = (words / f"desk.{language}.ts").read_text()
        assert [action for action in sorted(ACTIONS) if f'"did.{action}":' not in text] == []
