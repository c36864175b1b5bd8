"""Configuration that differs between nodes where it must be the same."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.api import (
    Because,
    Cluster,
    Difference,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Mapping,
    Remedy,
    Same,
    Setting,
    Severity,
    Subject,
    check,
    differences,
    known,
)

from ._commands import configure, edit
from ._fingerprints import comparable_secrets
from ._words import IDENTITY, listing


@check(
    "CF008",
    name="config-drift",
    severity=Severity.ERROR,
    needs=(Kind.SYMPHONY_CONFIG,),
    explained_by=(*IDENTITY, Because("ID003", Same.NODES), Because("CF006", Same.NODES)),
)
def config_drift(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A key of symphony.config differs between nodes; all but network.uiport must be the same.

    What it means: users get another behaviour, or no login at all, depending on the node that the load
    balancer sends them to. Where the key is an identity, the node replicates nothing.

    How it is seen: symphony.config is compared key by key; secrets are compared by a fingerprint. Bundles of
    nodes that do not share the operator's seed have no fingerprints in common: their secrets are not compared.

    What else it could be: a change that was made on one node and not yet copied to the others.

    By hand: copy the value from a node that is right, keep network.uiport, restart that instance.

    Verify: `symphony-doctor run` with all nodes' directories.
    """
    values, gaps = known(cluster, lambda node: node.symphony_config)
    yield from gaps
    # a group without keys sets nothing: the same as no group
    settings = {
        node: tuple(each for each in seen.value.settings if each.shown != "{}") for node, seen in values.items()
    }
    settings, incomparable = comparable_secrets(
        settings, {node: seen.value.fingerprints for node, seen in values.items()}
    )
    yield from incomparable
    for difference in differences(settings, ignore=lambda path: path == ("network", "uiport")):
        yield _differs("symphony.config", difference, {node: seen.where for node, seen in values.items()})


_PER_NODE = frozenset(
    {
        "host", "net", "port", "listen", "server_name", "logfile", "log_file", "log", "store_dir", "storedir",
        "http", "http_port", "monitor_port", "https", "https_port", "cluster", "client_advertise",
        "pid_file", "pidfile", "ports_file_dir", "server_tags", "prof_port",
    }
)  # fmt: skip
_IDENTITY_KEYS = frozenset(
    {
        "operator",
        "operators",
        "root",
        "roots",
        "root_operator",
        "system_account",
        "system",
        "resolver_preload",
    }
)
_PER_NODE_INNER = frozenset(
    {
        ("websocket", "port"), ("websocket", "listen"), ("websocket", "host"), ("websocket", "advertise"),
        ("mqtt", "port"), ("mqtt", "listen"), ("mqtt", "host"),
        ("leafnodes", "port"), ("leafnodes", "listen"), ("leafnodes", "host"), ("leafnodes", "advertise"),
        ("jetstream", "store_dir"),
    }
)  # fmt: skip
_OTHER_RULES = frozenset(
    {
        # CF003
        ("jetstream", "max_mem"), ("jetstream", "max_mem_store"), ("jetstream", "max_memory_store"),
        ("jetstream", "max_file"), ("jetstream", "max_file_store"),
        # CF005
        ("resolver", "interval"), ("account_resolver", "interval"), ("accounts_resolver", "interval"),
    }
)  # fmt: skip


@check(
    "CF009",
    name="nats-config-drift",
    severity=Severity.WARNING,
    needs=(Kind.NATS_CONFIG,),
    explained_by=(
        *IDENTITY,
        Because("CF002", Same.NODES),
        Because("CF006", Same.NODES),
        Because("CF001", Same.NODES),
        Because("RT007", Same.NODES),
        Because("CF004", Same.NODES),
        Because("CF010", Same.NODES | Same.SUBJECT),
    ),
)
def nats_config_drift(cluster: Cluster) -> Iterator[Finding | Gap]:
    """nats.config differs between nodes in more than addresses, paths and the cluster block.

    What it means: the nodes behave differently: other limits, other resolver times, other TLS.

    How it is seen: nats.config is compared key by key as the server reads it. What differs by right is
    left out: host, port, listen, server_name, the WebSocket port, log, store_dir, monitoring and the
    cluster block (specification, step 2); so are the identities, which ID001 to ID003 compare, JetStream's
    limits (CF003), the resolver's interval (CF005) and the files of certificates. Paths in a node's own
    directory are compared relative to it.

    What else it could be: a node with less memory or disk that was given other limits on purpose.

    By hand: set the same value on all nodes and restart them one at a time.

    Verify: `symphony-doctor run` with all nodes' directories.
    """
    values, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    settings = {node: tuple(map(_comparable, seen.value.settings)) for node, seen in values.items()}
    settings, incomparable = comparable_secrets(
        settings, {node: seen.value.fingerprints for node, seen in values.items()}
    )
    yield from incomparable
    for difference in differences(settings, ignore=_differs_by_right):
        yield _differs("nats.config", difference, {node: seen.where for node, seen in values.items()})


def _comparable(setting: Setting) -> Setting:
    """Take any certificate of a node for that of another: each host may have its own, and its own place for it."""
    return replace(setting, shown="a file") if setting.path[-1] in {"cert_file", "key_file"} else setting


def _differs_by_right(path: tuple[str, ...]) -> bool:
    named = path[0] in _PER_NODE or path[0] in _IDENTITY_KEYS
    return named or path[:2] in _PER_NODE_INNER or path[:2] in _OTHER_RULES


def _differs(file: str, difference: Difference, paths: Mapping[str, str]) -> Finding:
    key, odd = difference.key, difference.odd
    may = "network.uiport" if file == "symphony.config" else "addresses, paths and the cluster block"
    return Finding(
        title=f"{file} differs in {key} on {listing(odd)}",
        detail=f"Only {may} may differ between the nodes of a cluster.",
        subject=Subject("setting", f"{file}/{key}"),
        nodes=odd,
        evidence=tuple(
            EvidenceEntry(node, where or paths[node], difference.usual, shown)
            for node, (shown, where) in sorted(difference.values.items())
        ),
        remedies=(_align(file, difference),),
    )


def _align(file: str, difference: Difference) -> Remedy:
    key, odd, model = difference.key, difference.odd, difference.model
    if model is None:
        return edit(file, odd, f"decide which value of {key} is right, and set it on all nodes")
    change = f"set {key} to the value of {model}"
    if file != "symphony.config":
        return edit(file, odd, change)
    return configure(file, odd, change, key=key, operation="copy", value=model)
