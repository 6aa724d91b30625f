"""Who may do what to which conversation in which state: the tables are the contract, and nothing answers outside."""

import asyncio
import base64
import os
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import STUCK, Counsellor, House, Line, Visitor, play
from attack.attackers import (
    Wound,
    a_team_next_door,
    answers,
    records,
    refused,
    return_to_list,
    until_pong,
    wait_until,
    what_is_stored,
)
from luwte.crypto.envelope import NOTE, TEAM, TEAM_LOG
from luwte.staff.model import SESSION_MINUTES

STATES = ("waiting", "taken", "returned", "ended")
ROLES = ("holder", "colleague", "lead", "next door")

HIDDEN = "no_such_conversation"
GONE = "gone from the list"
QUIET = "done"
NOBODY = "nobody_waits"
MARKED = "done, and on the disk"
LEADS_ONLY = "not_accepted"

# What a desk gets for each frame. `holder` is who has it, or had it last; the others never had it.
TEAM_TABLE: dict[str, dict[str, tuple[str, str, str]]] = {
    #            state       holder                 colleague, lead        next door
    "openings": {
        "waiting": ("opening", "opening", GONE),
        "taken": (GONE, GONE, GONE),
        "returned": ("opening", "opening", GONE),
        "ended": (GONE, GONE, GONE),
    },
    "take": {
        "waiting": ("taken", "taken", HIDDEN),
        "taken": ("already_taken", "already_taken", HIDDEN),
        "returned": ("taken", "taken", HIDDEN),
        "ended": ("conversation_ended", "conversation_ended", HIDDEN),
    },
    "triage": {
        "waiting": (MARKED, MARKED, HIDDEN),
        "taken": ("already_taken", "already_taken", HIDDEN),
        "returned": (MARKED, MARKED, HIDDEN),
        "ended": ("conversation_ended", "conversation_ended", HIDDEN),
    },
    "follow": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": (QUIET, HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": (HIDDEN, HIDDEN, HIDDEN),
    },
    "append": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("ack", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
    "note": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("ack", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
    "end": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("ended", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
    "delivered": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": (QUIET, HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": (HIDDEN, HIDDEN, HIDDEN),
    },
}
# Handing on. An offer is made by the holder to the lead: `answer` and `withdraw` have a table of their own below.
TEAM_TABLE |= {
    "hand_over": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("asked", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
    "give_back": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("lost", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
    "mute": {
        "waiting": (HIDDEN, HIDDEN, HIDDEN),
        "taken": ("muted", HIDDEN, HIDDEN),
        "returned": (HIDDEN, HIDDEN, HIDDEN),
        "ended": ("conversation_ended", HIDDEN, HIDDEN),
    },
}
NO_OFFER = dict.fromkeys(STATES, ("no_such_offer",) * 3)
TEAM_TABLE |= {"accept": NO_OFFER, "decline": NO_OFFER, "withdraw": NO_OFFER}
TEAM_TABLE |= {"read": TEAM_TABLE["delivered"], "typing": TEAM_TABLE["delivered"]}
TEAM_TABLE |= {
    "need_colleague": TEAM_TABLE["end"] | {"taken": (QUIET, HIDDEN, HIDDEN)},
    "coming": dict.fromkeys(STATES, (HIDDEN, HIDDEN, HIDDEN)),
    "solved": dict.fromkeys(STATES, (HIDDEN, HIDDEN, HIDDEN)),
    "step_in": dict.fromkeys(STATES, (LEADS_ONLY, LEADS_ONLY, LEADS_ONLY)),
    "step_out": dict.fromkeys(STATES, (LEADS_ONLY, LEADS_ONLY, LEADS_ONLY)),
    "take_over": dict.fromkeys(STATES, (LEADS_ONLY, LEADS_ONLY, LEADS_ONLY)),
    "close_glass": dict.fromkeys(STATES, (HIDDEN, HIDDEN, HIDDEN)),
}
# A lead is a colleague, but for this.
LEAD_TABLE: dict[str, dict[str, str]] = {
    frame: {"waiting": "wrong_order", "taken": taken, "returned": "wrong_order", "ended": "conversation_ended"}
    for frame, taken in (("step_in", "stepped_in"), ("step_out", "wrong_order"), ("take_over", "wrong_order"))
}
CHANGES_QUIETLY = ("need_colleague",)
NOT_OF_A_DESK = ("start", "resume", "sign_on", "hello", "welcome", "rotate", "erase", "admin")

# What a visitor gets on their own conversation.
VISITOR_TABLE: dict[str, tuple[str, str, str, str]] = {
    #           waiting, taken, returned, ended
    "append": ("ack", "ack", "ack", "conversation_ended"),
    "delivered": (QUIET, QUIET, QUIET, QUIET),
    "read": (QUIET, QUIET, QUIET, QUIET),
    "typing": (QUIET, QUIET, QUIET, QUIET),
    "away": (QUIET, QUIET, QUIET, QUIET),
    "end": ("ended", "ended", "ended", QUIET),
    "start": ("wrong_order",) * 4,
    "resume": ("wrong_order",) * 4,
}


def _expected(frame: str, role: str, state: str) -> str:
    if role == "lead" and frame in LEAD_TABLE:
        return LEAD_TABLE[frame][state]
    cells = TEAM_TABLE[frame][state]
    return cells[{"holder": 0, "colleague": 1, "lead": 1, "next door": 2}[role]]


async def _in_state(house: House, noor: Counsellor, state: str) -> Visitor:
    visitor = house.visitor()
    await visitor.starts()
    await visitor.says("an opening")
    if state == "waiting":
        return visitor
    await noor.takes(visitor.conv)
    await visitor.line.hear("claimed")
    visitor.generation = 1
    if state == "returned":
        await return_to_list(house, visitor.conv)
        await noor.line.hear("lost")
    if state == "ended":
        visitor.line.send("end")
        await noor.line.hear("ended")
        await visitor.line.hear("ended")
    return visitor


def _frame(desk: Counsellor, name: str, conv: bytes) -> tuple[str, dict[str, Any]]:
    match name:
        case "openings":
            return "openings", {"convs": [conv]}
        case "follow":
            return "follow", {"conv": conv, "shared": 0, "notes": 0}
        case "append":
            return "append", {"envelope": desk._seal(conv, 1, TEAM, 1, "x", {"sender": os.urandom(8)})}
        case "note":
            sealed = desk._seal(conv, TEAM_LOG, NOTE, 0, "x", {"sender": os.urandom(8)})
            return "append", {"envelope": sealed, "wrap": os.urandom(80)}
        case "step_in":
            return name, {"conv": conv, "reason": "asked"}
        case "end":
            return "end", {"conv": conv, "reason": "completed"}
        case "delivered" | "read":
            return name, {"conv": conv, "n": 1}
        case "triage":
            return name, {"conv": conv, "priority": "urgent"}
        case "hand_over":
            noor, _, robin, *_ = desk.house.organisation.people
            return name, {"conv": conv, "to": (noor if desk.person == robin else robin).id}
        case "mute":
            return name, {"conv": conv, "on": True}
        case "accept" | "decline":
            return "answer", {"conv": conv, "accept": name == "accept"}
        case _:
            return name, {"conv": conv}


async def _outcome(desk: Counsellor, name: str, conv: bytes) -> tuple[str, list[Any]]:
    t, values = _frame(desk, name, conv)
    heard = await answers(desk.line, t, **values)
    done = {"take": "taken", "end": "ended", "hand_over": "asked", "give_back": "lost", "mute": "muted"}
    done |= {"step_in": "stepped_in"}
    if not heard and name in done:
        heard = [await desk.line.hear(done[name])]
    if not heard:
        return (MARKED if name == "triage" else QUIET), []
    (frame,) = heard
    shape = [(key, value) for key, value in frame.items() if key not in ("conv", "msg_id")]
    if frame["t"] == "opening":
        return (GONE if frame["wrap"] == b"" and frame["envelopes"] == [] else "opening"), shape
    return frame.get("code", frame["t"]), shape


@pytest.mark.usefixtures("both_ways")
def test_a_desk_gets_what_the_table_says(tmp_path: Path) -> None:
    """D-2: every frame of a desk, by every role, in every state; what is refused changes nothing on the disk."""

    async def story(house: House) -> None:
        desks = {
            "holder": house.counsellor(0),
            "colleague": house.counsellor(1),
            "lead": house.counsellor(2),
            "next door": await a_team_next_door(house),
        }
        for desk in desks.values():
            await desk.opens_desk()
        wrong = []
        for state in STATES:
            visitor = await _in_state(house, desks["holder"], state)
            for name in TEAM_TABLE:
                for role in ROLES:
                    before = await what_is_stored(house)
                    got, _ = await _outcome(desks[role], name, visitor.conv)
                    if got != _expected(name, role, state):
                        wrong.append((name, role, state, got))
                    ends = got in ("taken", "ack", "ended", "asked", "lost", "muted", "stepped_in")
                    if ends or (got == QUIET and name in CHANGES_QUIETLY):
                        visitor = await _in_state(house, desks["holder"], state)
                    elif (await what_is_stored(house) != before) != (got == MARKED and role == "holder"):
                        wrong.append((name, role, state, "changed the disk"))
        assert wrong == []

    play(story, tmp_path / "house")


def test_next_gives_what_waits_in_ones_own_team_and_nothing_else(tmp_path: Path) -> None:
    """In every state, to the one who had it, a colleague and the lead; next door there is nobody."""

    async def story(house: House) -> None:
        holder, kim = house.counsellor(0), await a_team_next_door(house)
        others = [holder, house.counsellor(1), house.counsellor(2)]
        for desk in [*others, kim]:
            await desk.opens_desk()
        for state in STATES:
            for desk in others:
                visitor = await _in_state(house, holder, state)
                assert (await refused(kim.line, "next"))["code"] == NOBODY
                if state in ("waiting", "returned"):
                    (given,) = await answers(desk.line, "next")
                    assert given == {"t": "given", "conv": visitor.conv}
                    assert (await desk.line.hear("taken"))["conv"] == visitor.conv
                else:
                    assert (await refused(desk.line, "next"))["code"] == NOBODY
                visitor.line.send("end")
                if state != "ended":
                    await (holder if state == "taken" else desk).line.hear("ended")

    play(story, tmp_path / "house")


def test_an_offer_is_answered_by_whom_it_was_made_to_and_nobody_else(tmp_path: Path) -> None:
    """Of holder, colleague, lead and next door, with the conversation offered to the colleague."""
    table = {
        #            holder           colleague        lead             next door
        "accept": ("no_such_offer", "taken", "no_such_offer", "no_such_offer"),
        "decline": ("no_such_offer", "offer_over", "no_such_offer", "no_such_offer"),
        "withdraw": ("offer_over", "no_such_offer", "no_such_offer", "no_such_offer"),
    }

    async def story(house: House) -> None:
        desks = [house.counsellor(0), house.counsellor(1), house.counsellor(2), await a_team_next_door(house)]
        for desk in desks:
            await desk.opens_desk()
        noor, sam = desks[:2]
        for name, cells in table.items():
            for desk, expected in zip(desks, cells, strict=True):
                visitor = await _in_state(house, noor, "taken")
                noor.line.send("hand_over", conv=visitor.conv, to=sam.person.id)
                await sam.line.hear("offered")
                before = await what_is_stored(house)
                t, values = _frame(desk, name, visitor.conv)
                heard = await answers(desk.line, t, **values)
                while not heard or heard[-1]["conv"] != visitor.conv:
                    heard.append(await desk.line.hear("taken" if expected == "taken" else "offer_over"))
                assert heard[-1].get("code", heard[-1]["t"]) == expected, (name, expected)
                assert (await what_is_stored(house) != before) == (expected == "taken")
                visitor.line.send("end")
                await visitor.line.hear("ended")

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_absent_and_foreign_look_the_same_to_a_desk(tmp_path: Path) -> None:
    """D-2: to a counsellor of another team ours are as if they were not: the same bytes but its id."""

    async def story(house: House) -> None:
        noor, kim = house.counsellor(), await a_team_next_door(house)
        await noor.opens_desk()
        await kim.opens_desk()
        absent = os.urandom(16)
        for state in STATES:
            visitor = await _in_state(house, noor, state)
            for name in TEAM_TABLE:
                assert await _outcome(kim, name, visitor.conv) == await _outcome(kim, name, absent), (state, name)

            def cheat(conv: bytes, **values: Any) -> Any:
                return answers(kim.line, "append", envelope=kim._seal(conv, 1, TEAM, 1, "x", {}), **values)

            for surplus in ({"wrap": b""}, {"wrap": bytes(79)}, {"wrap": bytes(80)}):
                (foreign,), (nothing,) = await cheat(visitor.conv, **surplus), await cheat(absent, **surplus)
                assert foreign["code"] == nothing["code"]
                assert list(foreign) == list(nothing)

    play(story, tmp_path / "house")


def test_the_audit_tells_foreign_from_absent_to_nobody_on_the_wire(tmp_path: Path) -> None:
    """A refused take of an absent conversation is on record without an object; the frame says the same either way."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        await answers(noor.line, "take", conv=os.urandom(16))
        (record,) = [one for one in await records(house) if one.action == "conversation.take"]
        assert (record.object, record.result) == (b"", HIDDEN)

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_a_desk_has_no_other_frames(tmp_path: Path) -> None:
    """Frames of visitors, of the server, or of nobody are refused, and the desk goes on."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        for name in NOT_OF_A_DESK:
            values = {"sign_on": {"token": noor.token}, "start": visitor.start_frame}.get(name, {})
            (frame,) = await answers(noor.line, name, **values)
            assert frame["code"] == ("wrong_order" if name == "sign_on" else "malformed")

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_a_visitor_gets_what_the_table_says(tmp_path: Path) -> None:
    """Every frame of a visitor in every state of their own conversation."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        for place, state in enumerate(STATES):
            visitor = await _in_state(house, noor, state)
            for name, expected in VISITOR_TABLE.items():
                values: dict[str, Any] = {
                    "append": {"envelope": visitor.seals("x", sender=os.urandom(8), seq=1, prev=bytes(32))},
                    "delivered": {"n": 1},
                    "read": {"n": 1},
                    "away": {"away": False},
                    "start": visitor.start_frame,
                    "resume": {"conv": visitor.conv, "credential": visitor.keys.credential, "after": 0},
                }.get(name, {})
                heard = await answers(visitor.line, name, **values)
                if not heard and expected[place] == "ended":
                    heard = [await visitor.line.hear("ended")]
                got = heard[0].get("code", heard[0]["t"]) if heard else QUIET
                assert got == expected[place], (state, name)
                if got == "ended":
                    visitor = await _in_state(house, noor, state)

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_a_visitor_reaches_no_other_conversation(tmp_path: Path) -> None:
    """C-3, D-2: another's conversation and none at all answer alike, to append and to resume, whatever its state."""

    async def story(house: House) -> None:
        noor, mine = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await mine.starts()
        absent = os.urandom(16)
        for state in STATES:
            other = await _in_state(house, noor, state)
            before = await what_is_stored(house)
            shapes = []
            for conv in (other.conv, absent):
                for g in (0, 1):
                    (frame,) = await answers(mine.line, "append", envelope=mine.seals("x", conv=conv, generation=g))
                    shapes.append([(key, value) for key, value in frame.items() if key != "msg_id"])
            assert all(shape == shapes[0] for shape in shapes)
            assert dict(shapes[0])["code"] == HIDDEN
            heard = []
            for conv in (other.conv, absent):
                line = await Line.open(house.origin.replace("http", "ws") + "/socket/2", house.origin)
                line.send("resume", conv=conv, credential=mine.keys.credential, after=0)
                heard.append((await line.hear("refused", "resumed"), await line.closing_code()))
            assert heard[0] == heard[1] == ({"t": "refused", "code": HIDDEN, "says": heard[0][0]["says"]}, 1008)
            assert await what_is_stored(house) == before

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_what_a_visitor_is_sent_names_nobody_elses_conversation(tmp_path: Path) -> None:
    """One visitor hears nothing while another talks, types, reads and ends."""

    async def story(house: House) -> None:
        noor, quiet = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await quiet.starts()
        await quiet.line.hear("waiting")
        talker = await _in_state(house, noor, "taken")
        await talker.says("x")
        for name, values in (("typing", {}), ("read", {"n": 1}), ("delivered", {"n": 1})):
            noor.line.send(name, conv=talker.conv, **values)
            assert (await talker.line.hear(name))["t"] == name
        await noor.says(talker.conv, "y")
        await talker.line.hear("envelope")
        talker.line.send("end")
        await talker.line.hear("ended")
        assert await until_pong(quiet.line) == []

    play(story, tmp_path / "house")


OWN_BODIES: dict[str, dict[str, Any]] = {
    "account/second-factor": {"proof": "AAAA", "factor": {"secret": "AAAA", "code": "123456", "recovery": []}},
    "account/recovery-codes": {"proof": "AAAA", "recovery": []},
    "account/passphrase": {"proof": "AAAA", "proof_hash": "AAAA", "sealed_amk": "AAAA"},
    "account/sheet": {"proof": "AAAA", "proof_hash": "AAAA", "sealed_amk": "AAAA"},
    "account/end": {},
}


def _bearer(token: bytes) -> dict[str, str]:
    return {"Authorization": f"Bearer {base64.b64encode(token).decode()}"}


@pytest.mark.usefixtures("both_ways")
def test_a_token_that_does_not_count_gets_no_data(tmp_path: Path) -> None:
    """C-2: none, another one, a signed-out one and an expired one: 4401 at the socket, 401 over HTTP, not one frame.

    One of an account that is given nothing yet, too, whose owner lost everything, and for which no door makes one.
    """
    clock = Wound()

    async def story(house: House) -> None:
        gone, old = house.counsellor(0), house.counsellor(1)
        await gone.opens_desk()
        await old.opens_desk()
        await gone.signs_out()
        clock.ahead = SESSION_MINUTES * 60
        early, minute = house.counsellor(2), house.luwte.minute() + 60
        await early.skips_sign_in()
        await house.luwte.db.write(
            lambda tx: tx.execute("UPDATE account SET reads_from = ? WHERE id = ?", minute, early.person.id)
        )
        for token in (b"", os.urandom(32), gone.token, old.token, old.token[:31], old.token * 2, early.token):
            line = await Line.open(house.origin.replace("http", "ws") + "/desk/socket/2", house.origin)
            line.send("sign_on", token=token)
            with pytest.raises(ConnectionError, match="4401"):
                await line.hear()
            async with gone.http() as client:
                if token == b"":
                    continue
                for path in READS:
                    assert (await client.get(path, headers=_bearer(token))).status_code == 401
                for path, body in (("unlock", {"proof": "AAAA"}), ("sign-out", None), *OWN_BODIES.items()):
                    answer = await client.post(f"/desk/{path}", json=body, headers=_bearer(token))
                    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")

    play(story, tmp_path / "house", clock)


@pytest.mark.usefixtures("both_ways")
def test_a_session_that_is_over_does_nothing_more_on_an_open_socket(tmp_path: Path) -> None:
    """C-4: twelve hours after signing in, the next frame of any kind closes the desk with 4401 and has no effect."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        before = await what_is_stored(house)
        clock.ahead = SESSION_MINUTES * 60
        noor.line.send("take", conv=visitor.conv)
        assert await noor.line.closing_code() == 4401
        assert await what_is_stored(house) == before

    play(story, tmp_path / "house", clock)


@pytest.mark.usefixtures("both_ways")
def test_signing_out_in_one_tab_ends_the_other(tmp_path: Path) -> None:
    """C-13: all its sockets close with 4401; what it had waits again; what was under way is not done after."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        first = noor.line
        await noor.opens_desk()
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        assert (await noor.signs_out()).status_code == 200
        assert await first.closing_code() == await noor.line.closing_code() == 4401
        assert (await visitor.line.hear("waiting"))["place"] == 1

    play(story, tmp_path / "house")


def test_signing_out_gives_back_while_a_frame_is_under_way(tmp_path: Path) -> None:
    """A desk that waits for the disk at that moment counts as gone: its conversations are not left with nobody."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        free = threading.Event()
        held = [house.luwte.db.read(lambda _: free.wait(2 * STUCK)) for _ in range(4)]
        blocked = [asyncio.ensure_future(one) for one in held]
        noor.line.send("openings", convs=[visitor.conv])
        (socket,) = [one for one in house.luwte.sockets._open if one._handler.__name__ == "serve_desk"]
        await wait_until(lambda: not socket._inbox and socket._waiter is None)
        out = asyncio.ensure_future(noor.signs_out())
        try:
            assert (await asyncio.wait_for(asyncio.shield(out), STUCK)).status_code == 200
        finally:
            free.set()
            await asyncio.gather(*blocked)
        assert (await visitor.line.hear("waiting"))["place"] == 1

    play(story, tmp_path / "house")


PAGES = ("/", "/desk", "/l/chat", "/healthz", "/l/chat/status", "/l/chat/status/2", "/more", "/org.js", "/release.json")
OWN = tuple(f"/desk/account/{deed}" for deed in ("second-factor", "recovery-codes", "passphrase", "sheet", "end"))
DEEDS = ("/desk/salt", "/desk/sign-in", "/desk/unlock", "/desk/sign-out", "/desk/audit", *OWN)
DEEDS += ("/desk/invitation", "/desk/join", "/desk/found")
DEEDS += ("/desk/invite", "/desk/withdraw", "/desk/admit", "/desk/decline", "/desk/renew")
DEEDS += ("/desk/remove", "/desk/epoch", "/desk/recovery", "/desk/rewrap", "/desk/rewrap/next")
DEEDS += ("/desk/house/sign-out", "/desk/checkpoint")
READS = ("/desk/replies", "/desk/account", "/desk/people", "/desk/house")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
HTTP_TABLE = {(page, method): 200 for page in PAGES for method in ("GET", "HEAD")}
HTTP_TABLE |= {(deed, "POST"): 400 for deed in DEEDS}
HTTP_TABLE |= {("/desk/sign-out", "POST"): 401, ("/desk/unlock", "POST"): 400}
HTTP_TABLE |= {(path, method): 401 for path in READS for method in ("GET", "HEAD")} | {("/desk/replies", "POST"): 400}
FORGOTTEN = """
    /.git/HEAD /.git/config /.env /.well-known/security.txt /schema /schema/swagger /schema/openapi.json
    /openapi.json /docs /redoc /metrics /admin /debug /console /graphql /api /api/v1 /server-status /status
    /actuator/health /phpinfo.php /wp-login.php /robots.txt /favicon.ico /sitemap.xml /main.db /keys /secret
    /luwte.toml /root.pub /demo/keys.json /desk/demo /desk/accounts /audit-key /audit /desk/openings /desk/queue /socket
    /desk/socket /l /l/ /l/absent /l/absent/status /l/absent/socket /assets /assets/ /assets/index.html
    /index.html /desk.html /org.json /client/index.html /static/ /backup.zip /desk/sign-in.bak /healthz.json
    /recovery /recovery.html /desk/recovery.html /assets/recovery.html
"""


def test_over_http_only_the_listed_methods_answer(tmp_path: Path) -> None:
    """D-6: a page is read, a deed is posted, whoever asks; every other method is 405."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        async with noor.http() as client:
            for headers in ({}, _bearer(noor.token), _bearer(os.urandom(32))):
                for path in (*PAGES, *DEEDS, *READS):
                    for method in METHODS:
                        if (
                            path in ("/desk/people", "/desk/house")
                            and method in ("GET", "HEAD")
                            and headers == _bearer(noor.token)
                        ):
                            assert (await client.request(method, path, headers=headers)).status_code == 403
                            continue  # not a counsellor's
                        reads = path in READS and method in ("GET", "HEAD")
                        if reads and headers == _bearer(noor.token):
                            assert (await client.request(method, path, headers=headers)).status_code == 200
                            continue
                        if (path, method) == ("/desk/sign-out", "POST") and headers == _bearer(noor.token):
                            continue
                        answer = await client.request(method, path, headers=headers)
                        assert answer.status_code == HTTP_TABLE.get((path, method), 405), (method, path)

    play(story, tmp_path / "house")


def test_forgotten_addresses_do_not_exist(tmp_path: Path) -> None:
    """D-17, D-20: no repository, documentation, metrics, debugging, backups or folder listing: all the same 404."""

    async def story(house: House) -> None:
        async with httpx.AsyncClient(base_url=house.origin) as client:
            first = await client.get("/nothing")
            assert first.status_code == 404
            for path in FORGOTTEN.split():
                answer = await client.get(path)
                assert (answer.status_code, answer.content) == (404, first.content), path

    play(story, tmp_path / "house")
