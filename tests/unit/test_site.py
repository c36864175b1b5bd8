"""The documentation site has a page for each rule, with the words of the rule; mkdocs itself builds it in CI."""

from __future__ import annotations

from functools import cache

from symphony_doctor.api import Check
from symphony_doctor.engine.load import installed_providers, load

from .tools import ROOT, tool


@cache
def checks() -> tuple[Check, ...]:
    return load(installed_providers()[:1]).checks


@cache
def pages() -> dict[str, str]:
    tool("make_docs")  # it puts the tree on the path, which rule_pages needs
    found: dict[str, str] = tool("rule_pages").rule_pages(checks())
    return found


def test_every_rule_has_a_page_and_the_index_leads_to_each() -> None:
    assert set(pages()) == {"index.md", "rules/index.md", *(f"rules/{check.code.lower()}.md" for check in checks())}
    for check in checks():
        assert (
            f"[{check.code}]({check.code.lower()}.md) | {check.name} | {check.severity.word} |"
            in pages()["rules/index.md"]
        )


def test_a_page_has_what_the_page_of_all_rules_has() -> None:
    every = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for check in checks():
        page = pages()[f"rules/{check.code.lower()}.md"]
        section = every.partition(f"\n## {check.code}\n")[2].partition("\n## ")[0]
        lines = [line.replace("(proofs.md#", "(../proofs.md#") for line in section.splitlines() if line]
        assert page.startswith(f"# {check.code} {check.name}\n")
        assert lines[1:] == [line for line in page.splitlines() if line in lines[1:] and line]
