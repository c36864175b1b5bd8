"""From the bytes of a log, oldest first, to its digest: one pass, a few numbers for each complaint.

What a complaint is worth is whether it still goes on. So its counters begin anew with each start of the
server, with each quorum reached (those about quorum and buckets), with routes that were made again (those
about routes), and after a silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from symphony_doctor.formats.log_lines import MAX_LINE, Clock, Line, last_time, read_line, service_of
from symphony_doctor.formats.log_messages import Said, Statement, finder, read_message, route_marks
from symphony_doctor.model.log import Log, LogEvent, LogKind

SILENCE: Final = 300.0
"""Seconds without a line after which a complaint that comes again is a new one."""

MAX_TEXT: Final = 300
"""Characters of a line that is shown."""

_MOST_MASKED: Final = 16 * 1024
_MOST_EVENTS: Final = 64
_MOST_ROUTES: Final = 256
_MOST_SERVICES: Final = 32
_POOL: Final = 2
"""Routes that make a pool."""
_SETTLED: Final = 5.0
"""Seconds after which a route stands: one that is refused is closed at once."""
_START: Final = 512
_END: Final = 8 * 1024
_END_LINES: Final = 50
_LOOKS_BACK: Final = 2000

_COMPLAINTS: Final = {
    Said.QUORUM_WAIT: LogKind.QUORUM,
    Said.NO_JETSTREAM: LogKind.ACCOUNT,
    Said.BUCKET_FAILED: LogKind.BUCKET,
    Said.ROUTE_ERROR: LogKind.ROUTE,
}
_ENDED_BY_QUORUM: Final = frozenset({LogKind.QUORUM, LogKind.BUCKET})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(slots=True)
class _Event:
    count: int = 0
    total: int = 0
    first_at: float | None = None
    last_at: float | None = None
    text: str = ""
    where: str = ""
    order: int = 0


@dataclass(slots=True)
class _Service:
    """What was read of one service so far."""

    server_name: str = ""
    host: str = ""
    started_at: float | None = None
    quorum_at: float | None = None
    quorum_lost_at: float | None = None
    stopped: bool = False
    events: dict[tuple[LogKind, str, str], _Event] = field(default_factory=dict)
    routes: dict[str, tuple[int, bytes]] = field(default_factory=dict)


class LogDigest:
    """Reads one log, which may be several files, and keeps what ``result`` tells.

    ``mask`` takes the secrets out of a text. ``mixed`` says that lines can be of several services, each named
    before its lines. Memory is bounded whatever the log holds.
    """

    def __init__(self, path: str, mask: Callable[[str], str], *, mixed: bool = True) -> None:
        self._path = path
        self._mask = mask
        self._mixed = mixed
        self._services: dict[str, _Service] = {}
        self._first_at: float | None = None
        self._at: float | None = None
        self._order = 0
        self._looks_back = 0
        self._file = ""
        self._clock = Clock()
        self._line = 0
        self._offset = 0
        self._carry = b""
        self._skipping = False
        self._from_start = True

    def begin(self, file: str, offset: int, clock: Clock) -> None:
        """Go on with the next file, read from ``offset`` on; a part of a line at its beginning is left out."""
        self.end()
        self._file, self._clock, self._offset = file, clock, offset
        self._line, self._from_start = 1, offset == 0
        self._skipping = offset > 0

    def feed(self, block: bytes) -> None:
        """Read the next bytes."""
        if self._skipping:
            end = block.find(b"\n") + 1
            self._advance(block[:end] if end else block)
            if not end:
                return
            self._skipping, block = False, block[end:]
        data = self._carry + block
        cut = data.rfind(b"\n") + 1
        self._carry = data[cut:]
        self._read(data[:cut])
        if len(self._carry) > MAX_LINE:
            long, self._carry, self._skipping = self._carry, b"", True
            self._read(long)

    def end(self) -> None:
        """Read the last line of a file, which may have no end."""
        if self._carry:
            rest, self._carry = self._carry, b""
            self._read(rest)

    def result(self, *, truncated: bool) -> tuple[Log, ...]:
        """Return the digest of each service in the log: of just one, unless several were mixed."""
        self.end()
        return tuple(self._log(name, service, truncated=truncated) for name, service in self._services.items())

    def _advance(self, data: bytes) -> None:
        self._line += data.count(b"\n")
        self._offset += len(data)

    def _read(self, data: bytes) -> None:
        if not data:
            return
        self._notice_services(data)
        at = counted = 0
        line = self._line
        find = finder(data)
        marks = route_marks(data)
        mark = next(marks, None)
        while find is not None and (hit := find.search(data, at)) is not None:
            while mark is not None and mark[0] < hit.start():
                self._mark_route(data, *mark)
                mark = next(marks, None)
            begin = data.rfind(b"\n", 0, hit.start()) + 1
            end = data.find(b"\n", hit.end())
            end = len(data) if end < 0 else end
            line += data.count(b"\n", counted, begin)
            counted = begin
            where = f"{self._file}:{line}" if self._from_start else f"{self._file}, byte {self._offset + begin}"
            self._hit(data, begin, data[begin:end], where)
            at = end
        while mark is not None:
            self._mark_route(data, *mark)
            mark = next(marks, None)
        self._at = last_time(data, self._clock) or self._at
        self._advance(data)

    def _notice_services(self, data: bytes) -> None:
        """Read a few lines of the beginning: who writes here, and since when."""
        if self._first_at is not None and self._services:
            return
        for line in data[:_END].splitlines()[:_END_LINES]:
            read = read_line(line, self._clock)
            if self._first_at is None:
                self._first_at = read.at
            self._service(read)

    def _service(self, line: Line) -> _Service:
        name = line.service if self._mixed else ""
        service = self._services.get(name)
        if service is None:
            if len(self._services) >= _MOST_SERVICES:
                return _Service()
            service = self._services[name] = _Service()
        service.host = line.host or service.host
        return service

    def _hit(self, data: bytes, begin: int, raw: bytes, where: str) -> None:
        line = read_line(raw, self._clock)
        statement = read_message(line.message)
        if statement is None:
            return
        self._order += 1
        at = line.at
        if at is None and self._looks_back < _LOOKS_BACK:
            self._looks_back += 1
            at = last_time(data[max(0, begin - _END) : begin], self._clock)
        self._at = at = at if at is not None else self._at
        service = self._service(line)
        kind = _COMPLAINTS.get(statement.said)
        if kind is None:
            self._mark(service, statement, at)
        else:
            self._complain(service, (kind, statement.about, statement.peer), at, line.message, where)

    def _mark(self, service: _Service, statement: Statement, at: float | None) -> None:
        match statement.said:
            case Said.STARTED:
                service.events = {key: _Event(total=event.total) for key, event in service.events.items()}
                service.routes.clear()
                service.started_at, service.quorum_at, service.quorum_lost_at = at, None, None
                service.stopped = False
            case Said.NAMED:
                service.server_name = statement.about
            case Said.STOPPED:
                service.stopped = True
            case Said.QUORUM:
                service.quorum_at, service.quorum_lost_at, service.stopped = at, None, False
                for key, event in service.events.items():
                    if key[0] in _ENDED_BY_QUORUM:
                        event.count, event.first_at = 0, None
            case Said.LEADERLESS:
                service.quorum_lost_at = at

    def _mark_route(self, data: bytes, at: int, statement: Statement) -> None:
        line = data[data.rfind(b"\n", 0, at) + 1 : at]
        service = self._service(Line(service_of(line) if self._mixed else "", "", None, ""))
        self._order += 1
        if statement.said is Said.ROUTE_CLOSED:
            service.routes.pop(statement.about, None)
            return
        if len(service.routes) >= _MOST_ROUTES:
            service.routes.pop(next(iter(service.routes)))
        service.routes[statement.about] = self._order, line[:_START]
        service.stopped = False

    def _complain(
        self, service: _Service, key: tuple[LogKind, str, str], at: float | None, text: str, where: str
    ) -> None:
        if key not in service.events and sum(each[0] is key[0] for each in service.events) >= _MOST_EVENTS:
            key = (key[0], "", "")
        event = service.events.setdefault(key, _Event())
        quiet = at is not None and event.last_at is not None and at - event.last_at > SILENCE
        if quiet or (key[0] is LogKind.ROUTE and self._stood(service, event, at) >= _POOL):
            event.count = 0
        # mixed sources are not quite in the order of their times
        if event.count == 0:
            event.first_at, event.last_at = at, at
        elif at is not None:
            event.first_at = at if event.first_at is None else min(event.first_at, at)
            event.last_at = at if event.last_at is None else max(event.last_at, at)
        event.count += 1
        event.total += 1
        event.text, event.where, event.order = text, where, self._order

    def _stood(self, service: _Service, event: _Event, at: float | None) -> int:
        """Count the routes that were made after a complaint and have stood for a while: not those in flight."""
        if at is None:
            return 0
        made = [read_line(line, self._clock).at for order, line in service.routes.values() if order > event.order]
        return sum(each is not None and at - each >= _SETTLED for each in made)

    def _log(self, name: str, service: _Service, *, truncated: bool) -> Log:
        return Log(
            path=self._path,
            service=name,
            server_name=self._shown(service.server_name),
            host=self._shown(service.host),
            first_at=self._first_at,
            last_at=self._at,
            started_at=service.started_at,
            quorum_at=service.quorum_at,
            quorum_lost_at=service.quorum_lost_at,
            stopped=service.stopped,
            truncated=truncated,
            events=tuple(
                LogEvent(
                    kind=key[0],
                    about=self._shown(key[1]),
                    peer=self._shown(key[2]),
                    count=event.count,
                    total=event.total,
                    first_at=event.first_at,
                    last_at=event.last_at,
                    text=self._shown(event.text),
                    where=event.where,
                    routes_since=_made_since(service, event),
                )
                for key, event in sorted(service.events.items())
                if event.text
            ),
        )

    def _shown(self, text: str) -> str:
        """Take secrets out before the text is cut: half a secret would not be known for one."""
        if len(text) > _MOST_MASKED:
            text = text[:_MOST_MASKED].rpartition(" ")[0]
        masked = _CONTROL.sub(" ", self._mask(text)).strip()
        return masked if len(masked) <= MAX_TEXT else f"{masked[: MAX_TEXT - 1]}…"


def _made_since(service: _Service, event: _Event) -> int:
    return sum(order > event.order for order, _ in service.routes.values())
