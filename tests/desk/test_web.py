"""A visitor and a counsellor over real sockets."""

from pathlib import Path

from actors import House, play


def test_they_talk(tmp_path: Path) -> None:
    """What one says the other reads, and the acknowledgement tells the place in the log."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await noor.opens_desk()
        assert (await visitor.starts())["t"] == "started"
        assert (await visitor.says("hello"))["n"] == 1
        taken = await noor.takes(visitor.conv)
        assert taken["t"] == "taken"
        assert (await visitor.line.hear("claimed"))["times"] == 1
        visitor.generation = 1
        assert await noor.reads(visitor.conv) == "hello"
        assert (await noor.says(visitor.conv, "hi, good that you are here"))["n"] == 2
        assert await visitor.reads() == "hi, good that you are here"
        assert (await visitor.says("thanks"))["n"] == 3
        assert await noor.reads(visitor.conv) == "thanks"

    play(story, tmp_path / "house")
