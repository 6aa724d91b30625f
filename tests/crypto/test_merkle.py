"""Merkle trees by RFC 9162: published roots, every proof, and nothing but the right proof."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from luwte.crypto import merkle

# The leaves and roots that Certificate Transparency implementations share: google/certificate-transparency, merkletree.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 70


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1.1, word for word."""
    if not leaves:
        return merkle.EMPTY
    if len(leaves) == 1:
        return merkle.leaf(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.join(slow_root(leaves[:split]), slow_root(leaves[split:]))


@cache
def tree() -> tuple[dict[tuple[int, int], bytes], list[bytes]]:
    """Complete subtrees of a tree of many leaves, and its root at each size."""
    nodes, roots, frontier = {}, [merkle.EMPTY], merkle.Frontier()
    for n in range(MOST):
        hash = nodes[0, n] = merkle.leaf(b"%d" % n)
        nodes.update(frontier.add(hash))
        roots.append(frontier.root())
    return nodes, roots


def node(level: int, place: int) -> bytes:
    """A complete subtree of that tree."""
    return tree()[0][level, place]


def test_the_published_roots() -> None:
    """Size by size, grown and computed."""
    frontier = merkle.Frontier()
    for size, (data, root) in enumerate(zip(LEAVES, ROOTS, strict=True), 1):
        frontier.add(merkle.leaf(data))
        assert frontier.root().hex() == slow_root(LEAVES[:size]).hex() == root
    assert merkle.Frontier().root() == merkle.EMPTY == slow_root([])


def test_a_tree_goes_on_where_it_was_left() -> None:
    """From complete subtrees alone, at every size."""
    _, roots = tree()
    for size in range(MOST + 1):
        frontier = merkle.Frontier(size, node)
        assert frontier.root() == merkle.root(size, node) == roots[size]
        if size < MOST:
            frontier.add(node(0, size))
            assert frontier.root() == roots[size + 1]


def test_every_proof_holds() -> None:
    """Between any two sizes, in at most two hashes a level."""
    _, roots = tree()
    for second in range(MOST + 1):
        for first in range(second + 1):
            proof = merkle.consistency(first, second, node)
            assert len(proof) <= 2 * second.bit_length()
            assert merkle.is_consistent(first, roots[first], second, roots[second], proof)


@given(st.data())
def test_nothing_else_is_proved(data: st.DataObject) -> None:
    """One bit of a root or a proof, a hash more or less, another size, a log that shrank: refused."""
    _, roots = tree()
    second = data.draw(st.integers(2, MOST))
    first = data.draw(st.integers(1, second - 1))
    proof = merkle.consistency(first, second, node)
    given_ = [roots[first], roots[second], *proof]
    at, bit = data.draw(st.integers(0, len(given_) - 1)), data.draw(st.integers(0, 255))
    bent = [*given_]
    bent[at] = (int.from_bytes(bent[at]) ^ 1 << bit).to_bytes(32)
    assert not merkle.is_consistent(first, bent[0], second, bent[1], bent[2:])
    cut = data.draw(st.integers(0, len(proof) - 1)) if proof else 0
    assert not merkle.is_consistent(first, roots[first], second, roots[second], proof[:cut] + proof[cut + 1 :])
    assert not merkle.is_consistent(first, roots[first], second, roots[second], [*proof, roots[1]])
    assert not merkle.is_consistent(second, roots[second], first, roots[first], proof)
    other = data.draw(st.integers(1, MOST).filter(lambda n: n not in (first, second)))
    assert not merkle.is_consistent(other, roots[first], second, roots[second], proof) or roots[other] == roots[first]
