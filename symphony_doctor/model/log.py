"""A node's log, digested: what its lines say that matters to the cluster, how often, when, and when it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class LogKind(StrEnum):
    """What a complaint in a log is about; ``LogEvent.about`` names the thing.

    quorum: JetStream waits for its quorum. account: an account has no JetStream (err_code 10039), by its key
    or name. bucket: a key-value bucket was not created, by its name. route: a route is refused or not made,
    by the reason.
    """

    QUORUM = "quorum"
    ACCOUNT = "account"
    BUCKET = "bucket"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One complaint: all its lines of the last server start.

    ``count``, ``first_at`` and ``last_at`` (Unix seconds, ``None`` where the lines have no time) are of its
    last episode: the lines after quorum was reached for the last time, or after a long silence, or after the
    routes were made again. ``count`` is 0 where none came since; ``total`` counts all that were read.
    ``text`` is the last line, masked and cut, and ``where`` its place. ``routes_since`` counts the routes that
    were made after the last line and still stand.
    """

    kind: LogKind
    about: str
    peer: str
    count: int
    total: int
    first_at: float | None
    last_at: float | None
    text: str
    where: str
    routes_since: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """The digest of a log. Times are Unix seconds, ``None`` where the log does not say.

    ``first_at`` and ``last_at`` are the span that was read; ``started_at`` is the last start of the server,
    ``quorum_at`` when a quorum was last reached since, ``quorum_lost_at`` when it was lost after that.
    ``stopped`` says that the log ends with an orderly stop. ``truncated`` says that older lines were left out.
    """

    path: str
    service: str
    server_name: str
    host: str
    first_at: float | None
    last_at: float | None
    started_at: float | None
    quorum_at: float | None
    quorum_lost_at: float | None
    stopped: bool
    truncated: bool
    events: tuple[LogEvent, ...]

    def since(self, at: float) -> Log:
        """Return it without the complaints that were last heard before a time, in Unix seconds."""
        return replace(self, events=tuple(each for each in self.events if each.last_at is None or each.last_at >= at))
