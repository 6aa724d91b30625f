"""A demonstration folder with desks and conversations in it, so that a run begins with people who are talking.

Made with the server's own deeds, in this process and before the server starts. Wraps and signatures are random
bytes: the server cannot open the ones and has checked the others by then.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.load import VISITOR, Chain
from luwte import demo
from luwte import settings as settings_module
from luwte.app import running
from luwte.conversation import actions as conversations
from luwte.conversation.model import THE_VISITOR, StartRequest
from luwte.crypto.envelope import HEADER_BYTES, MAX_ENVELOPE, parse
from luwte.plumbing import keystore
from luwte.plumbing.clock import minute
from luwte.plumbing.db import WriteTx
from luwte.plumbing.keystore import KeyStore
from luwte.staff import actions as staff
from luwte.staff import store as staff_store
from luwte.staff.model import Account, Team, token_hash

CONVERSATIONS_A_DESK = 4
"""A counsellor talks with a few people at once; two thousand conversations are five hundred desks."""

NO_LIMIT = 1_000_000

DAYS = 20
"""The starts are spread over some days, as the number of the day is looked up among the starts of that day."""

A_DAY = 100
"""Conversations of the past that began on one day, for the same reason."""

AT_ONCE = 2_000
"""Conversations in one commit: what waits for it is in memory."""


@dataclass(frozen=True)
class People:
    """Who will connect: a credential per conversation, and a token per desk with the conversations it has."""

    visitors: list[tuple[str, str]]
    desks: list[tuple[str, list[str]]]

    def write(self, path: Path) -> None:
        """For the generator, which is another process."""
        path.write_text(json.dumps(asdict(self)))


async def seed(folder: Path, count: int) -> People:
    """Make *folder* with *count* conversations, each at a desk. One desk may have as many as there are, and more."""
    settings = replace(demo.prepare(folder, 1), desk_limit=NO_LIMIT)
    settings_module.write(settings)
    organisation = demo.load(folder)
    async with running(settings, is_demo=True) as luwte:
        await demo.admit_all(luwte.db, luwte.keys, organisation, int(time.time()))
        await luwte.reload_teams()
        team = luwte.teams[demo.LINE]
        requests, shred_keys = _requests(luwte.keys, team, count)
        people = await luwte.db.write(_fill, organisation.people[0].name, team, requests, shred_keys)
        ids = await luwte.db.read(staff.account_ids)
        _keep(luwte.keys, keystore.STAFF, {bytes.fromhex(id): os.urandom(32) for id in ids})
        return people


async def seed_past(folder: Path, count: int, messages: int, say: Callable[[str], None]) -> None:
    """Add *count* conversations that ended, with *messages* of a visitor in each, to a folder that `seed` made."""
    settings = demo.prepare(folder, 1)
    account = demo.load(folder).people[0].id
    async with running(settings, is_demo=True) as luwte:
        team = luwte.teams[demo.LINE]
        for first in range(0, count, AT_ONCE):
            say(f"preparing {first:,} of {count:,} conversations")
            requests, shred_keys = _requests(luwte.keys, team, min(AT_ONCE, count - first))
            await luwte.db.write(_fill_past, account, team, requests, shred_keys, (count - first) // A_DAY, messages)


async def seed_long(folder: Path, conversation: bytes, messages: int) -> None:
    """Give one conversation of a folder that `seed` made as many *messages* of the longest kind."""
    async with running(demo.prepare(folder, 1), is_demo=True) as luwte:
        key = luwte.keys.get(keystore.CONVERSATION, conversation)
        assert key is not None
        chain, longest = Chain(conversation, VISITOR), MAX_ENVELOPE - HEADER_BYTES
        for _ in range(messages):
            envelope = chain.envelope(os.urandom(16), longest)
            sealed = conversations.seal(parse(envelope), envelope, key)
            await luwte.db.write(conversations.append, sealed, THE_VISITOR, minute(time.time()), 0)
            chain.moves_on(envelope)


def _requests(keys: KeyStore, team: Team, count: int) -> tuple[list[StartRequest], dict[bytes, bytes]]:
    requests = [_request(team) for _ in range(count)]
    shred_keys = {request.conversation_id: os.urandom(32) for request in requests}
    _keep(keys, keystore.CONVERSATION, shred_keys)
    return requests, shred_keys


def _fill_past(
    tx: WriteTx,
    account: str,
    team: Team,
    requests: list[StartRequest],
    shred_keys: dict[bytes, bytes],
    days: int,
    messages: int,
) -> None:
    now = minute(time.time())
    for at, request in enumerate(requests):
        key = shred_keys[request.conversation_id]
        # Oldest first, as they came: a number of the day is looked up among all that began since that day.
        then = now - (DAYS + days - at // A_DAY) * conversations.MINUTES_A_DAY
        start = conversations.seal_start(request, key, team.epoch)
        conversation = conversations.start(tx, start, team_cert=team.certificate_id, minute=then)
        conversations.seat(tx, conversation, account)
        chain = Chain(request.conversation_id, VISITOR)
        for _ in range(messages):
            envelope = chain.envelope(os.urandom(16))
            sealed = conversations.seal(parse(envelope), envelope, key)
            conversations.append(tx, sealed, THE_VISITOR, then, 0)
            chain.moves_on(envelope)
        conversations.end_by_visitor(tx, request.conversation_id, then)


def _request(team: Team) -> StartRequest:
    wraps = tuple(os.urandom(80) for _ in range(4))
    return StartRequest(
        team.slug, os.urandom(32), os.urandom(32), os.urandom(32), team.certificate_id, wraps, os.urandom(64)
    )


def _keep(keys: KeyStore, kind: int, values: dict[bytes, bytes]) -> None:
    """Put the keys without one fdatasync for each: nothing is lost when a bench is."""
    sync, os.fdatasync = os.fdatasync, lambda _: None
    try:
        for id, key in values.items():
            keys.put(kind, id, key)
    finally:
        os.fdatasync = sync


def _fill(tx: WriteTx, like: str, team: Team, requests: list[StartRequest], shred_keys: dict[bytes, bytes]) -> People:
    pattern = staff.find_account(tx, like)
    assert pattern is not None
    now = minute(time.time())
    visitors, desks = [], []
    for first in range(0, len(requests), CONVERSATIONS_A_DESK):
        account = replace(pattern, id=os.urandom(16).hex(), name=f"Desk {first}")
        token = _admit(tx, account, now)
        share = requests[first : first + CONVERSATIONS_A_DESK]
        for offset, request in enumerate(share, first):
            sealed = conversations.seal_start(request, shred_keys[request.conversation_id], team.epoch)
            started = now - offset % DAYS * conversations.MINUTES_A_DAY
            conversation = conversations.start(tx, sealed, team_cert=team.certificate_id, minute=started)
            conversations.seat(tx, conversation, account.id)
            visitors.append((conversation.id.hex(), request.credential.hex()))
        desks.append((token.hex(), [request.conversation_id.hex() for request in share]))
    return People(visitors, desks)


def _admit(tx: WriteTx, account: Account, now: int) -> bytes:
    staff.admit(tx, account, [])
    token = os.urandom(32)
    staff_store.begin_session(tx, token_hash(token), account.id, now)
    return token
