"""What is told of a bundle: after it was written, and by `inspect`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from symphony_doctor.redaction import printable

if TYPE_CHECKING:
    from symphony_doctor.bundles.manifest import Manifest, Omitted
    from symphony_doctor.commands._bundle import Made


def made_lines(made: Made) -> Iterator[str]:
    """Say what was written, what is not in it, and what must not be sent."""
    for each in made.manifest.left_out:
        yield _left_out(each)
    if made.names is not None:
        yield f"the names are in {made.names}: that file stays here"
    yield f"{made.path} was written, {made.path.stat().st_size:,} bytes; check it with `bundle verify`, read it with:"


def content_lines(manifest: Manifest) -> Iterator[str]:
    """Show a manifest: who made it, then all files as a tree, each with its size and what it was made of."""
    made = datetime.fromtimestamp(manifest.made_at, UTC).isoformat(timespec="seconds")
    yield printable(
        f"made {made} on {manifest.host} by symphony-doctor {manifest.doctor_version}, schema {manifest.schema}"
    )
    yield printable(f"nodes: {', '.join(manifest.nodes) or 'none'}")
    every = sorted(manifest.files, key=lambda entry: entry.name.split("/"))
    rows = [(2 * each.name.count("/"), each.name.rpartition("/")[2]) for each in every]
    width = max((depth + len(name) for depth, name in rows), default=0)
    folders: set[str] = set()
    for each, (depth, name) in zip(every, rows, strict=True):
        above = each.name.split("/")[:-1]
        for level, folder in enumerate(above):
            path = "/".join(above[: level + 1])
            if path not in folders:
                folders.add(path)
                size = sum(file.size for file in every if file.name.startswith(f"{path}/"))
                yield printable(f"{size:>14,}  {'  ' * level}{folder}/")
        origin = f"  {each.origin}" if each.origin else ""
        yield printable(f"{each.size:>14,}  {' ' * depth}{name:{width - depth}}{origin}").rstrip()
    yield f"{sum(each.size for each in every):>14,}  in all"
    for omitted in manifest.left_out:
        yield printable(_left_out(omitted))


def _left_out(each: Omitted) -> str:
    size = f", {each.size:,} bytes" if each.size else ""
    return f"left out: {each.name}{size} ({each.why})"
