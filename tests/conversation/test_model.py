"""Who may add what: the rule beside a slow and obvious twin."""

import os

from hypothesis import given
from hypothesis import strategies as st

from luwte.conversation.model import THE_VISITOR, Chain, Conversation, Writer, admit
from luwte.crypto.envelope import Header
from luwte.errors import Refusal

NOOR = Writer("noor", b"c" * 16)
PREV = [bytes(32), b"p" * 32]

CONVERSATIONS = st.builds(
    Conversation,
    key=st.just(1),
    id=st.just(bytes(16)),
    team=st.just("chat"),
    number=st.just(1),
    epoch=st.just(1),
    started=st.just(0),
    waiting_since=st.just(0),
    times=st.integers(0, 2),
    holder=st.sampled_from([None, "noor", "sam"]),
    ended_by=st.sampled_from([None, None, None, "visitor", "team"]),
    generation=st.integers(1, 2),
    note_generation=st.integers(0, 1),
)
CHAINS = st.builds(
    Chain,
    owner=st.sampled_from([None, "visitor", "noor", "sam"]),
    seq=st.integers(0, 2),
    prev=st.sampled_from(PREV),
)
HEADERS = st.builds(
    Header,
    klass=st.sampled_from([1, 1, 1, 4, 5]),
    direction=st.integers(1, 4),
    conv=st.just(bytes(16)),
    generation=st.integers(0, 2),
    sender=st.just(bytes(8)),
    seq=st.integers(0, 4),
    msg_id=st.just(bytes(16)),
    prev=st.sampled_from(PREV),
    seen_seq=st.just(0),
    seen_head=st.just(bytes(32)),
)


def obvious(conversation: Conversation, chain: Chain, header: Header, writer: Writer, accompanies: bool) -> str:
    """The same rule in the words of the protocol, one question after another."""
    is_visitor = writer is THE_VISITOR
    is_companions_note = accompanies and header.direction == 3
    if not is_visitor and conversation.holder != "noor" and not is_companions_note:
        return "no_such_conversation"
    if header.klass not in ({1} if is_visitor else {1, 5}):
        return "not_accepted"
    if header.direction not in ({1} if is_visitor else {2, 3}):
        return "not_accepted"
    if conversation.ended_by:
        return "conversation_ended"
    if chain.owner and chain.owner != ("visitor" if is_visitor else "noor"):
        return "not_accepted"
    talk = 0 if conversation.times == 0 else conversation.generation
    current = conversation.note_generation if header.direction == 3 else talk
    if header.generation != current:
        return "generation"
    if (header.seq, header.prev) != (chain.seq + 1, chain.prev):
        return "out_of_order"
    return "admitted"


@given(
    conversation=CONVERSATIONS,
    chain=CHAINS,
    header=HEADERS,
    writer=st.sampled_from([THE_VISITOR, NOOR]),
    accompanies=st.booleans(),
)
def test_the_rule_agrees_with_its_obvious_twin(
    conversation: Conversation, chain: Chain, header: Header, writer: Writer, accompanies: bool
) -> None:
    """For every state and every header: the same answer, and the details say where the chain stands."""
    answer, details = judged(conversation, chain, header, writer, accompanies)
    assert answer == obvious(conversation, chain, header, writer, accompanies)
    if answer in ("generation", "out_of_order"):
        assert details["seq"] == chain.seq + 1
        assert details["prev"] == chain.prev


def judged(
    conversation: Conversation, chain: Chain, header: Header, writer: Writer, accompanies: bool
) -> tuple[str, dict[str, int | bytes]]:
    """The rule's answer, as an append asks for it."""
    try:
        admit(conversation, chain, header, writer, accompanies=accompanies)
    except Refusal as refusal:
        return refusal.code, refusal.details
    return "admitted", {}


def test_a_refusal_never_holds_what_somebody_sent() -> None:
    """Its words are constants; its details are numbers and hashes of the server's own."""
    for kind in Refusal.__subclasses__():
        made = kind(prev=os.urandom(32), g=1)
        assert str(made) == made.code
        assert made.says == kind.says
        assert made.says.endswith(".")
