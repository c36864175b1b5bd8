"""What differs between nodes' settings, key by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from symphony_doctor.model.configuration import Setting

UNSET = "(not set)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that is not the same everywhere.

    ``values`` are (value shown, where) by node; ``usual`` is the value of most nodes and ``model`` the
    first of them, ``None`` where no value is the most frequent; ``odd`` are the nodes that differ from it.
    """

    path: tuple[str, ...]
    values: Mapping[str, tuple[str, str]]
    usual: str
    model: str | None
    odd: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the path as it is written in messages."""
        return ".".join(self.path)


def differences(
    settings: Mapping[str, tuple[Setting, ...]], ignore: Callable[[tuple[str, ...]], bool]
) -> Iterator[Difference]:
    """Yield the keys whose value differs between the nodes, in order of their names."""
    tables = {node: {each.path: each for each in found if not ignore(each.path)} for node, found in settings.items()}
    shown = {node: {path: each.shown for path, each in table.items()} for node, table in tables.items()}
    paths: set[tuple[str, ...]] = set()
    first = next(iter(shown.values()), {})
    for other in shown.values():
        if other != first:
            paths |= _changed(first, other)
    for path in sorted(paths):
        values = {
            node: (table[path].shown, table[path].where) if path in table else (UNSET, "")
            for node, table in tables.items()
        }
        yield _difference(path, values)


def _changed(one: dict[tuple[str, ...], str], other: dict[tuple[str, ...], str]) -> set[tuple[str, ...]]:
    # imported where something differs: it costs more than the whole comparison of equal files
    from deepdiff import DeepDiff  # noqa: PLC0415

    keys = {"\x1f".join(path): path for path in (*one, *other)}
    delta = DeepDiff(
        {"\x1f".join(path): value for path, value in one.items()},
        {"\x1f".join(path): value for path, value in other.items()},
        view="tree",
        # two files that are little alike are still compared key by key, and not reported as one change
        threshold_to_diff_deeper=0,
    )
    changed: set[tuple[str, ...]] = set()
    for items in delta.values():
        changed |= {keys[item.path(output_format="list")[0]] for item in items}
    return changed


def _difference(path: tuple[str, ...], values: dict[str, tuple[str, str]]) -> Difference:
    counted = Counter(shown for shown, _ in values.values()).most_common()
    tied = len(counted) > 1 and counted[0][1] == counted[1][1]
    usual = "the same on all nodes" if tied else counted[0][0]
    model = None if tied else min(node for node, (shown, _) in values.items() if shown == usual)
    odd = tuple(sorted(node for node, (shown, _) in values.items() if tied or shown != usual))
    return Difference(path, values, usual, model, odd)
