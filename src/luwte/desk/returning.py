"""Back after everything was lost: admitted as anybody is, with a new account, which is given nothing for a day.

Where a colleague's voice was not theirs, somebody of the team has that day to say so: all of them are told.
"""

from collections.abc import Callable
from dataclasses import dataclass

from luwte.conversation.model import ShredKey
from luwte.desk import removal
from luwte.plumbing.db import WriteTx
from luwte.staff import actions as staff
from luwte.staff import people
from luwte.staff.invitation import Admission
from luwte.staff.people import Pinned


@dataclass(frozen=True, slots=True)
class Left:
    """The accounts and applicants that went, and the hashes of the sessions that ended with them."""

    ids: list[str]
    sessions: list[bytes]


def admit(
    tx: WriteTx,
    token: bytes,
    id: str,
    admission: Admission,
    pinned: Pinned,
    now: int,
    half: Callable[[bytes], bytes | None],
    key: ShredKey,
) -> Left:
    """Admit an applicant; with somebody who lost everything their account of before goes, in the same transaction.

    Not earlier: a call may be a lie, and nobody is to lose their place by one. Not later: two accounts of one person
    are one too many. It may be gone already, where a lead removed it in haste. Whoever else was invited in the same
    place goes with it. Raises as `people.admit` and `removal.remove` do: nobody admits whoever comes in their own
    place.
    """
    minute = now // 60
    before = people.admit(tx, token, id, admission, pinned, now, half)
    lead = staff.lead(tx, token, minute)
    if before is None:
        return Left([], [])
    ids = people.end_others(tx, lead, before, minute)
    if staff.member(tx, lead.team, before) is None:
        return Left(ids, [])
    return Left([before, *ids], removal.remove(tx, token, before, minute, key))
