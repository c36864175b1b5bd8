"""``symphony-doctor bundle``: make a support bundle, look into one, check one."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symphony_doctor.commands._request import evidence_options
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.collect import Request

if TYPE_CHECKING:
    from symphony_doctor.bundles.manifest import Manifest

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("bundle")
def command() -> None:
    """Pack the evidence of a cluster, without its secrets, for people who cannot see the machines."""


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,12})\s*([kmg]?)(?:i?b)?", text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"--max-size: {text!r} is no size: expected a number of bytes, or one such as 20M")
    return int(found[1]) * _UNITS[found[2]]


@command.command("collect")
@evidence_options(samples=2)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there; symphony-bundle-HOST-TIME.tar.gz if it is not given.",
)
@click.option("--max-size", default="64M", show_default=True, metavar="SIZE", help="Bytes that it may have, packed.")
def collect(request: Request, output: Path | None, max_size: str) -> int:
    """Gather evidence as `run` does, and write it with its report to one file.

    On machines that do not see each other: make one on each node, then give all of them to `run`.

    \b
    Examples:
      symphony-doctor bundle collect --node /opt/symphony --offline
      symphony-doctor run --bundle node1.tar.gz --bundle node2.tar.gz --bundle node3.tar.gz
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.commands._bundle import make
    from symphony_doctor.commands._output import check_writable

    if request.bundles:
        raise UsageError("bundle collect looks at a cluster: leave out --bundle")
    limit = _size(max_size)
    if output is not None:
        check_writable(output)
    path, manifest = asyncio.run(make(request, output, limit))
    click.echo(f"{path} was written, {path.stat().st_size:,} bytes; read it with:", err=True)
    for each in manifest.left_out:
        click.echo(f"left out: {each.name}, {each.size:,} bytes ({each.why})", err=True)
    click.echo(f"symphony-doctor run --bundle {path}")
    return 0


@command.command("inspect")
@_FILE
def inspect(file: Path) -> int:
    """List what is in FILE, with sizes, without unpacking it."""
    from symphony_doctor.sources.bundle import read_bundle

    _show(read_bundle(file).manifest)
    return 0


@command.command("verify")
@_FILE
def verify(file: Path) -> int:
    """Check that FILE is whole: every file against the manifest, and the evidence against its schema."""
    from symphony_doctor.sources.bundle import read_bundle

    manifest = read_bundle(file).manifest
    click.echo(f"{file} is whole: {len(manifest.files)} files are what its manifest says")
    return 0


def _show(manifest: Manifest) -> None:
    from symphony_doctor.redaction import printable

    made = datetime.fromtimestamp(manifest.made_at, UTC).isoformat(timespec="seconds")
    lines = [
        f"made {made} on {manifest.host} by symphony-doctor {manifest.doctor_version}, schema {manifest.schema}",
        f"nodes: {', '.join(manifest.nodes) or 'none'}",
    ]
    folders: set[str] = set()
    for each in sorted(manifest.files, key=lambda entry: entry.name.split("/")):
        *above, name = each.name.split("/")
        for depth in range(len(above)):
            folder = "/".join(above[: depth + 1])
            if folder not in folders:
                folders.add(folder)
                lines.append(f"{'':>14}  {'  ' * depth}{above[depth]}/")
        lines.append(f"{each.size:>14,}  {'  ' * len(above)}{name}")
    lines.append(f"{sum(each.size for each in manifest.files):>14,}  in all")
    lines += [f"left out: {each.name}, {each.size:,} bytes ({each.why})" for each in manifest.left_out]
    click.echo("\n".join(map(printable, lines)))
