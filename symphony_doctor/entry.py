"""The first module of the program: an interrupt is answered in a line from here on, also while the rest is imported."""

import os
import signal
from types import FrameType

INTERRUPTED = 130
SAID = b"symphony-doctor: interrupted\n"


def main() -> None:
    """Import the command line and run it."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        # an exception would do for most moments, but not in the middle of Python's own machinery of imports
        signal.signal(signal.SIGINT, _end)
    try:
        from symphony_doctor.commands._main import main as run  # noqa: PLC0415 - that is what takes its time
    finally:
        signal.signal(signal.SIGINT, usual)
    try:
        run()
    except KeyboardInterrupt:
        # once more, while the first one was answered
        os._exit(INTERRUPTED)
    finally:
        # what is left takes no time, and a traceback of it would help nobody
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    # nothing was begun yet: there is nothing to put away
    os.write(2, SAID)
    os._exit(INTERRUPTED)
