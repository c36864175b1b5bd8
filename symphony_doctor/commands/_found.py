"""``--local`` and ``--docker``: nodes that are looked for, and what was chosen, said on standard error."""

from __future__ import annotations

import os
from pathlib import Path

import click

from symphony_doctor.errors import UsageError
from symphony_doctor.sources.found import Search
from symphony_doctor.sources.node_directory import NodeDirectory

ROOT = Path("/")


def with_found(
    given: tuple[NodeDirectory, ...], *, local: bool, docker: str | None, offline: bool
) -> tuple[NodeDirectory, ...]:
    """Return the directories given and those that are found. Raises ``UsageError`` that says where was looked.

    What is described in a compose file goes before the same directory elsewhere: its ports and mounts are known.
    """
    nodes = list(given)
    for option, search in _searches(local=local, docker=docker, offline=offline):
        if not search.found:
            places = "".join(f"\n  {each}" for each in search.looked)
            raise UsageError(
                f"{option} found no node: expected a directory with symphony.config or nats.config in it; name it with "
                f"--node DIR. Looked at:{places}"
            )
        for each in search.found:
            if all(node.identity != each.node.identity for node in nodes):
                shown = f"{each.node.name}={each.node.directory}" if each.node.name else str(each.node.directory)
                click.echo(f"{option}: node {shown}: {each.why}", err=True)
                nodes.append(_distinct_name(each.node, nodes))
        for line in search.told:
            click.echo(f"{option}: {line}", err=True)
    return tuple(nodes)


def _searches(*, local: bool, docker: str | None, offline: bool) -> list[tuple[str, Search]]:
    found = []
    if docker is not None:
        from symphony_doctor.sources.compose_nodes import find_docker
        from symphony_doctor.sources.docker_program import docker_of

        environment = dict(os.environ)
        program = docker_of(environment, offline=offline)
        found.append(("--docker", find_docker(ROOT, Path.cwd(), docker, environment, program)))
    if local:
        from symphony_doctor.sources.local_nodes import find_local

        home = os.environ.get("HOME")
        found.append(("--local", find_local(ROOT, Path(home) if home else None, Path.cwd())))
    return found


def _distinct_name(node: NodeDirectory, others: list[NodeDirectory]) -> NodeDirectory:
    """Leave a name away that another node has: its server has one of its own."""
    taken = any(node.name == other.name for other in others if other.name is not None)
    return NodeDirectory(node.directory, None, node.container) if taken else node
