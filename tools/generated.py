"""Files that are generated: written where they are stale, or only named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_stale(wanted: Mapping[Path, str], gone: Iterable[Path], arguments: Sequence[str]) -> int:
    """Write what is stale and remove what is ``gone``, or with ``--check`` say which that is; the exit status."""
    removed = list(gone)
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    check = "--check" in arguments
    if not check:
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in removed:
            path.unlink()
    for path in (*stale, *removed):
        print(f"{path.relative_to(ROOT)}: {'stale' if check else 'written' if path in wanted else 'removed'}")
    return int(check and bool(stale or removed))
