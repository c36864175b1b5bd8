"""Finds the rules: built-in ones, installed ones and directories, all by one mechanism.

A source of rules is a package or a module; each public module of a package is imported, and the
attributes that are ``Check`` are collected. Whatever goes wrong there is a value, never an exception.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from symphony_doctor.model.action import Action
from symphony_doctor.model.check import Check

GROUP = "symphony_doctor.checks"


@dataclass(frozen=True, slots=True)
class Provider:
    """A place that rules come from: a module's dotted name and what to call its origin."""

    module: str
    origin: str
    directory: Path | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A provider or rule that cannot be used, and why. The rest is loaded all the same."""

    origin: str
    error: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rules sorted by code, and what could not be loaded."""

    checks: tuple[Check, ...]
    broken: tuple[Broken, ...]


def installed_providers() -> tuple[Provider, ...]:
    """Return the entry points of the group ``symphony_doctor.checks``, the built-in one first."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - the scan costs more than the import of all rules

    found = []
    for point in entry_points(group=GROUP):
        distribution = point.dist
        origin = f"{distribution.name} {distribution.version}" if distribution else point.value
        found.append((point.name != "builtin", point.name, Provider(point.value, origin)))
    return tuple(provider for *_, provider in sorted(found, key=lambda item: item[:2]))


def directory_provider(directory: Path) -> Provider:
    """Return the provider for a directory of rule modules, as ``--checks-dir`` names it.

    The directory becomes a package with a name derived from its path, so that relative imports work
    and two directories never share a module.
    """
    resolved = directory.resolve()
    digest = hashlib.sha256(str(resolved).encode()).hexdigest()[:12]
    return Provider(f"_symphony_doctor_checks_{digest}", str(directory), resolved)


def load(providers: Iterable[Provider]) -> Loaded:
    """Import every provider and collect its rules; the first rule with a code keeps it."""
    checks: dict[str, Check] = {}
    names: dict[str, str] = {}
    broken: list[Broken] = []
    for provider in providers:
        for item in _modules(provider):
            if isinstance(item, Broken):
                broken.append(item)
                continue
            for rule in _checks_of(item):
                if rule.code in checks:
                    taken = checks[rule.code]
                    if taken.function is not rule.function:
                        broken.append(
                            Broken(
                                provider.origin,
                                f"code {rule.code} is already that of a rule of {taken.origin}",
                            )
                        )
                elif rule.name in names:
                    broken.append(
                        Broken(
                            provider.origin,
                            f"name {rule.name} of {rule.code} is already that of {names[rule.name]}",
                        )
                    )
                else:
                    checks[rule.code] = replace(rule, origin=provider.origin)
                    names[rule.name] = rule.code
    return Loaded(tuple(checks[code] for code in sorted(checks)), tuple(broken))


@dataclass(frozen=True, slots=True)
class LoadedActions:
    """The actions by name, and what could not be loaded."""

    actions: dict[str, Action]
    broken: tuple[Broken, ...]


def load_actions(providers: Iterable[Provider]) -> LoadedActions:
    """Collect the actions of every provider, as its rules are; the first action with a name keeps it."""
    actions: dict[str, Action] = {}
    broken: list[Broken] = []
    for provider in providers:
        for item in _modules(provider):
            if isinstance(item, Broken):
                broken.append(item)
                continue
            for name, value in sorted(vars(item).items()):
                if not isinstance(value, Action) or name.startswith("_"):
                    continue
                taken = actions.get(value.name)
                if taken is None:
                    actions[value.name] = replace(value, origin=provider.origin)
                elif taken.apply is not value.apply:
                    broken.append(Broken(provider.origin, f"action {value.name} is already one of {taken.origin}"))
    return LoadedActions(actions, tuple(broken))


def _checks_of(module: ModuleType) -> Iterator[Check]:
    for name, value in sorted(vars(module).items()):
        if isinstance(value, Check) and not name.startswith("_"):
            yield value


def _modules(provider: Provider) -> Iterator[ModuleType | Broken]:
    if provider.directory is not None:
        _install_package(provider.module, provider.directory)
    root = _import(provider.module, provider.origin)
    yield root
    if isinstance(root, Broken) or not hasattr(root, "__path__"):
        return
    names = sorted(info.name for info in pkgutil.iter_modules(root.__path__))
    if provider.directory is not None and not names:
        yield Broken(provider.origin, "the directory holds no Python module")
    for name in names:
        if not name.startswith("_"):
            yield _import(f"{provider.module}.{name}", provider.origin)


def _import(name: str, origin: str) -> ModuleType | Broken:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any fault of a plugin is that plugin's alone
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        return Broken(origin, f"{name.rpartition('.')[2] if origin != name else name} cannot be imported: {what}")


def _install_package(name: str, directory: Path) -> None:
    if name in sys.modules:
        return
    spec = ModuleSpec(name, loader=None, is_package=True)
    spec.submodule_search_locations = [str(directory)]
    sys.modules[name] = importlib.util.module_from_spec(spec)
