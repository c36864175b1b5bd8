"""What the lab says when it cannot do what was asked."""

from __future__ import annotations

from symphony_doctor.errors import DoctorError


class LabError(DoctorError):
    """The lab could not be built, changed or stopped; the text says why."""


class PortClashError(LabError):
    """A port that was free a moment ago is taken: worth another try with others."""
