"""Why something is not known is said once, whatever did not tell."""

from __future__ import annotations

from symphony_doctor.assemble.lacking import better_reason
from symphony_doctor.model.evidence import Missing, Seen, State

OFFLINE = Missing(State.NOT_ASKED, "no network (--offline)")
NO_FILES = Missing(State.NOT_ASKED, "no directory of it was given")
TIMED_OUT = Missing(State.TIMED_OUT, "no answer within 5 s")


def test_the_same_reason_of_both_is_said_once() -> None:
    assert better_reason(OFFLINE, OFFLINE) == OFFLINE


def test_two_reasons_are_both_said() -> None:
    assert better_reason(OFFLINE, NO_FILES).why == "no directory of it was given, and no network (--offline)"


def test_what_failed_goes_before_what_was_not_asked_for() -> None:
    assert better_reason(TIMED_OUT, NO_FILES) == TIMED_OUT
    assert better_reason(Seen(1, "VARZ"), NO_FILES) == NO_FILES
