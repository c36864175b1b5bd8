"""What an inventory says under one profile: its own where it has that, else what stands outside of profiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from symphony_doctor.formats.inventory import Fault, InventoryError, InventoryFile, MuteTable, Profile, near
from symphony_doctor.formats.toml_places import TomlPath

_GROUPS: Final = (("nodes", "servers"), ("creds", "nkey", "context"), ("tlscert", "tlskey"))
"""Keys that belong together: a profile that has one of them takes none of the others from outside."""

_KEYS: Final = {name: name.replace("_", "-") for name in Profile.__struct_fields__}


@dataclass(frozen=True, slots=True)
class Choice:
    """A file under a profile, or under none."""

    file: InventoryFile
    profile: str | None

    def value(self, name: str) -> Any:  # noqa: ANN401 - of whatever type the field is
        """Return the value of a field of ``Profile``."""
        return getattr(self._table(name)[0], name)

    def path(self, name: str) -> TomlPath:
        """Return where the value of a field stands."""
        return (*self._table(name)[1], _KEYS[name])

    @property
    def thresholds(self) -> Iterator[tuple[str, str, float, TomlPath]]:
        """Yield code, name, value and place of each threshold; one of a profile comes after that from outside."""
        for table, path in self._tables:
            for code, named in table.thresholds.items():
                for name, value in named.items():
                    yield code, name, value, (*path, "thresholds", code, name)

    @property
    def mutes(self) -> Iterator[tuple[MuteTable, TomlPath]]:
        """Yield each mute and where it stands."""
        for table, path in self._tables:
            for index, mute in enumerate(table.mutes):
                yield mute, (*path, "mutes", index)

    @property
    def _tables(self) -> tuple[tuple[Profile, TomlPath], ...]:
        """Return the tables, what is outside of profiles first."""
        outside: tuple[Profile, TomlPath] = (self.file.inventory, ())
        if self.profile is None:
            return (outside,)
        return outside, (self.file.inventory.profiles[self.profile], ("profiles", self.profile))

    def _table(self, name: str) -> tuple[Profile, TomlPath]:
        """Return the table that a field is taken from."""
        own, path = self._tables[-1]
        together = next((group for group in _GROUPS if name in group), (name,))
        return (own, path) if any(getattr(own, each) for each in together) else self._tables[0]


def choose(file: InventoryFile, profile: str | None) -> Choice:
    """Choose a profile, or what is outside of all; raises ``InventoryError`` where there is no such profile."""
    known = tuple(file.inventory.profiles)
    if profile is not None and profile not in known:
        hint = near(profile, known) if known else "the file has no profiles"
        raise InventoryError((Fault(file.toml.key_at(("profiles",)), f"there is no profile {profile!r}: {hint}"),))
    return Choice(file, profile)
