"""Writes what in docs/ follows from the rules, the tests, the specification and the inventory.

``python tools/make_docs.py`` writes them; ``--check`` writes nothing and says which of them are stale.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # last: the installed package stands before the tree
from symphony_doctor.api import Check
from symphony_doctor.engine.load import installed_providers, load
from symphony_doctor.formats.inventory import schema
from symphony_doctor.reports.check_list import TRANSIENT, because_words, needs_words
from tools.generated import ROOT, write_stale
from tools.proofs import PROOFS, Proof, proofs_of

DOCS = ROOT / "docs"
TITLES = {"fault": "Fault", "absent": "Absent", "near_miss": "Near miss"}
PARTS = {
    "troubleshooting": ("Troubleshooting", "The entry of the page", "Rules that see it"),
    "replicated": ("What Is Replicated", "Data", "Rules that see whether it is"),
    "local": ("Local to each node", "Data", "Rules that see whether it agrees"),
}

Entries = dict[str, list[dict[str, str | list[str]]]]

_GENERATED = "<!-- Written by tools/make_docs.py: change the rules, the tests or the entries, and run it again. -->"
_PROOFS = (
    "Three kinds of proof for every rule: the fault is really made, on a real cluster or a real file tree, and "
    "found; the fault is absent, and the rule is silent; something close to it is there, and the rule is silent."
)
_TROUBLESHOOTING = (
    "What the product's High Availability page tells to look at, and the rules that look at it. "
    "`symphony-doctor run` applies all of them; `--select CODE` only one."
)
_CODE_SPAN = re.compile(r"(`[^`]*`)")
_SECTION = re.compile(r"^([A-Z][a-z]+(?: [a-z]+){1,5}:|Verify:) ")


def builtin_checks() -> tuple[Check, ...]:
    """Return the rules of this distribution."""
    return load(installed_providers()[:1]).checks


def specification_entries() -> Entries:
    """Return what the product's page tells to look at, by the part of the page."""
    return tomllib.loads((DOCS / "specification-entries.toml").read_text(encoding="utf-8"))


def documents(checks: Sequence[Check]) -> dict[Path, str]:
    """Return every generated document by its path."""
    return {
        DOCS / "symphony-doctor.schema.json": json.dumps(schema(), indent=2) + "\n",
        DOCS / "rules.md": rules_page(checks),
        DOCS / "proofs.md": proofs_page(checks, proofs_of(ROOT / "tests")),
        DOCS / "troubleshooting.md": troubleshooting_page(checks, specification_entries()),
    }


def rules_page(checks: Sequence[Check]) -> str:
    """Return the page of all rules: what each means, how it is seen, what else it could be, how to repair it."""
    lines = [
        "# Rules",
        "",
        _GENERATED,
        "",
        f"{len(checks)} rules. The same text is shown by `symphony-doctor checks explain CODE`.",
        "",
        *_table(
            ("Code", "Name", "Severity", "What it says"),
            ((_link(check.code), check.name, check.severity.word, _prose(check.title)) for check in checks),
        ),
    ]
    for check in checks:
        lines += ["", f"## {check.code}", "", f"**{check.name}**, {check.severity.word}", "", *rule_section(check)]
    return "\n".join(lines) + "\n"


def rule_section(check: Check, *, proofs: str = "proofs.md") -> list[str]:
    """Return what stands beneath the heading of a rule: the explanation, what it needs, how it is proven."""
    lines = [_paragraph(text) + "\n" for text in check.explanation.strip().split("\n\n")]
    if check.parameters:
        thresholds = ", ".join(f"`{each.name}` = {each.default:g}" for each in check.parameters)
        lines.append(f"- Thresholds: {thresholds}")
    lines.append(f"- Needs: {needs_words(check) or 'nothing in particular'}")
    if check.explained_by:
        lines.append(f"- Explained by: {because_words(check.explained_by)}")
    if check.transient:
        lines.append(f"- Passes {TRANSIENT}")
    lines.append(f"- [How it is proven]({proofs}#{check.code.lower()})")
    return lines


def proofs_page(checks: Sequence[Check], proofs: dict[str, list[Proof]]) -> str:
    """Return the page of all proofs: the fault really made, its absence, and what is close and must not fire."""
    lines = [
        "# How the rules are proven",
        "",
        _GENERATED,
        "",
        _PROOFS,
    ]
    for check in checks:
        lines += [
            "",
            f"## {check.code}",
            "",
            f"[{check.name}](rules.md#{check.code.lower()}): {_prose(check.title)}.",
            "",
        ]
        found = sorted(proofs.get(check.code, ()), key=lambda proof: (PROOFS.index(proof.kind), not proof.real))
        lines += _table(
            ("Proof", "What it shows", "Test"),
            (
                (
                    TITLES[proof.kind] + (" (real)" if proof.real else ""),
                    _prose(proof.shows),
                    f"[{Path(proof.file).name}](../{proof.file}) `{proof.name}`",
                )
                for proof in found
            ),
        )
    return "\n".join(lines) + "\n"


def troubleshooting_page(checks: Sequence[Check], entries: Entries) -> str:
    """Return the page that leads from the product's page to the rules."""
    by_code = {check.code: check for check in checks}
    lines = [
        "# Troubleshooting",
        "",
        _GENERATED,
        "",
        _TROUBLESHOOTING,
    ]
    for part, (title, heading, column) in PARTS.items():
        rows = (
            (
                str(entry["heading"]),
                "<br>".join(
                    f"{_link(code)} {_prose(by_code[code].title)}" for code in entry["rules"] if code in by_code
                ),
            )
            for entry in entries[part]
        )
        lines += ["", f"## {title}", "", *_table((heading, column), rows)]
    lines += [
        "",
        "Log files, the CDN cache and extension processes are local to each node: there is nothing to compare.",
    ]
    return "\n".join(lines) + "\n"


def _link(code: str) -> str:
    return f"[{code}](rules.md#{code.lower()})"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(headers)} |", f"|{'---|' * len(headers)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _paragraph(text: str) -> str:
    """Write one paragraph of an explanation; the name of its section in bold, an indented example as code."""
    if all(line.startswith((" ", "\t")) for line in text.split("\n") if line):
        return "```\n" + "\n".join(line[4:] for line in text.split("\n")) + "\n```"
    words = " ".join(text.split())
    section = _SECTION.match(words)
    if section is None:
        return _prose(words)
    return f"**{section[1]}** {_prose(words[section.end() :])}"


def _prose(text: str) -> str:
    """Escape what Markdown would take for its own, outside of code spans; double backquotes become single ones."""
    parts = _CODE_SPAN.split(text.replace("``", "`"))
    return "".join(
        part if part.startswith("`") else re.sub(r"([*<>\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", part) for part in parts
    )


def main(arguments: Sequence[str]) -> int:
    """Write the documents, or with ``--check`` say which are stale; the exit status."""
    return write_stale(documents(builtin_checks()), (), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
