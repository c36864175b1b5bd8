"""The files of a bundle besides the snapshot: the report in every form, and what people want to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from symphony_doctor.bundles.answers import Answers
from symphony_doctor.bundles.files import BundleFile, BundleText
from symphony_doctor.bundles.manifest import REPORT, REPORT_HTML, REPORT_TEXT
from symphony_doctor.bundles.material import material, node_folders, server_folders
from symphony_doctor.commands.checks import load_rules, not_loaded
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.judging import Judging
from symphony_doctor.model.log import Log
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.file_system import LOCAL, FileSystem
from symphony_doctor.sources.log_tail import tail_of


def reports(cluster: Cluster, judging: Judging) -> Iterator[BundleFile]:
    """Yield the report on a cluster by all rules, as `run` writes it: as JSON, then for people."""
    loaded = load_rules((), judging)
    # mutes are for who sees them every day: support is told of everything
    told = replace(judging, mutes=())
    report = diagnose(loaded.checks, cluster, problems=not_loaded(loaded), judging=told)
    yield BundleFile(REPORT, FORMATS["json"](report).encode())
    yield BundleFile(REPORT_TEXT, FORMATS["terminal"](report, verbosity=1).encode("utf-8", "backslashreplace"))
    yield BundleFile(REPORT_HTML, FORMATS["html"](report).encode("utf-8", "backslashreplace"))


def texts(
    cluster: Cluster,
    answers: Answers,
    logs: Mapping[Log, FileSystem],
    since: float | None,
    mask: Callable[[str], str],
    show: Callable[[str], str],
) -> Iterator[BundleFile]:
    """Yield what people want to read, what helps most first.

    ``mask`` replaces secrets in a text; ``show`` gives names as the bundle shows them. Of logs there are lines since a
    time, in Unix seconds; ``logs`` tells where those of nodes are.
    """
    folders = node_folders(cluster, show)
    every = (
        *material(cluster, folders),
        *_log_tails(cluster, folders, logs, since),
        *answers.files(server_folders(cluster, folders)),
    )
    for each in every:
        content = show(mask(each.text)).encode("utf-8", "backslashreplace")
        yield BundleFile(each.name, content, show(mask(each.origin)))


def _log_tails(
    cluster: Cluster, folders: dict[str, str], logs: Mapping[Log, FileSystem], since: float | None
) -> Iterator[BundleText]:
    """Yield the end of each log that was read, once where it is of several nodes."""
    done: set[tuple[int, str]] = set()
    for node in cluster.nodes:
        number = 0
        for log in node.log.value if isinstance(node.log, Seen) else ():
            files = logs.get(log, LOCAL)
            text = None if (id(files), log.path) in done else tail_of(Path(log.path), since, files)
            done.add((id(files), log.path))
            if text is not None:
                number += 1
                name = "log-tail.txt" if number == 1 else f"log-tail-{number}.txt"
                yield BundleText(f"nodes/{folders[node.name]}/{name}", text, log.path)
