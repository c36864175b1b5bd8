"""What ``init`` writes of a cluster that was looked at: its nodes, who asks them, and what only is a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.reports.inventory_text import Entry, Table
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.request import Request


def tables(request: Request, cluster: Cluster, environment: Mapping[str, str]) -> tuple[Table, ...]:
    """Return what is known of the cluster, as tables of the file."""
    by_place = {node.directory: node for node in cluster.nodes if node.directory is not None}
    with_files = [_directory(each, by_place.get(each.place)) for each in request.directories]
    written = {table.name for table in with_files}
    others = [
        _other(node, request.directories) for node in cluster.nodes if node.name not in written and not node.directory
    ]
    return (Table("", tuple(_top(request, cluster, environment))), *with_files, *others)


def advertised(request: Request, cluster: Cluster) -> tuple[str, ...]:
    """Return the client addresses that servers tell of (INFO connect_urls) and that nobody has asked yet."""
    told = (
        url for node in cluster.nodes if isinstance(node.greeting, Seen) for url in node.greeting.value.connect_urls
    )
    asked = {each.text for each in request.servers} | {node.client_url for node in cluster.nodes}
    return tuple(url for url in dict.fromkeys(told) if url not in asked)


def _directory(given: NodeDirectory, node: Node | None) -> Table:
    name = node.name if node is not None else given.name or given.directory.name
    entries = [Entry("dir", str(given.directory.absolute() if given.host is None else given.directory))]
    if given.host is not None:
        entries.append(Entry("ssh", given.host.url.removeprefix("ssh://")))
        if given.host.sudo:
            entries.append(Entry("sudo", value=True))
    return Table(name, tuple(entries))


def _other(node: Node, directories: tuple[NodeDirectory, ...]) -> Table:
    """Return a node whose files were not read: by its address where that answers, else as a proposal."""
    directory = str(directories[0].directory.absolute()) if directories else "/opt/symphony"
    host = (node.client_url or node.name).rpartition(":")[0] or node.name
    files = (Entry("dir", directory, proposed=True), Entry("ssh", host.strip("[]"), proposed=True))
    if node.client_url is not None and isinstance(node.greeting, Seen):
        why = "Its server answers; complete `dir`, and `ssh` for another host, to have its files looked at, too."
        return Table(node.name, (Entry("nats", node.client_url), *files), why)
    known = " and ".join(node.known_from) or "the others"
    return Table(node.name, files, f"Known from {known}, and not reached from here.", proposed=True)


def _top(request: Request, cluster: Cluster, environment: Mapping[str, str]) -> Iterator[Entry]:
    given = [each for each in (request.credentials, *request.further_credentials) if each is not None]
    files = tuple(str(each.creds_file.absolute()) for each in given if each.creds_file is not None)
    contexts = [each.label.removeprefix("context ") for each in given if each.label.startswith("context ")]
    if files:
        yield Entry("creds", files if len(files) > 1 else files[0])
    elif contexts:
        yield Entry("context", contexts[0])
    elif given and given[0].nkey_file is not None:
        yield Entry("nkey", str(given[0].nkey_file.absolute()))
    else:
        yield from _contexts(cluster, environment)
    for key, path in (
        ("tlsca", request.tls.authority),
        ("tlscert", request.tls.certificate),
        ("tlskey", request.tls.key),
    ):
        if path is not None:
            yield Entry(key, str(path.absolute()))
    if request.load_balancers:
        yield Entry("load-balancers", tuple(str(path.absolute()) for path in request.load_balancers))


def _contexts(cluster: Cluster, environment: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the saved contexts that lead to one of the nodes; the one there is, or each as a proposal."""
    from symphony_doctor.sources.nats_cli import saved_contexts

    here = {node.client_url for node in cluster.nodes}
    found = [name for name, servers in saved_contexts(environment) if any(_host(each) in here for each in servers)]
    for name in found:
        yield Entry("context", name, "A context of the nats command line that leads here.", proposed=len(found) > 1)


def _host(url: str) -> str:
    return url.rpartition("://")[2].rpartition("@")[2]


def chosen(table: Table) -> Iterator[str]:
    """Say what stands in a table, and why."""
    name = f"node {table.name}" if table.name else "for all"
    if table.proposed:
        yield f"{name}: a proposal alone. {table.why}"
        return
    for entry in table.entries:
        value = ", ".join(entry.value) if isinstance(entry.value, tuple) else entry.value
        if not entry.proposed:
            yield f"{name}: {entry.key} {value}. {entry.why or table.why}".rstrip(" .")
        elif entry.why:
            yield f"{name}: {entry.key} {value} is a proposal alone. {entry.why}"
