from __future__ import annotations

import pytest

from symphony_doctor.commands._progress import Board
from symphony_doctor.reports.progress import Waiting, progress_lines

NODES = {"/srv/node1": "node1", "/srv/node2": "node2"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def board() -> tuple[Board, Clock]:
    clock = Clock()
    return Board(NODES, clock), clock


def test_each_node_has_a_line_that_says_what_it_waits_for() -> None:
    shown, clock = board()
    shown.begins("/srv/node1", "connecting", 5.0)
    shown.begins("/srv/node1", "asked JSZ page 2 of 7")
    clock.now += 1.5

    assert shown.lines((80, 24)) == (
        "Looking for 1.5 s, 1 of 2 nodes ready, at most 4 s more for this step",
        "  node1  asked JSZ page 2 of 7",
        "  node2  ready",
    )


def test_what_has_ended_is_waited_for_no_more() -> None:
    shown, _ = board()
    shown.begins("/srv/node1", "connecting", 5.0)
    shown.begins("/srv/node1", "asked JSZ page 1")
    shown.ends("/srv/node1", "asked JSZ page 1")

    assert shown.lines((80, 24))[1] == "  node1  connecting"
    shown.ends("/srv/node1", "connecting")
    shown.ends("/srv/node1", "connecting")
    assert shown.lines((80, 24)) == ("Looking for 0.0 s, 2 of 2 nodes ready", "  node1  ready", "  node2  ready")


def test_files_are_counted_while_they_are_read() -> None:
    shown, _ = board()
    shown.begins("/srv/node1", "reading files", 5.0)
    shown.counts("/srv/node1", 12_300)
    assert shown.lines((80, 24))[1] == "  node1  reading files: 12,300 so far"


def test_what_belongs_to_no_node_has_a_line_while_it_is_waited_for() -> None:
    shown, _ = board()
    shown.begins("UI ports", "asked for their health", 5.0)
    assert shown.lines((80, 24))[-1] == "  UI ports  asked for their health"
    shown.ends("UI ports", "asked for their health")
    assert len(shown.lines((80, 24))) == 3


def test_the_estimate_is_never_below_nothing() -> None:
    shown, clock = board()
    shown.begins("/srv/node1", "connecting", 5.0)
    clock.now += 4.5
    assert shown.lines((80, 24))[0].endswith("less than 1 s more for this step")
    clock.now += 10
    assert "step" not in shown.lines((80, 24))[0]


def test_an_interrupt_is_told() -> None:
    assert board()[0].lines((80, 24), stopped=True)[0].startswith("Interrupted: ")


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (10, 2), (1, 1)])
def test_lines_fit_the_terminal(size: tuple[int, int]) -> None:
    names = {f"/srv/{at}": f"node-with-a-long-name-{at}" for at in range(50)}
    waiting = {who: [Waiting("reading \x1b[31m" + "x" * 200, 0.0)] for who in names}
    lines = progress_lines(waiting, names, {}, began=0.0, now=1.0, size=size)

    assert all(len(line) < max(2, size[0]) for line in lines)
    assert len(lines) <= max(3, size[1])
    assert "\x1b" not in "".join(lines)
