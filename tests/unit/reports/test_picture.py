from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest

from symphony_doctor.model.overview import (
    Copy,
    CopyState,
    Moment,
    MomentKind,
    NodeState,
    NodeView,
    Overview,
    Placement,
    RouteState,
    RouteView,
)
from symphony_doctor.reports import FORMATS

from .builder import ACCOUNT, AT, report
from .page import with_overview

HOSTILE = "\x1b[31mno\u202ede\n7[bold]"


def cluster(
    size: int,
    *,
    states: tuple[NodeState, ...] = (),
    routes: tuple[RouteView, ...] = (),
    streams: tuple[Placement, ...] = (),
    name: str = "node{}",
) -> Overview:
    names = [name.format(at + 1) for at in range(size)]
    given = {frozenset((route.one, route.other)): route for route in routes}
    every = (RouteView(*pair, RouteState.OPEN, "open") for pair in combinations(names, 2))
    return Overview(
        nodes=tuple(
            NodeView(each, states[at] if at < len(states) else NodeState.UP, "it was tried", is_leader=at == 0)
            for at, each in enumerate(names)
        ),
        routes=tuple(given.get(frozenset((route.one, route.other)), route) for route in every),
        streams=streams,
    )


def stream(name: str, *copies: CopyState, has_leader: bool | None = True) -> Placement:
    return Placement(name, ACCOUNT, "alice", "file", 3, has_leader, tuple(map(Copy, copies)))


def screen(overview: Overview, *, width: int = 80, verbosity: int = 0) -> list[str]:
    made = with_overview(report(), overview)
    return FORMATS["terminal"](made, width=width, verbosity=verbosity, terminal=True).split("\n")


def plain(overview: Overview, *, verbosity: int = 0) -> list[str]:
    return FORMATS["terminal"](with_overview(report(), overview), verbosity=verbosity).split("\n")


def line(lines: list[str], start: str) -> list[str]:
    """Return the words of the first line that starts so: notes on a node stand below its own line."""
    return next(each for each in lines if each.startswith(start)).split()


def test_a_node_has_a_line_with_its_routes_and_its_streams() -> None:
    streams = (
        stream("KV_a", CopyState.LEADER, CopyState.REPLICA, CopyState.REPLICA),
        stream("KV_b", CopyState.NONE, CopyState.LEADER, CopyState.NONE),
    )
    seen = cluster(3, streams=streams)

    assert line(screen(seen), "✔ node1") == ["✔", "node1", "up,", "meta", "leader", "·", "━━", "━━", "1", "1", "0"]
    assert line(screen(seen), "✔ node2") == ["✔", "node2", "up", "━━", "·", "━━", "1", "2", "0"]
    assert line(plain(seen), "node1") == ["node1", "up,", "meta", "leader", "2", "of", "2", "1", "1", "0"]
    assert "2 streams, none known to miss its leader or an assigned copy" in screen(seen)


def test_a_broken_route_is_drawn_from_both_sides_and_explained() -> None:
    seen = cluster(3, routes=(RouteView("node1", "node3", RouteState.BROKEN, "nobody answers"),))

    assert line(screen(seen), "✔ node1")[-3:] == ["·", "━━", "✖"]
    assert line(screen(seen), "✔ node3")[-3:] == ["✖", "━━", "·"]
    assert "✖ no route" in screen(seen)
    assert line(plain(seen), "node1")[-3:] == ["1", "of", "2"]
    assert "node1 and node3: nobody answers" in plain(seen)


@pytest.mark.parametrize(
    ("state", "mark", "reached"), [(RouteState.LEARNED, "◀━", "2"), (RouteState.ONE_WAY, "?━", "1")]
)
def test_a_route_of_one_side_is_drawn_from_that_side(state: RouteState, mark: str, reached: str) -> None:
    seen = cluster(3, routes=(RouteView("node1", "node2", state, "one side", ("node2",)),))

    assert line(screen(seen), "✔ node1")[-3:] == ["·", "━━", "━━"]
    assert line(screen(seen), "✔ node2")[-3:] == [mark, "·", "━━"]
    assert line(plain(seen), "node2")[-3:] == [reached, "of", "2"]


def test_what_is_not_known_is_never_drawn_as_a_route_or_a_count() -> None:
    routes = tuple(
        RouteView(*pair, RouteState.UNKNOWN, "not looked at") for pair in combinations(("node1", "node2"), 2)
    )
    unknown = stream("KV_a", CopyState.UNKNOWN, CopyState.UNKNOWN, has_leader=None)
    held = stream("KV_b", CopyState.HELD, CopyState.UNKNOWN, has_leader=None)
    seen = cluster(2, states=(NodeState.UNKNOWN,) * 2, routes=routes, streams=(unknown, held))

    assert line(screen(seen), "? node2") == ["?", "node2", "unknown", "?", "·", "?", "?", "?"]
    assert line(screen(seen), "? node1")[-3:] == ["?", "1+", "?"]
    assert line(plain(seen), "node2") == ["node2", "unknown", "not", "known", "?", "?", "?"]
    assert "━" not in "".join(screen(seen))
    assert "copy; of 2 no server was asked who leads" in " ".join(" ".join(plain(seen)).split())


def test_that_no_stream_is_known_is_said_and_has_no_columns() -> None:
    assert "no stream is known: nothing was asked about them, or there is none" in screen(cluster(3))
    assert "leads" not in "".join(screen(cluster(3)))


