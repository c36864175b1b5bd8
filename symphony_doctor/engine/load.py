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
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from symphony_doctor import api
from symphony_doctor.engine.attempt import Failure, attempt_each, what_was_raised
from symphony_doctor.model.action import Action
from symphony_doctor.model.check import Check

GROUP = "symphony_doctor.checks"
"""The group of entry points, and by the same name the package of the built-in rules."""

DEADLINE = 10.0
"""Seconds that the import of one module of rules may take."""


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
    """Return the entry points of the group ``symphony_doctor.checks``, the built-in one first.

    The built-in one is known by the package that it names: anybody can name an entry point ``builtin``.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - the scan costs more than the import of all rules

    found = []
    for point in entry_points(group=GROUP):
        distribution = point.dist
        origin = f"{distribution.name} {distribution.version}" if distribution else point.value
        found.append((point.value != GROUP, point.name, point.value, origin))
    return tuple(Provider(value, origin) for _, _, value, origin in sorted(found))


def directory_provider(directory: Path) -> Provider:
    """Return the provider for a directory of rule modules, as ``--checks-dir`` names it.

    The directory becomes a package with a name derived from its path, so that relative imports work
    and two directories never share a module.
    """
    resolved = directory.resolve()
    digest = hashlib.sha256(str(resolved).encode()).hexdigest()[:12]
    return Provider(f"_symphony_doctor_checks_{digest}", str(directory), resolved)


def load(providers: Iterable[Provider], *, deadline: float = DEADLINE) -> Loaded:
    """Import every provider and collect its rules; the first rule with a code keeps it.

    A module that takes longer than ``deadline`` seconds to import is broken as one that raises is.
    """
    checks: dict[str, Check] = {}
    names: dict[str, str] = {}
    broken: list[Broken] = []
    for provider in providers:
        is_empty = True
        for item in _modules(provider, deadline):
            if isinstance(item, Broken):
                broken.append(item)
                is_empty = False
                continue
            is_empty = is_empty and not any(isinstance(value, Action) for value in vars(item).values())
            for rule in _checks_of(item):
                is_empty = False
                taken = _taken(rule, checks, names)
                if taken is None:
                    checks[rule.code] = replace(rule, origin=provider.origin)
                    names[rule.name] = rule.code
                elif taken:
                    broken.append(Broken(provider.origin, taken))
        if is_empty:
            broken.append(Broken(provider.origin, "it holds no rule"))
    return Loaded(tuple(checks[code] for code in sorted(checks)), tuple(broken))


def _taken(rule: Check, checks: dict[str, Check], names: dict[str, str]) -> str | None:
    """Say who has the rule's code or name; nothing where it is the very same rule, met a second time."""
    other = checks.get(rule.code)
    if other is not None:
        is_same = other.function is rule.function
        return "" if is_same else f"code {rule.code} is already that of a rule of {other.origin}"
    if rule.name in names:
        return f"name {rule.name} of {rule.code} is already that of {names[rule.name]}"
    return None


@dataclass(frozen=True, slots=True)
class LoadedActions:
    """The actions by name, and what could not be loaded."""

    actions: dict[str, Action]
    broken: tuple[Broken, ...]


def load_actions(providers: Iterable[Provider], *, deadline: float = DEADLINE) -> LoadedActions:
    """Collect the actions of every provider, as its rules are; the first action with a name keeps it."""
    actions: dict[str, Action] = {}
    broken: list[Broken] = []
    for provider in providers:
        for item in _modules(provider, deadline):
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


def _modules(provider: Provider, deadline: float) -> Iterator[ModuleType | Broken]:
    if provider.directory is not None:
        _install_package(provider.module, provider.directory)
    (root,) = _imported(provider, [provider.module], deadline)
    yield root
    if isinstance(root, Broken) or not hasattr(root, "__path__"):
        return
    names = sorted(info.name for info in pkgutil.iter_modules(root.__path__) if not info.name.startswith("_"))
    yield from _imported(provider, [f"{provider.module}.{name}" for name in names], deadline)


def _imported(provider: Provider, names: list[str], deadline: float) -> Iterator[ModuleType | Broken]:
    modules = attempt_each((partial(importlib.import_module, name) for name in names), deadline)
    for name, module in zip(names, modules, strict=True):
        yield _usable(provider, name, module)


def _usable(provider: Provider, name: str, imported: ModuleType | Failure) -> ModuleType | Broken:
    label = name if provider.directory is None else f"{name.rpartition('.')[2]}.py"
    if isinstance(imported, Failure):
        return Broken(provider.origin, f"{label} {_why(imported)}")
    wanted = vars(imported).get("API_VERSION", api.VERSION)
    if not isinstance(wanted, int):
        return Broken(provider.origin, f"{label}: API_VERSION is {wanted!r}: expected a whole number")
    if wanted > api.VERSION:
        return Broken(
            provider.origin,
            f"{label} needs version {wanted} of the rule API and this doctor has version {api.VERSION}: "
            "a newer symphony-doctor is needed",
        )
    return imported


def _why(failure: Failure) -> str:
    error = failure.error
    if error is None:
        return f"cannot be imported: it {failure.text}"
    if isinstance(error, ImportError) and error.name == api.__name__:
        return (
            f"cannot be imported: {error.msg.partition(' (')[0]}: version {api.VERSION} of the rule API does not "
            "have it; perhaps a newer symphony-doctor is needed"
        )
    # the words of a syntax error name file and line by themselves
    what = what_was_raised(error) if isinstance(error, SyntaxError) else failure.text
    return f"cannot be imported: {what}"


def _install_package(name: str, directory: Path) -> None:
    if name in sys.modules:
        return
    spec = ModuleSpec(name, loader=None, is_package=True)
    spec.submodule_search_locations = [str(directory)]
    sys.modules[name] = importlib.util.module_from_spec(spec)
