"""The end of a shift, and all that comes with it: handing on, giving back, muting, replies; in real browsers."""

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context

WHISPER = "speaks softly, her bus is at nine"


def button(place: Any, name: str) -> Any:
    """A button by the whole name that a screen reader says."""
    return place.get_by_role("button", name=name, exact=True)


def two_desks(browser: Any, demo: Any) -> tuple[DeskPage, DeskPage]:
    """Two counsellors, each at a desk of their own."""
    desks = []
    for index in (0, 1):
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor", index))
        desks.append(desk)
    return desks[0], desks[1]


def visitor_who(browser: Any, demo: Any, text: str) -> VisitorPage:
    """Somebody who waits."""
    visitor = VisitorPage(context(browser).new_page(), demo.visitor)
    visitor.opens()
    visitor.starts()
    visitor.says(text)
    return visitor


def offers(desk: DeskPage, name: str, whisper: str = "") -> None:
    """Hand over, to *name*, with a whisper."""
    button(desk.conversations, "Hand over").click()
    desk.conversations.get_by_role("radio", name=name).check()
    if whisper:
        desk.conversations.get_by_role("textbox", name="Note for your colleague").fill(whisper)
    button(desk.conversations, "Offer").click()
    expect(desk.conversations.get_by_text(f"Offered to {name}, waiting for an answer.")).to_be_visible()


def test_a_hand_over_is_declined_and_then_accepted(tmp_path: Path) -> None:
    """Declined: the first goes on. Accepted: all is there for the second, with the whisper; the visitor is told."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, sam = two_desks(browser, demo)
        sams_name = account(demo, "counsellor", 1)["name"]
        noors_name = account(demo, "counsellor", 0)["name"]
        visitor = visitor_who(browser, demo, "I have something to tell")
        heard: list[bytes] = []
        visitor.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: heard.append(bytes(data))))
        noor.takes("I have something to tell")
        noor.says("tell me")
        expect(visitor.log).to_contain_text("tell me")

        offers(noor, sams_name, WHISPER)
        offered = sam.conversations.get_by_role("listitem").filter(has_text=noors_name)
        expect(offered).to_contain_text(f"{noors_name} asks you to go on with conversation 1.")
        expect(sam.page.get_by_role("status")).to_contain_text("asks you to go on")
        visitor.says("are you there?")
        noor.says("still here")
        expect(visitor.log).to_contain_text("still here")
        button(offered, "Decline").click()
        expect(noor.page.get_by_role("status")).to_contain_text("cannot take over now. Conversation 1 stays with you.")
        expect(button(noor.conversations, "Hand over")).to_be_visible()
        noor.says("I stay with you")

        offers(noor, sams_name)
        button(noor.conversations, "Withdraw offer").click()
        expect(button(noor.conversations, "Hand over")).to_be_visible()
        expect(offered).to_have_count(0)

        offers(noor, sams_name)
        button(offered, "Accept").click()
        log = sam.conversations.get_by_role("log")
        for text in ("I have something to tell", "are you there?", "I stay with you", WHISPER):
            expect(log).to_contain_text(text)
        expect(noor.conversations.get_by_role("log")).to_have_count(0)
        expect(noor.page.get_by_role("status")).to_contain_text(f"{sams_name} goes on with conversation 1.")
        expect(visitor.log).to_contain_text("A colleague continues and can read back.")
        sam.says("Sam here, I read what you wrote")
        expect(visitor.log).to_contain_text("Sam here")
        visitor.says("good")
        expect(log).to_contain_text("good")
        assert WHISPER not in visitor.page.content()
        assert all(WHISPER.encode() not in data for data in heard)
        assert noor.errors == sam.errors == visitor.errors == []


def test_the_end_of_a_shift(tmp_path: Path) -> None:
    """One to a colleague, one back to the queue with a whisper, by keyboard; then the shift is over."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, sam = two_desks(browser, demo)
        sams_name = account(demo, "counsellor", 1)["name"]
        first, second = (visitor_who(browser, demo, text) for text in ("the first one", "the second one"))
        noor.takes("the first one")
        noor.takes("the second one")
        ends = button(noor.page, "End my shift")
        ends.focus()
        noor.page.keyboard.press("Enter")
        dialog = noor.page.get_by_role("dialog", name="Before you go")
        expect(dialog.get_by_role("heading", name="Before you go")).to_be_focused()
        noor.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(ends).to_be_focused()
        noor.page.keyboard.press("Enter")

        one = dialog.get_by_role("listitem").filter(has_text="Conversation 1")
        button(one, "Hand over").click()
        one.get_by_role("radio", name=sams_name).check()
        button(one, "Offer").click()
        button(sam.page, "Accept").click()
        expect(one).to_have_count(0)
        expect(sam.conversations.get_by_role("log")).to_contain_text("the first one")

        two = dialog.get_by_role("listitem").filter(has_text="Conversation 2")
        button(two, "Hand over").click()
        two.get_by_role("textbox", name="Note for your colleague").fill(WHISPER)
        button(two, "Give back to the queue").click()
        expect(dialog.get_by_text("Nothing is open any more.")).to_be_visible()
        expect(second.page.get_by_role("heading", name="You are in the queue")).to_be_visible()
        button(dialog, "Finish").click()
        expect(button(noor.page, "Sign in")).to_be_visible()
        sam.takes("the second one")
        expect(sam.conversations.get_by_role("log").filter(has_text="the second one")).to_contain_text(WHISPER)
        sam.says("I read back", sam.conversations.get_by_role("article", name="Conversation 1"))
        expect(first.log).to_contain_text("I read back")
        assert noor.errors == sam.errors == first.errors == second.errors == []


