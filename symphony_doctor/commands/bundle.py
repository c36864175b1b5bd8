"""``symphony-doctor bundle``: make a support bundle, look into one, check one."""

from __future__ import annotations

import time
from pathlib import Path

import click

from symphony_doctor.commands._request import evidence_options
from symphony_doctor.commands._running import finish
from symphony_doctor.commands._values import DURATION, size
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.request import Request

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("bundle")
def command() -> None:
    """Pack the evidence of a cluster, without its secrets, for people who cannot see the machines.

    \b
    Example:
      symphony-doctor bundle verify node1.tar.gz
    """  # noqa: D301 - \b keeps click from joining lines


@command.command("collect")
@evidence_options(samples=2)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there; symphony-bundle-HOST-TIME.tar.gz if it is not given.",
)
@click.option("--max-size", default="64M", show_default=True, metavar="SIZE", help="Bytes that it may have, packed.")
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    type=click.Choice(["logs", "answers"]),
    help="Leave out: logs (no rule looks at them either), or the servers' own answers (repeatable).",
)
@click.option("--since", type=DURATION, metavar="D", help="Of logs what was written since, such as 24h.")
@click.option("--anonymize", is_flag=True, help="Other names for hosts, addresses, users and accounts.")
def collect(
    request: Request,
    output: Path | None,
    max_size: str,
    excluded: tuple[str, ...],
    since: float | None,
    anonymize: bool,
) -> int:
    """Gather evidence as `run` does, and write it with its report to one file.

    On machines that do not see each other: make one on each node, then give all of them to `run`.

    \b
    Examples:
      symphony-doctor bundle collect --node /opt/symphony --offline
      symphony-doctor bundle collect --node /opt/symphony --creds system.creds --since 24h
      symphony-doctor run --bundle node1.tar.gz --bundle node2.tar.gz --bundle node3.tar.gz
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.commands._bundle import LOGS, Wish, make
    from symphony_doctor.commands._bundle_shown import made_lines
    from symphony_doctor.commands._output import check_writable

    if request.bundles:
        raise UsageError("bundle collect looks at a cluster: leave out --bundle")
    if LOGS in excluded and (request.logs or since is not None):
        raise UsageError("--exclude logs leaves out all logs: leave out --log and --since, which say which")
    start = time.time() - since if since is not None else None
    wish = Wish(size("--max-size", max_size), frozenset(excluded), start, anonymize)
    if output is not None:
        check_writable(output)
    made = finish(make(request, output, wish))
    for line in made_lines(made):
        click.echo(line, err=True)
    click.echo(f"symphony-doctor run --bundle {made.path}")
    return 0


@command.command("inspect")
@_FILE
def inspect(file: Path) -> int:
    """List what is in FILE, with sizes and where it is from, without unpacking it."""
    from symphony_doctor.commands._bundle_shown import content_lines
    from symphony_doctor.sources.bundle import read_bundle

    click.echo("\n".join(content_lines(read_bundle(file).manifest)))
    return 0


@command.command("verify")
@_FILE
def verify(file: Path) -> int:
    """Check that FILE is whole and holds nothing that looks like a secret; exit status 1 where it does.

    Every file is compared with the manifest and searched, the evidence compared with its schema.
    """
    from symphony_doctor.formats.secret_scan import scan
    from symphony_doctor.sources.bundle import read_bundle

    suspects: list[str] = []

    def search(name: str, content: bytes) -> None:
        suspects.extend(f"{name}, line {each.line}: a {each.kind} ({each.form})" for each in sorted(set(scan(content))))

    manifest = read_bundle(file, search).manifest
    click.echo(f"{file} is whole: {len(manifest.files)} files are what its manifest says")
    for each in suspects:
        click.echo(each)
    click.echo(
        f"{len(suspects)} places look like a secret: do not send it" if suspects else "nothing looks like a secret"
    )
    return 1 if suspects else 0
