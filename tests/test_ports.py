"""The ports that tests give to their servers."""

import socket
from itertools import islice

from ports import WORKERS, free_port, free_ports, ports_of


def test_two_that_run_side_by_side_never_give_the_same_port() -> None:
    """Nor one that Linux gives to somebody's connection; who runs alone has them all."""
    shares = [set(ports_of(f"gw{n}")) for n in range(WORKERS)]
    assert sum(map(len, shares)) == len(set().union(*shares))
    assert set().union(*shares) == set(ports_of(None))
    assert max(ports_of(None)) < 32_768


def test_no_port_is_given_again_before_the_others_and_they_never_run_out() -> None:
    """Not even when nobody took it. Somebody else may have a few of them, which is why not all are asked for."""
    share = len(ports_of("gw31"))
    given = list(islice(free_ports("gw31"), 3 * share))
    assert len(given) == 3 * share
    assert set(given) <= set(ports_of("gw31"))
    first = given[: share - 20]
    assert len(first) == len(set(first))


def test_a_port_is_free_on_both_addresses() -> None:
    """What is given can be taken; what is taken on either address is not given."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.2", port)):
        pass
    for address in ("127.0.0.1", "127.0.0.2"):
        (port,) = islice(free_ports("gw30"), 1)
        with socket.create_server((address, port)):
            assert port not in set(islice(free_ports("gw30"), 2 * len(ports_of("gw30"))))
