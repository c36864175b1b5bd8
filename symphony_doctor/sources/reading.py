"""What every answer of a server is read with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from symphony_doctor.model.identity import Flaw, Token
from symphony_doctor.sources.attendance import Attendance

Record: TypeAlias = Callable[[str, str, bytes], None]
"""Is given each answer as it came: the server's id, the endpoint, the bytes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``token`` decodes JWTs, ``fingerprint`` takes a secret's place, ``record`` is given every answer as it came.

    ``attendance`` is told what is waited for.
    """

    token: Callable[[str], Token | Flaw]
    fingerprint: Callable[[str], str]
    record: Record | None = None
    attendance: Attendance = field(default_factory=Attendance)
