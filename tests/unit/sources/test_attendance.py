from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources.attendance import INTERRUPTED, NOBODY, Attendance
from symphony_doctor.sources.collect import collect
from symphony_doctor.sources.counted_files import counted
from symphony_doctor.sources.file_system import LOCAL
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.observation import Address, NodeFiles, Observation, ServerAnswers
from symphony_doctor.sources.request import Request


class Listener:
    """Writes down what it is told, and sets ``stop`` at something that begins."""

    def __init__(self, stop_at: str = "", stop: asyncio.Event | None = None) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.files: dict[str, int] = {}
        self._stop_at = stop_at
        self._stop = stop

    def begins(self, who: str, what: str, seconds: float = 0.0) -> None:  # noqa: ARG002 - the protocol's
        self.told.append(("begins", who, what))
        if self._stop is not None and what == self._stop_at:
            self._stop.set()

    def counts(self, who: str, files: int) -> None:
        self.files[who] = files

    def ends(self, who: str, what: str) -> None:
        self.told.append(("ends", who, what))


async def forever(cancelled: list[str]) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.append("cancelled")
        raise
    return "never"


async def value(text: str) -> str:
    return text


def test_work_is_told_of_and_its_result_is_returned() -> None:
    for stop in (None, asyncio.Event()):
        listener = Listener()
        done = asyncio.run(
            Attendance(listener, stop).do("node1", "reading", 1.0, partial(value, "there"), lambda missing: missing.why)
        )

        assert done == "there"
        assert listener.told == [("begins", "node1", "reading"), ("ends", "node1", "reading")]


def test_an_interrupt_ends_work_and_gives_what_stands_instead() -> None:
    cancelled: list[str] = []

    async def interrupted() -> str:
        stop = asyncio.Event()
        attendance = Attendance(Listener("reading", stop), stop)
        return await attendance.do(
            "node1", "reading", 1.0, partial(forever, cancelled), lambda missing: str(missing.state)
        )

    assert asyncio.run(interrupted()) == "interrupted"
    assert cancelled == ["cancelled"]


def test_after_an_interrupt_nothing_is_begun() -> None:
    async def interrupted() -> tuple[Missing | str, list[tuple[str, str, str]]]:
        stop, listener = asyncio.Event(), Listener()
        stop.set()
        return await Attendance(listener, stop).do(
            "node1", "x", 1.0, partial(value, ""), lambda missing: missing
        ), listener.told

    assert asyncio.run(interrupted()) == (INTERRUPTED, [])


@pytest.mark.parametrize("stoppable", ["no", "yes"])
def test_an_error_of_the_work_is_raised(stoppable: str) -> None:
    async def fails() -> str:
        raise ValueError("as it is")

    attendance = Attendance(stop=asyncio.Event() if stoppable == "yes" else None)
    with pytest.raises(ValueError, match="as it is"):
        asyncio.run(attendance.do("node1", "x", 1.0, fails, lambda _: ""))


def test_a_pause_ends_with_the_interrupt() -> None:
    async def paused() -> tuple[bool, bool]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        return await Attendance(stop=stop).pause(3600), await Attendance(stop=asyncio.Event()).pause(0.001)

    assert asyncio.run(paused()) == (True, False)


def gathered(request: Request) -> list[Observation]:
    return asyncio.run(collect(request, lambda text: text))


def directories(tmp_path: Path) -> tuple[NodeDirectory, ...]:
    for name in ("node1", "node2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nats.config").write_text(f"server_name: {name}\nport: 1\n")
    return tuple(NodeDirectory(tmp_path / name) for name in ("node1", "node2"))


def test_files_that_were_read_are_kept_and_servers_are_interrupted(tmp_path: Path) -> None:
    stop = asyncio.Event()
    attendance = Attendance(Listener("connecting", stop), stop)
    seen = gathered(Request(directories=directories(tmp_path), seconds=60.0, attendance=attendance))

    files = [each for each in seen if isinstance(each, NodeFiles)]
    servers = [each for each in seen if isinstance(each, ServerAnswers)]
    assert [each.nats_config.get().server_name.value for each in files] == ["node1", "node2"]  # type: ignore[union-attr]
    assert [each.greeting for each in servers] == [INTERRUPTED]


def test_all_is_interrupted_where_the_first_file_was_not_there_yet(tmp_path: Path) -> None:
    stop = asyncio.Event()
    attendance = Attendance(Listener("reading files", stop), stop)
    seen = gathered(Request(directories=directories(tmp_path), network=True, attendance=attendance))

    files = [each for each in seen if isinstance(each, NodeFiles)]
    assert {each.nats_config for each in files if isinstance(each.nats_config, Missing)} == {INTERRUPTED}
    assert {each.log for each in files} == {INTERRUPTED}


def test_progress_names_the_directory_that_an_address_is_of(tmp_path: Path) -> None:
    listener = Listener()
    node = directories(tmp_path)[0]
    request = Request(
        directories=(node,), servers=(Address("127.0.0.1", 2),), seconds=5.0, attendance=Attendance(listener)
    )
    gathered(request)

    begun = {(who, what) for kind, who, what in listener.told if kind == "begins"}
    assert {(node.place, "reading files"), (node.place, "connecting"), ("127.0.0.1:2", "connecting")} <= begun
    ended = {(who, what) for kind, who, what in listener.told if kind == "ends"}
    assert ended == begun


def test_files_are_counted_for_those_who_listen_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    listener = Listener()
    files = counted(LOCAL, "node1", listener)
    for _ in range(120):
        assert files.read_file(tmp_path / "file", 10) == LOCAL.read_file(tmp_path / "file", 10)

    assert listener.files == {"node1": 100}
    assert counted(LOCAL, "node1", NOBODY) is LOCAL
    assert files.kind(tmp_path) == "directory"
    assert files.exists(tmp_path / "file")
    assert files.list_directory(tmp_path, 10) == LOCAL.list_directory(tmp_path, 10)
    assert files.resolve(tmp_path) == LOCAL.resolve(tmp_path)


def test_interrupted_is_lack_of_evidence() -> None:
    assert not INTERRUPTED.is_absence
    assert INTERRUPTED.state is State.INTERRUPTED


def test_work_that_was_cancelled_before_it_began_was_never_made() -> None:
    made: list[str] = []

    async def cancelled() -> None:
        work = asyncio.create_task(Attendance().do("node1", "x", 1.0, lambda: forever(made), lambda _: ""))
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    # a coroutine that nobody awaits would be a warning, which the tests take for an error
    asyncio.run(cancelled())
    assert made == []
