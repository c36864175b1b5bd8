"""The documentation is that of these rules and tests, and every rule is proven in three ways."""

from __future__ import annotations

import re
import sys
from functools import cache

import pytest

from symphony_doctor.api import Check
from symphony_doctor.reports.check_list import explain_check

from .tools import ROOT, tool


@cache
def checks() -> dict[str, Check]:
    return {check.code: check for check in tool("make_docs").builtin_checks()}


@cache
def proofs() -> dict[str, list[object]]:
    found: dict[str, list[object]] = sys.modules["tools.proofs"].proofs_of(ROOT / "tests")
    return found


CODES = sorted(checks())


@pytest.mark.parametrize("name", ["rules.md", "proofs.md", "troubleshooting.md"])
def test_the_documents_are_up_to_date(name: str) -> None:
    text = tool("make_docs").documents(tuple(checks().values()))[ROOT / "docs" / name]
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "stale: run tools/make_docs.py"


@pytest.mark.parametrize("kind", ["fault", "absent", "near_miss"])
@pytest.mark.parametrize("code", CODES)
def test_every_rule_is_proven(code: str, kind: str) -> None:
    found = [proof for proof in proofs().get(code, ()) if getattr(proof, "kind", None) == kind]
    if kind == "fault":
        found = [proof for proof in found if getattr(proof, "real", False)]
    assert found, f"{code} has no {kind} test: a function test_{code.lower()}_{kind}_..., a fault in tests/integration"


def test_every_proof_says_what_it_shows_and_is_of_a_rule() -> None:
    every = [proof for of_rule in proofs().values() for proof in of_rule]
    assert [proof for proof in every if not getattr(proof, "shows", "")] == []
    assert set(proofs()) <= set(checks())


@pytest.mark.parametrize("code", CODES)
def test_the_page_of_a_rule_has_the_words_of_checks_explain(code: str) -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {code}\n")[2].partition("\n## ")[0]
    plain = re.sub(r"[\\*`]", "", section)
    for paragraph in re.sub(r"[\\*`]", "", checks()[code].explanation).split("\n\n"):
        assert " ".join(paragraph.split()) in " ".join(plain.split())
    assert checks()[code].title in " ".join(explain_check(checks()[code], width=200).split())


@pytest.mark.parametrize(
    ("part", "first", "count"),
    [
        ("troubleshooting", "Cluster not forming", 9),
        ("replicated", "User accounts and profiles (account JWTs)", 4),
        ("local", "symphony.config", 3),
    ],
)
def test_the_entries_of_the_specification_are_all_there(part: str, first: str, count: int) -> None:
    entries = tool("make_docs").specification_entries()[part]
    assert (entries[0]["heading"], len({entry["heading"] for entry in entries})) == (first, count)


def test_every_entry_of_the_specification_is_seen_by_a_rule() -> None:
    for entries in tool("make_docs").specification_entries().values():
        for entry in entries:
            assert set(entry["rules"]) & set(checks()), f"no rule sees {entry['heading']!r}"


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for path in (ROOT / "docs").glob("*.md"):
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([a-z0-9-]+))?\)", path.read_text(encoding="utf-8")):
            if target.startswith(("http:", "https:")):
                continue
            there = (path.parent / target).resolve() if target else path
            assert there.exists(), f"{path.name}: {target}"
            if anchor and there.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in slugs, f"{path.name}: {target}#{anchor}"