def test_sign_out_stays_one_press(tmp_path: Path) -> None:
    """With a conversation open: it is in the queue again, with Take, and the visitor is told."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, sam = two_desks(browser, demo)
        visitor = visitor_who(browser, demo, "hello there")
        noor.takes("hello there")
        noor.signs_out()
        expect(visitor.page.get_by_role("heading", name="You are in the queue")).to_be_visible()
        sam.takes("hello there")


def test_nobody_takes_more_than_one_can_hold(tmp_path: Path) -> None:
    """At the limit Take is off, and says why."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        for n in range(1, 5):
            visitor_who(browser, demo, f"number {n} here")
            noor.takes(f"number {n} here")
        visitor_who(browser, demo, "number 5 here")
        row = noor.waiting.get_by_role("listitem").filter(has_text="number 5 here")
        take = button(row, "Take")
        expect(take).to_be_disabled()
        expect(noor.waiting.get_by_text("You have 4 conversations. That is the most for one desk.")).to_be_visible()
        take.click(force=True)
        take.focus()
        noor.page.keyboard.press("Enter")
        one = noor.conversations.get_by_role("article", name="Conversation 1")
        noor.page.get_by_role("button", name="Conversation 1").click()
        button(one, "End conversation").click()
        one.get_by_role("radio", name="Prank").check()
        button(one, "Confirm").click()
        expect(take).to_be_enabled()
        noor.takes("number 5 here")


