"""``--inventory``, ``--profile``: the file that says what a cluster consists of and how it is judged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symphony_doctor.errors import InputError, UsageError
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.judging import USUAL, Judging, Mute, Threshold
from symphony_doctor.redaction import printable
from symphony_doctor.sources.inventory_file import find_inventory, read_raw

if TYPE_CHECKING:
    from symphony_doctor.formats.inventory_choice import Choice
    from symphony_doctor.formats.toml_places import TomlPath

OPTIONS = (
    click.option(
        "--inventory",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="symphony-doctor.toml; else it is looked for upwards from here and in the configuration folder.",
    ),
    click.option("--no-inventory", is_flag=True, help="Look for no inventory."),
    click.option("--profile", metavar="NAME", help="A profile of the inventory."),
)


@dataclass(frozen=True, slots=True)
class Book:
    """An inventory under a profile, and the file that it is in."""

    path: Path
    how: str
    choice: Choice

    def said(self, path: TomlPath) -> str:
        """Return where something stands, harmless for a terminal."""
        return printable(self.choice.file.said(path))

    def wrong(self, path: TomlPath, text: str) -> UsageError:
        """Make the error that something is not what it should be."""
        return UsageError(f"{self.said(path)}: {printable(text)}")

    def path_of(self, written: str) -> Path:
        """Return a path of this machine: one that is not absolute counts from where the inventory is."""
        return self.path.parent / Path(written).expanduser()

    @property
    def judging(self) -> Judging:
        """Return how it wants the cluster to be judged."""
        return Judging(
            tuple(Threshold(code, name, value, self.said(path)) for code, name, value, path in self.choice.thresholds),
            tuple(
                Mute(
                    code=mute.code,
                    object=mute.object,
                    reason=mute.reason,
                    until=mute.until,
                    severity=Severity[mute.severity.upper()] if mute.severity else None,
                    account=mute.account,
                    where=self.said(path),
                )
                for mute, path in self.choice.mutes
            ),
        )


def open_book(inventory: Path | None, profile: str | None, *, none: bool) -> Book | None:
    """Read the inventory that is named or found; raises ``UsageError`` or ``InputError`` with line and column."""
    if none and (inventory is not None or profile is not None):
        raise UsageError("--no-inventory excludes --inventory and --profile")
    path, how = inventory, "named"
    if path is None and not none:
        found = find_inventory(Path.cwd(), os.environ)
        if found is not None and found.refused:
            click.echo(
                f"inventory {found.path} is not used: {found.refused}; name it with --inventory to use it", err=True
            )
        elif found is not None:
            path, how = found.path, "found"
    if path is None:
        if profile is not None:
            raise UsageError(f"--profile {profile}: no inventory was found: name it with --inventory FILE")
        return None
    from symphony_doctor.formats.inventory import InventoryError, read_inventory
    from symphony_doctor.formats.inventory_choice import choose
    from symphony_doctor.formats.position import FormatError

    raw = read_raw(path, "--inventory")
    try:
        return Book(path, how, choose(read_inventory(raw, str(path)), profile))
    except (FormatError, InventoryError) as error:
        raise InputError(printable(str(error))) from None


def judging_of(book: Book | None) -> Judging:
    """Return how the cluster is judged: as usual where there is no inventory."""
    return book.judging if book is not None else USUAL
