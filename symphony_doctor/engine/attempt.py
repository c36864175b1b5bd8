"""Runs code that others wrote: it may raise anything, print anything, or never return."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar

T = TypeVar("T")

_LONGEST = 300
"""Characters of an error's own words that are passed on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a function gave no value, in a sentence. ``error`` is ``None`` where it did not return."""

    text: str
    error: BaseException | None = None


def attempt(function: Callable[[], T], seconds: float) -> T | Failure:
    """Return what ``function`` returns, or a ``Failure`` where it raises or takes longer than ``seconds``.

    It runs in a thread of its own, which is left behind where it does not return: Python cannot end a
    thread. As a daemon it does not keep the process from ending. What it prints goes to standard error,
    as standard output holds the report alone.
    """
    answers: queue.SimpleQueue[T | Failure] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(function())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the one who waits must hear of it
            answers.put(Failure(describe(error), error))

    with redirect_stdout(sys.stderr):
        threading.Thread(target=work, name="rules", daemon=True).start()
        try:
            return answers.get(timeout=seconds)
        except queue.Empty:
            return Failure(f"did not return within {seconds:g} s")


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
