"""Links that a machine thinks there are. It only suggests: a person confirms or rejects."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from luwte.follow_up.model import Basis, Commitment, Document, Link, Motion, Relation, link_id, paper_id
from luwte.follow_up.store import Store


class Cited(Protocol):
    """A paper that a text names, and the words that name it."""

    @property
    def dossier(self) -> str:
        """As "28638"."""
        ...

    @property
    def addition(self) -> str:
        """As "VI"; empty for none."""
        ...

    @property
    def number(self) -> int:
        """In the dossier."""
        ...

    @property
    def quote(self) -> str:
        """The words of the text."""
        ...


Cite = Callable[[str], Iterable[Cited]]


def suggest(store: Store, cite: Cite) -> int:
    """Suggest what fields of the source and citations in texts say; how many suggestions are new.

    Two rows that are linked in some way already, be it suggested, confirmed or rejected, are left as they are: what a
    person rejected is not suggested again. A citation may be wrong, and is a suggestion until somebody looked.
    """
    with store.deed():
        return sum(store.put(link) for link in _links(store, cite) if not store.exists(link.id))


def _links(store: Store, cite: Cite) -> Iterator[Link]:
    for promise in store.each(Commitment):
        for letter in _documents(store, promise.letters):
            yield _link(letter.id, promise.id, "fulfils", "source_field", promise.source)
    for motion in store.each(Motion):
        for letter in _documents(store, motion.related):
            yield _link(letter.id, motion.id, "responds_to", "source_field", motion.source)
    for document in store.each(Document):
        text = store.text(document.text_sha256) if document.text_sha256 else None
        for cited in cite(text) if text is not None else ():
            name = paper_id(cited.dossier, cited.addition, cited.number)
            # A motion is cited by the number of its paper.
            for id in (name, "motion/" + name.partition("/")[2]):
                if id != document.id and store.exists(id):
                    yield _link(document.id, id, "responds_to", "citation", document.id, cited.quote)


def _documents(store: Store, ids: list[str]) -> Iterator[Document]:
    return (document for id in ids for document in store.where(Document, "tk_id", id))


def _link(from_id: str, to_id: str, relation: Relation, basis: Basis, source: str, quote: str = "") -> Link:
    id = link_id(from_id, to_id, relation)
    return Link(id=id, from_id=from_id, to_id=to_id, relation=relation, basis=basis, quote=quote, source=source)
