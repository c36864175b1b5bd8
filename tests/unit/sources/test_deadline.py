"""Deadlines, and work that is left behind when they are over."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from symphony_doctor.sources.deadline import Deadline, in_thread, leave_threads_behind


def test_what_is_left_is_never_negative() -> None:
    assert Deadline.after(-5).remaining == 0
    assert 59 < Deadline.after(60).remaining <= 60


def test_work_and_its_errors_come_back() -> None:
    def fail() -> None:
        raise LookupError("x")

    assert asyncio.run(in_thread(lambda: 7, Deadline.after(20))) == 7
    with pytest.raises(LookupError):
        asyncio.run(in_thread(fail, Deadline.after(20)))


def test_work_that_never_ends_is_left_behind() -> None:
    """The deadline holds, and neither the loop nor the process waits for the thread."""
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(in_thread(release.wait, Deadline.after(0.05)))
    assert time.monotonic() - began < 10
    release.set()


def test_name_resolution_is_left_behind() -> None:
    release = threading.Event()

    async def main() -> int:
        leave_threads_behind()
        loop = asyncio.get_running_loop()
        with pytest.raises(LookupError):
            await loop.run_in_executor(None, fail)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.run_in_executor(None, release.wait), 0.05)
        return await loop.run_in_executor(None, lambda: 7)

    def fail() -> None:
        raise LookupError("x")

    began = time.monotonic()
    assert asyncio.run(main()) == 7
    assert time.monotonic() - began < 10
    release.set()
