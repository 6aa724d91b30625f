"""The people behind the tables: how many gave exactly these answers, where adding up alone does not say enough.

Tables can agree with each other cell by cell and still have no people who fit all of them: when everybody in age a1 is
in form f1 and everybody in f1 in region r1, then all of a1 are in r1, though no sum says so. Columns for every possible
record, summed by every table, leave exactly the counts that people could have.

References
----------
Beeri, C., Fagin, R., Maier, D. and Yannakakis, M. (1983). On the desirability of acyclic database schemes. Journal of
the ACM 30(3), 479-513.

"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from luwte.insight.disclosure.plan import Dimension, Place, Table, place

Record = tuple[tuple[str, tuple[str, ...]], ...]
"""What one unit answers: (dimension, its answers) in the order of the dimensions' names."""

MOST = 500
"""Possible records up to which they are columns of their own. Above it the attack adds and subtracts tables only."""


def places_of(
    record: Mapping[str, Sequence[str]], tables: Sequence[Table], dims: Mapping[str, Dimension]
) -> set[Place]:
    """Every cell of *tables* that a unit with these answers is in."""
    found = set[Place]()
    reached = {name: {node for one in given for node in dims[name].above(one)} for name, given in record.items()}
    for table in tables:
        if all(value in reached[name] for name, value in table.where.items()):
            for nodes in product(*([None, *sorted(reached[name])] for name in table.dimensions)):
                pairs = [(name, node) for name, node in zip(table.dimensions, nodes, strict=True) if node is not None]
                found.add(place([*pairs, *table.where.items()]))
    return found


def is_in(record: Mapping[str, Sequence[str]], at: Place, dims: Mapping[str, Dimension]) -> bool:
    """Whether a unit with these answers is in the cell. Answers that are not given are not in any category."""
    return all(any(node in dims[name].above(one) for one in record.get(name, ())) for name, node in at)


def is_needed(tables: Sequence[Table], dims: Mapping[str, Dimension]) -> bool:
    """Whether sums alone may leave counts that no people could have.

    They do not when the tables hang together like a tree (Beeri et al. 1983) and every unit gives one answer to each
    question; nor in one table with one question of several answers.
    """
    edges = {frozenset({*table.dimensions, *table.where}) for table in tables}
    edges = {one for one in edges if not any(one < other for other in edges)}
    if any(sum(dims[name].multiple for name in edge) > (len(edges) == 1) for edge in edges):
        return True
    return not _is_tree(edges)


def _is_tree(edges: set[frozenset[str]]) -> bool:
    while True:
        names = [name for edge in edges for name in edge]
        fewer = {frozenset(name for name in edge if names.count(name) > 1) for edge in edges}
        fewer = {one for one in fewer if one and not any(one < other for other in fewer)}
        if fewer == edges:
            return not edges
        edges = fewer


def records(names: Collection[str], dims: Mapping[str, Dimension], most: int = MOST) -> Iterator[Record] | None:
    """Every record that could be, or None when there are more than *most*."""
    ways = {name: len(dims[name].categories) for name in sorted(names)}
    sizes = (2**size - 1 if dims[name].multiple else size for name, size in ways.items())
    if prod(sizes) > most:
        return None
    return (tuple(zip(ways, answers, strict=True)) for answers in product(*(_answers(dims[name]) for name in ways)))


def _answers(axis: Dimension) -> list[tuple[str, ...]]:
    most = len(axis.categories) if axis.multiple else 1
    return [one for size in range(1, most + 1) for one in combinations(sorted(axis.categories), size)]