def test_a_visitor_is_muted_and_heard_again_and_the_end_says_why(tmp_path: Path) -> None:
    """What is written meanwhile waits on the visitor's page with a plain reason; then it arrives, once."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor = visitor_who(browser, demo, "first words")
        noor.takes("first words")
        mute = button(noor.conversations, "Mute visitor")
        mute.click()
        expect(mute).to_have_attribute("aria-pressed", "true")
        expect(noor.conversations.get_by_text("Muted. What the visitor writes does not come through.")).to_be_visible()
        expect(visitor.page.get_by_text("Your messages do not arrive now.").first).to_be_visible()
        visitor.says("rude words")
        expect(visitor.log.get_by_text("Not sent yet, will retry").first).to_be_visible()
        noor.says("I cannot go on like this")
        expect(visitor.log).to_contain_text("I cannot go on like this")
        assert "rude words" not in noor.page.content()
        mute.click()
        log = noor.conversations.get_by_role("log")
        expect(log).to_contain_text("rude words")
        assert log.inner_text().count("rude words") == 1
        button(noor.conversations, "End conversation").click()
        noor.conversations.get_by_role("radio", name="Abuse of the chat").check()
        button(noor.conversations, "Confirm").click()
        expect(visitor.page.get_by_role("heading", name="The counsellor has ended the chat")).to_be_visible()
        assert noor.errors == visitor.errors == []


def test_replies_are_found_and_stand_at_the_cursor(tmp_path: Path) -> None:
    """An own one and a shared one, also for a colleague and from the list of commands; nothing is sent by itself."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, sam = two_desks(browser, demo)
        posted: list[str] = []
        noor.page.on("request", lambda request: posted.append(request.post_data or ""))
        visitor = visitor_who(browser, demo, "hi")
        noor.takes("hi")
        for name, text, shared in (("Welcome", "Good that you are here.", True), ("Mine", "I am listening.", False)):
            button(noor.conversations, "Replies").click()
            dialog = noor.page.get_by_role("dialog", name="Replies")
            button(dialog, "New reply").click()
            dialog.get_by_label("Short name").fill(name)
            dialog.get_by_label("Text").fill(text)
            if shared:
                dialog.get_by_label("Share with the team").check()
            button(dialog, "Save").click()
            expect(dialog.get_by_role("button", name=text)).to_be_visible()
            noor.page.keyboard.press("Escape")
        assert all("Good that" not in body and "Welcome" not in body for body in posted)
        box = noor.conversations.get_by_role("textbox", name="Message", exact=True)
        box.fill("Hello.  Tell me.")
        box.evaluate("box => box.setSelectionRange(7, 7)")
        button(noor.conversations, "Replies").click()
        noor.page.get_by_label("Find a reply").fill("good here")
        noor.page.get_by_role("dialog").get_by_role("button", name="Good that you are here.").click()
        expect(box).to_have_value("Hello. Good that you are here. Tell me.")
        expect(box).to_be_focused()
        noor.page.keyboard.press("Control+k")
        noor.page.get_by_label("Find a command").fill("reply: mine")
        button(noor.page.get_by_role("dialog"), "Reply: Mine").click()
        expect(box).to_have_value("Hello. Good that you are here.I am listening. Tell me.")
        assert "Good that" not in visitor.page.content()
        visitor_who(browser, demo, "somebody else")
        sam.takes("somebody else")
        button(sam.conversations, "Replies").click()
        dialog = sam.page.get_by_role("dialog", name="Replies")
        expect(dialog.get_by_role("button", name="Good that you are here.")).to_be_visible()
        expect(dialog.get_by_text("I am listening.")).to_have_count(0)
        assert noor.errors == sam.errors == []


def memory_of(page: Any) -> str:
    """Everything that a page's JavaScript holds."""
    session = page.context.new_cdp_session(page)
    parts: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: parts.append(event["chunk"]))
    session.send("HeapProfiler.takeHeapSnapshot")
    session.detach()
    return "".join(parts)


def test_a_team_note_leaves_no_trace_at_the_visitor(tmp_path: Path) -> None:
    """Typed letter by letter into the lilac box: not in the visitor's page, traffic or memory; the desk has it."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        frames: list[bytes] = []

        def listen(socket: Any) -> None:
            for event in ("framereceived", "framesent"):
                socket.on(event, lambda data: frames.append(data if isinstance(data, bytes) else data.encode()))

        visitor.page.on("websocket", listen)
        visitor.opens()
        visitor.starts()
        visitor.says("canary of the visitor")
        noor.takes("canary of the visitor")
        noor.says("an answer")
        expect(visitor.log).to_contain_text("an answer")
        before = len(frames)
        note = noor.conversations.get_by_role("textbox", name="Team note text")
        note.press_sequentially("canary-of-the-team")
        button(noor.conversations, "Team note").click()
        written = noor.conversations.get_by_role("article", name="Team only")
        expect(written).to_contain_text("canary-of-the-team")
        expect(written.get_by_text("Sending")).to_have_count(0)
        noor.says("another answer")
        expect(visitor.log).to_contain_text("another answer")
        memory = memory_of(visitor.page)
        assert "canary of the visitor" in memory  # the sieve holds water
        assert "canary-of-the-team" not in memory
        assert "canary-of-the-team" not in visitor.page.content()
        # An envelope carries its direction in the clear: 1 and 2 are the shared log, 3 would be a note.
        carried = [data[data.index(b"LW\x01\x01") + 5] for data in frames[before:] if b"LW\x01\x01" in data]
        assert carried
        assert set(carried) <= {1, 2}
        assert all(b"canary-of-the-team" not in data for data in frames)
