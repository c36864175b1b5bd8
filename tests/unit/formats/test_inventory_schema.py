"""The published schema of symphony-doctor.toml: of one mind with the program, and with the page that tells of it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from symphony_doctor.formats.inventory import InventoryError, Profile, read_inventory, schema

DOCS = Path(__file__).parents[3] / "docs"
BLOCKS = re.findall(r"```toml\n(.*?)```", (DOCS / "inventory.md").read_text(), re.DOTALL)


def by_schema(text: str) -> None:
    """Validate as an editor does, which sees a day as a text."""

    def plain(value: Any) -> Any:  # noqa: ANN401 - whatever TOML has
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value.isoformat() if isinstance(value, date) else value

    jsonschema.Draft202012Validator(schema()).validate(plain(tomllib.loads(text)))


def test_it_is_published_as_it_is() -> None:
    published = json.loads((DOCS / "symphony-doctor.schema.json").read_text())
    assert published == schema()
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.parametrize("text", ["", *BLOCKS])
def test_what_the_page_shows_is_right(text: str) -> None:
    assert len(BLOCKS) >= 2
    by_schema(text)
    read_inventory(text.encode(), "f")


MUTE = '[[mutes]]\ncode = "A"\nobject = "b"\nreason = "c"\nuntil = 2027-01-01\n'


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "servers = 'a'",
        "servers = ['']",
        "nodes.a.dir = 1",
        "nodes.a.x = 'y'",
        "nodes = []",
        "creds = 5",
        "thresholds.JS003.most_lag = 'a'",
        "thresholds.JS003.most_lag = -1",
        "thresholds.JS003.most_lag = inf",
        "profiles.p.profiles = {}",
        "[[mutes]]\ncode = 'A'",
        MUTE + "severity = 'bad'",
        MUTE + "more = 1",
        MUTE.replace("'c'", "''").replace('"c"', "''"),
    ],
)
def test_both_refuse_what_is_wrong(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        by_schema(text)
    with pytest.raises(InventoryError, match=r"^f:\d+:\d+: "):
        read_inventory(text.encode(), "f")


def test_every_key_is_told_of() -> None:
    """In the schema with a description, on the page by its name."""
    page = (DOCS / "inventory.md").read_text()
    for name, table in schema()["$defs"].items():
        for key, said in table["properties"].items():
            assert said["description"], (name, key)
            assert re.search(rf"`(?:\S*\.)?{re.escape(key)}\b", page), (name, key)
    assert {each.replace("_", "-") for each in Profile.__struct_fields__} <= schema()["$defs"]["Profile"][
        "properties"
    ].keys()
