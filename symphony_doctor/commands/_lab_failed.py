"""What `lab` and `demo` end with where the lab fails."""

from __future__ import annotations

from symphony_doctor.errors import DoctorError


class LabFailed(DoctorError):  # noqa: N818 - named by what it is
    """The lab could not do what was asked; the message says why."""

    exit_code = 2
