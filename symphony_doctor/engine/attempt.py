"""Runs code that others wrote: it may raise anything, print anything, or never return."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import PurePath
from typing import Generic, TypeVar

T = TypeVar("T")

_LONGEST = 300
"""Characters of an error's own words that are passed on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a function gave no value, in a sentence. ``error`` is ``None`` where it did not return."""

    text: str
    error: BaseException | None = None


def attempt_each(functions: Iterable[Callable[[], T]], seconds: float) -> tuple[T | Failure, ...]:
    """Return what each function returns, or a ``Failure`` where it raises or takes longer than ``seconds``.

    They run one after the other in one thread, as a thread for each would cost more than most of them. One
    that does not return is left behind with its thread, which Python cannot end, and the rest goes on in
    another. As daemons they do not keep the process from ending. What is printed goes to standard error, as
    standard output holds the report alone.
    """
    left = deque(functions)
    answers: list[T | Failure] = []
    with redirect_stdout(sys.stderr):
        while left:
            batch = _Batch(tuple(left))
            while left:
                answer = batch.next(seconds)
                left.popleft()
                if answer is None:
                    answers.append(Failure(f"did not return within {seconds:g} s"))
                    break
                answers.append(answer[0])
    return tuple(answers)


class _Batch(Generic[T]):
    """Functions that run in one thread until one of them is given up."""

    def __init__(self, functions: tuple[Callable[[], T], ...]) -> None:
        self._functions = functions
        self._answers: queue.SimpleQueue[tuple[T | Failure]] = queue.SimpleQueue()
        self._given_up = False
        threading.Thread(target=self._work, name="rules", daemon=True).start()

    def next(self, seconds: float) -> tuple[T | Failure] | None:
        """Return the next answer; ``None`` where it does not come in time, and nothing more is run here."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            self._given_up = True
            return None

    def _work(self) -> None:
        for function in self._functions:
            if self._given_up:
                return
            try:
                self._answers.put((function(),))
            except BaseException as error:  # noqa: BLE001 - whatever it is, the one who waits must hear of it
                self._answers.put((Failure(describe(error), error),))


def describe(error: BaseException) -> str:
    """Say what was raised and where, without values of variables: they may be anything."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    place = f" in {frames[-1].name}, line {frames[-1].lineno} of {PurePath(frames[-1].filename).name}" if frames else ""
    return f"{what_was_raised(error)}{place}"


def _is_machinery(filename: str) -> bool:
    """Tell the files that run and import the code of others from that code."""
    return filename in {__file__, importlib.__file__} or filename.startswith("<frozen importlib")


def what_was_raised(error: BaseException) -> str:
    """Return type and words of an error, the words cut to what can be read."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - an error of somebody else need not even have words
        words = ""
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
