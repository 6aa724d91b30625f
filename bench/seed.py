"""A demonstration folder with desks and conversations in it, so that a run begins with people who are talking.

Made with the server's own deeds, in this process and before the server starts. Wraps and signatures are random
bytes: the server cannot open the ones and has checked the others by then.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from luwte import demo
from luwte.app import running
from luwte.conversation import actions as conversations
from luwte.conversation.model import StartRequest
from luwte.plumbing import keystore
from luwte.plumbing.clock import minute
from luwte.plumbing.db import WriteTx
from luwte.plumbing.keystore import KeyStore
from luwte.staff import actions as staff
from luwte.staff import store as staff_store
from luwte.staff.model import Account, Team, token_hash

CONVERSATIONS_A_DESK = 4
"""A counsellor talks with a few people at once; two thousand conversations are five hundred desks."""

DAYS = 20
"""The starts are spread over some days, as the number of the day is looked up among the starts of that day."""


@dataclass(frozen=True)
class People:
    """Who will connect: a credential per conversation, and a token per desk with the conversations it has."""

    visitors: list[tuple[str, str]]
    desks: list[tuple[str, list[str]]]

    def write(self, path: Path) -> None:
        """For the generator, which is another process."""
        path.write_text(json.dumps(asdict(self)))


async def seed(folder: Path, count: int) -> People:
    """Make *folder* with *count* conversations, each at a desk."""
    settings = demo.prepare(folder, 1)
    organisation = demo.load(folder)
    async with running(settings, is_demo=True) as luwte:
        await demo.admit_all(luwte.db, luwte.keys, organisation, int(time.time()))
        await luwte.reload_teams()
        team = luwte.teams[demo.LINE]
        requests = [_request(team) for _ in range(count)]
        shred_keys = {request.conversation_id: os.urandom(32) for request in requests}
        _keep(luwte.keys, shred_keys)
        return await luwte.db.write(_fill, organisation.people[0].name, team, requests, shred_keys)


def _request(team: Team) -> StartRequest:
    wraps = tuple(os.urandom(80) for _ in range(4))
    return StartRequest(
        team.slug, os.urandom(32), os.urandom(32), os.urandom(32), team.certificate_id, wraps, os.urandom(64)
    )


def _keep(keys: KeyStore, shred_keys: dict[bytes, bytes]) -> None:
    """Put the keys without one fdatasync for each: nothing is lost when a bench is."""
    sync, os.fdatasync = os.fdatasync, lambda _: None
    try:
        for id, key in shred_keys.items():
            keys.put(keystore.CONVERSATION, id, key)
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
            sealed = conversations.seal_start(request, shred_keys[request.conversation_id])
            started = now - offset % DAYS * conversations.MINUTES_A_DAY
            conversation = conversations.start(
                tx, sealed, team_cert=team.certificate_id, epoch=team.epoch, minute=started
            )
            conversations.seat(tx, conversation, account.id)
            visitors.append((conversation.id.hex(), request.credential.hex()))
        desks.append((token.hex(), [request.conversation_id.hex() for request in share]))
    return People(visitors, desks)


def _admit(tx: WriteTx, account: Account, now: int) -> bytes:
    staff.admit(tx, account, [])
    token = os.urandom(32)
    staff_store.begin_session(tx, token_hash(token), account.id, now)
    return token
