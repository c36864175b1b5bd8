"""The page of a report, read as a browser would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import html

from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.cluster import Cluster
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
from symphony_doctor.model.report import Report
from symphony_doctor.reports.html_page import to_html
from symphony_doctor.testing import installed_checks

from .builder import ACCOUNT, AT


def read(report: Report) -> Any:  # noqa: ANN401 - lxml says not of which type an element is
    return html.fromstring(to_html(report))


def of(cluster: Cluster) -> Report:
    return diagnose(installed_checks(), cluster)


def words(element: Any) -> str:  # noqa: ANN401
    return " ".join(element.text_content().split())


def texts(root: Any, path: str) -> list[str]:  # noqa: ANN401
    return [words(element) for element in root.xpath(path)]


def has(name: str) -> str:
    """Return the part of an XPath that asks for a class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def overview(*streams: Placement, names: tuple[str, ...] = ("node1", "node2", "node3")) -> Overview:
    """Return three nodes, of which the first and the second have no route to each other."""
    one, other, third = names
    return Overview(
        nodes=(
            NodeView(one, NodeState.UP, "its server answers", "2.15.1", is_leader=True),
            NodeView(other, NodeState.UP, "its server answers", "2.15.1"),
            NodeView(third, NodeState.DOWN, "refuses connections", heard_at=AT - 300),
        ),
        routes=(
            RouteView(one, other, RouteState.BROKEN, "both are up, and neither has a route to the other"),
            RouteView(one, third, RouteState.DOWN, f"{third} is down"),
            RouteView(other, third, RouteState.DOWN, f"{third} is down"),
        ),
        streams=streams or (placement("KV_jobs"),),
        moments=(
            Moment(AT - 7200, AT - 7200, one, MomentKind.STARTED, "/srv/node1/nats.log"),
            Moment(AT - 600, AT - 60, one, MomentKind.QUORUM, "/srv/node1/nats.log:7", "waiting for quorum", 12),
        ),
    )


def placement(name: str) -> Placement:
    copies = (Copy(CopyState.LEADER), Copy(CopyState.LAGGING, 12_345), Copy(CopyState.ABSENT))
    return Placement(name, ACCOUNT, "alice", "file", 3, has_leader=True, copies=copies)


def with_overview(report: Report, seen: Overview | None = None) -> Report:
    return replace(report, overview=seen or overview())
