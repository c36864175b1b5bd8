"""What an inventory says is to be looked at, as the options of the command line would say it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from symphony_doctor.commands._inventory import Book
from symphony_doctor.commands._inventory_login import each_of
from symphony_doctor.commands._paths import balancer_file, node_at
from symphony_doctor.errors import UsageError
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.collect import server_address, ui_address
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.log_files import LogFile
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.observation import Address
from symphony_doctor.sources.ssh_host import SCHEME

if TYPE_CHECKING:
    from symphony_doctor.formats.inventory import NodeTable
    from symphony_doctor.formats.toml_places import TomlPath


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken from an inventory: nodes, their servers and UIs, and what else there is to be read."""

    directories: tuple[NodeDirectory, ...] = ()
    servers: tuple[Address, ...] = ()
    uis: tuple[Address, ...] = ()
    load_balancers: tuple[Path, ...] = ()
    logs: tuple[LogFile, ...] = ()


def take(book: Book, *, sudo: bool) -> Taken:
    """Take all that is to be looked at; raises ``UsageError`` with line and column."""
    nodes = tuple((name, node, (*book.choice.path("nodes"), name)) for name, node in book.choice.value("nodes").items())
    directories: list[NodeDirectory] = []
    servers, uis, logs = list[Address](), list[Address](), list[LogFile]()
    for name, node, path in nodes:
        found = _directory(book, name, node, path, sudo=sudo)
        place = found.place if found is not None else None
        if found is not None:
            twin = next((each for each in directories if each.identity == found.identity), None)
            if twin is not None:
                raise book.wrong((*path, "dir"), f"it is the directory of {twin.name}, too")
            directories.append(found)
        server = server_address(node.nats, book.said((*path, "nats"))) if node.nats else None
        if server is not None:
            servers.append(replace(server, directory=place))
        if node.ui is not None:
            at = ui_address(node.ui, book.said((*path, "ui")))
            uis.append(replace(at, directory=place, client=server.text if server is not None else None))
        logs += [LogFile(_file(book, each, at, "a log"), name) for each, at in each_of(node.log, (*path, "log"))]
        if found is None and server is None:
            raise book.wrong(path, "expected dir, nats or both: there is nothing to look at")
    if sudo and not any(each.host for each in directories):
        raise UsageError("--sudo is for nodes of other hosts: the inventory has none")
    balancers = each_of(book.choice.value("load_balancers"), book.choice.path("load_balancers"))
    return Taken(
        directories=tuple(directories),
        servers=tuple(servers),
        uis=tuple(uis),
        load_balancers=tuple(balancer_file(book.path_of(each), book.said(at)) for each, at in balancers),
        logs=tuple(logs),
    )


def _directory(book: Book, name: str, node: NodeTable, path: TomlPath, *, sudo: bool) -> NodeDirectory | None:
    if node.dir is None:
        for key, given in (("ssh", node.ssh), ("sudo", node.sudo)):
            if given is not None:
                raise book.wrong((*path, key), "it is for `dir`, which is missing")
        return None
    written = node.dir
    if node.ssh is not None:
        if written.startswith(SCHEME) or not written.startswith("/"):
            raise book.wrong((*path, "dir"), "beside ssh expected an absolute path, as it is on that host")
        from urllib.parse import quote

        written = f"{SCHEME}{node.ssh}{quote(written)}"
    elif not written.startswith(SCHEME):
        if node.sudo is not None:
            raise book.wrong((*path, "sudo"), "it is for nodes of other hosts")
        written = str(book.path_of(written))
    sudo = sudo or bool(node.sudo)
    return node_at(name, written, sudo=sudo, said=book.said((*path, "ssh" if node.ssh is not None else "dir")))


def _file(book: Book, written: str, path: TomlPath, what: str) -> Path:
    at = book.path_of(written)
    found = read_file(at, 0)
    if isinstance(found, Missing) and not at.is_file():
        raise book.wrong(path, f"{found.why}: expected {what}")
    return at
