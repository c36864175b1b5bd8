"""The page of real clusters: what it draws is what was done to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html

from symphony_doctor.lab.cluster import Lab

from .conftest import Doctor
from .program import doctor

pytestmark = pytest.mark.cluster


def page_of(lab: Lab, mode: str) -> Any:  # noqa: ANN401 - lxml says not of which type an element is
    return html.fromstring(doctor("run", *Doctor(lab).arguments(mode), "--format", "html").out)


def routes(page: Any) -> list[str]:  # noqa: ANN401
    return sorted(route.get("class").removeprefix("route ") for route in page.xpath("//*[@class][name()='g'][line]"))


def test_what_was_broken_is_what_is_drawn(start: Callable[..., Lab]) -> None:
    """A healthy cluster is drawn whole; a cut route, a removed directory and a killed node are each drawn as such."""
    lab = start(nodes=3)
    page = page_of(lab, "both")
    assert routes(page) == ["open", "open", "open"]
    assert page.xpath("//tr[@class='faulty']") == []
    assert len(page.xpath("//*[@id='streams-rows']/tr")) > 10
    assert len(page.xpath("//table[@class='timeline']//b[text()='server started']")) == 3

    asyncio.run(lab.break_("route-partition"))
    asyncio.run(lab.break_("missing-stream-directory", node="node3"))
    page = page_of(lab, "both")
    assert routes(page) == ["broken", "open", "open"]
    assert [row.xpath("string(./td[3])") for row in page.xpath("//tr[@class='faulty']")] == ["✖ absent"]

    asyncio.run(lab.break_("dead-node", node="node2"))
    page = page_of(lab, "both")
    assert routes(page) == ["down", "down", "open"]
    assert "node2 last heard" in page.xpath("string(//article[1]//*[@class='since'])")
    assert {row.xpath("string(./td[2])") for row in page.xpath("//tr[@class='faulty']")} == {"○ offline"}
