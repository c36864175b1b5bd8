"""``symphony-doctor compare``: what became of the findings between two reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from symphony_doctor.commands._output import print_document
from symphony_doctor.errors import InputError
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.files import read_file

if TYPE_CHECKING:
    from symphony_doctor.reports.json_v1 import ReportV1

_LIMIT = 256 * 1024 * 1024
_FILE = click.Path(path_type=Path)


@click.command("compare")
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(before: Path, after: Path, as_json: bool) -> int:
    """Say what is new in the report AFTER, what is gone since BEFORE, and what is still there.

    Both are what `run --format json` wrote. What a rule had found that cannot decide any more is not called gone.
    Exit status 1 where something above info is new or worse.

    \b
    Example:
      symphony-doctor compare monday.json tuesday.json
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.reports.comparison import compare, comparison_json, list_comparison

    old, new = read_report(before), read_report(after)
    found = compare(old, new)
    print_document((comparison_json if as_json else list_comparison)(old, new, found))
    return 1 if found.is_worse else 0


def read_report(path: Path) -> ReportV1:
    """Read what `run --format json` wrote; raise ``InputError`` naming the file and what is wrong with it."""
    import msgspec

    from symphony_doctor.reports.json_v1 import ReportV1

    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"{found.why}: expected what `run --format json` wrote")
    try:
        return msgspec.json.decode(found.value, type=ReportV1)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"{path} is no report of version 1, as `run --format json` writes it: {error}") from None
