"""One page a rule for the documentation site, from the rules themselves."""

from __future__ import annotations

from collections.abc import Sequence

from symphony_doctor.api import Check
from tools.make_docs import rule_section


def rule_pages(checks: Sequence[Check]) -> dict[str, str]:
    """Return the pages by their path on the site: an index, and ``rules/js001.md`` and its like."""
    pages = {f"rules/{check.code.lower()}.md": rule_page(check) for check in checks}
    lines = ["# All rules", "", "| Code | Name | Severity |", "|---|---|---|"]
    lines += [f"| [{check.code}]({check.code.lower()}.md) | {check.name} | {check.severity.word} |" for check in checks]
    index = "# symphony-doctor\n\n- [All rules](rules/index.md)\n- [Troubleshooting](troubleshooting.md)\n"
    return {"index.md": index, "rules/index.md": "\n".join(lines) + "\n", **pages}


def rule_page(check: Check) -> str:
    """Return the page of one rule: what `checks explain` says, and where it comes from."""
    body = "\n".join((f"**{check.severity.word}**", "", *rule_section(check, proofs="../proofs.md")))
    return f"# {check.code} {check.name}\n\n{body}\n- Origin: {check.origin}\n"
