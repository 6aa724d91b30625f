"""Who is gone is put on the disk, so that no list and no restart offers somebody who is not there."""

import asyncio
from contextlib import suppress

from luwte.conversation import actions
from luwte.conversation.around import Surroundings
from luwte.errors import Refusal
from luwte.plumbing.clock import minute
from luwte.plumbing.log import trouble

LOOK_EVERY = 5.0


class Departures:
    """Looks for visitors who are gone."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def look(self) -> None:
        """Look once."""
        around = self._around
        going_on = await around.db.read(actions.going_on)
        places = [(conversation.id, around.visitors.of(conversation)) for conversation in going_on]
        gone = [(id, minute(presence.since)) for id, presence in places if presence.state == "gone"]
        if gone:
            await around.db.write(actions.leave, gone)
        around.visitors.forget_all_but({id for id, _ in places})

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception as error:
                trouble("departures", error)


def leave_at_once(around: Surroundings, conversation: bytes) -> None:
    """The page said goodbye. When the disk has no room for that now, the next look puts it there."""
    with suppress(Refusal):
        around.db.submit(lambda _, __: None, actions.leave, [(conversation, around.minute())])