def test_streams_in_trouble_alone_are_named_and_alike_ones_together() -> None:
    lost = [stream(f"KV_{at}", CopyState.LEADER, CopyState.OFFLINE, CopyState.REPLICA) for at in range(40)]
    other = stream("KV_other", CopyState.NONE, CopyState.ABSENT, CopyState.NONE, has_leader=False)
    fine = stream("KV_fine", CopyState.LEADER, CopyState.REPLICA, CopyState.REPLICA)
    seen = cluster(3, states=(NodeState.UP, NodeState.DOWN), streams=(*lost, other, fine))

    assert "42 streams, 41 in trouble:" in plain(seen)
    assert "- KV_0, KV_1, KV_2 and 37 more: not served by node2" in plain(seen)
    assert "- KV_other: no leader, no copy on node2" in plain(seen)
    assert "KV_fine" not in "".join(screen(seen, verbosity=1))
    assert "KV_39" in "".join(screen(seen, verbosity=1))


def test_more_troubles_than_fit_are_counted_and_v_shows_them() -> None:
    routes = tuple(RouteView("node1", f"node{at}", RouteState.BROKEN, "nobody answers") for at in range(2, 8))
    seen = cluster(8, routes=routes)

    assert "and 3 more routes; -v lists them all" in plain(seen)
    assert "node1 and node7: nobody answers" in plain(seen, verbosity=1)


def test_a_node_that_is_down_is_told_with_when_it_was_heard() -> None:
    seen = Overview(nodes=(NodeView("node1", NodeState.DOWN, "refuses connections", heard_at=AT - 60),))

    assert "node1 is down: refuses connections; last heard 2026-01-02 03:03:05 UTC, 60 s" in "\n".join(plain(seen))
    assert line(screen(seen), "✖ node1") == ["✖", "node1", "down"]


@pytest.mark.parametrize(("size", "name"), [*product(range(2, 10), ("node{}", "symphony-{}.dc1.example.com"))])
def test_up_to_nine_nodes_are_drawn_in_80_columns(size: int, name: str) -> None:
    streams = (stream("KV_a", CopyState.LEADER, *[CopyState.REPLICA] * (size - 1)),)
    lines = screen(cluster(size, name=name, streams=streams))

    assert max(map(len, lines)) <= 80
    assert sum(each.count("━━") for each in lines) == size * (size - 1)


def test_more_nodes_are_a_table_that_counts_their_routes() -> None:
    lines = screen(cluster(12))

    assert line(lines, "✔ node12") == ["✔", "node12", "up", "11", "of", "11"]
    assert max(map(len, lines)) <= 80


def test_a_narrow_screen_counts_routes_too() -> None:
    assert line(screen(cluster(9), width=45), "✔ node9") == ["✔", "node9", "up", "8", "of", "8"]


def test_names_that_differ_in_their_domain_only_are_not_cut_to_the_same() -> None:
    lines = plain(cluster(2, name="node.site{}.example.com"))

    assert len({each for each in lines if each.startswith("node.") and " up" in each}) == 2


def test_a_single_node_has_no_routes_and_none_has_no_picture() -> None:
    assert not any("routes" in each for each in (*screen(cluster(1)), *plain(cluster(1))))
    assert not any("state" in each for each in (*screen(Overview()), *plain(Overview())))


def test_hostile_names_do_not_leave_their_place() -> None:
    names = (HOSTILE, "node2")
    seen = Overview(
        nodes=tuple(NodeView(name, NodeState.DOWN, HOSTILE) for name in names),
        routes=(RouteView(*names, RouteState.BROKEN, HOSTILE),),
        streams=(stream(HOSTILE, CopyState.ABSENT, CopyState.ABSENT),),
    )
    for text in ("\n".join(screen(seen)), "\n".join(plain(seen))):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold]" in text


def test_a_report_of_one_line_has_no_picture() -> None:
    assert len(screen(cluster(3), verbosity=-1)) == len(plain(cluster(3), verbosity=-1)) == 2


def test_streams_of_one_name_are_told_apart_by_their_accounts() -> None:
    streams = tuple(
        Placement("KV_a", ACCOUNT, name, "file", 3, has_leader=False, copies=(Copy(CopyState.NONE),) * 2)
        for name in ("alice", "bob")
    )
    assert "- KV_a of alice, KV_a of bob: no leader" in plain(cluster(2, streams=streams))


def moment(kind: MomentKind, at: float, node: str = "node1", *, is_over: bool = False) -> Moment:
    return Moment(at, at, node, kind, "/srv/nats.log:7", "words", is_over=is_over)


def test_since_when_is_told_as_the_logs_know_it() -> None:
    moments = (
        moment(MomentKind.STARTED, AT - 900),
        moment(MomentKind.STOPPED, AT - 60, "node2"),
        moment(MomentKind.QUORUM_LOST, AT - 58),
        moment(MomentKind.ROUTE, AT - 57, is_over=True),
    )
    seen = replace(cluster(2, states=(NodeState.UP, NodeState.DOWN)), moments=moments)
    told = [each for each in screen(seen, width=200) if each.startswith("Log of")]

    assert told == [
        "Log of node2: server stopped in order 2026-01-02 03:03:05 UTC, 60 s before this report",
        "Log of node1: quorum lost 2026-01-02 03:03:07 UTC, 58 s before this report",
    ]


@pytest.mark.parametrize("is_well", ["nothing is wrong", "quorum was reached again"])
def test_of_what_is_over_no_time_is_told(is_well: str) -> None:
    moments = [moment(MomentKind.QUORUM_LOST, AT - 58), moment(MomentKind.STOPPED, AT - 60)]
    states: tuple[NodeState, ...] = ()
    if is_well == "quorum was reached again":
        moments.append(moment(MomentKind.QUORUM_REACHED, AT - 40))
        states = (NodeState.UP, NodeState.DOWN)
    seen = replace(cluster(2, states=states), moments=tuple(moments))

    assert "Log of" not in "".join(screen(seen))
