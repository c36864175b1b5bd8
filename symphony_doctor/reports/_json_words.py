"""Texts and severities as the JSON report writes them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from symphony_doctor.model.finding import Severity

SeverityV1: TypeAlias = Literal["critical", "error", "warning", "info"]

SEVERITIES: Final[dict[Severity, SeverityV1]] = {
    Severity.CRITICAL: "critical",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}


def writable(text: str) -> str:
    """Return a text that any JSON reader takes: a lone surrogate, as of a file's name, becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def writable_all(texts: tuple[str, ...]) -> list[str]:
    """Return each text as any JSON reader takes it."""
    return [writable(text) for text in texts]


def writable_or_none(text: str | None) -> str | None:
    """Return a text as any JSON reader takes it, if there is one."""
    return None if text is None else writable(text)
