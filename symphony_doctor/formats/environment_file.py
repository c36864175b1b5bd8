"""Files of variables: .env and env_file of Compose, EnvironmentFile of systemd."""

from __future__ import annotations

import io


def variables_of(text: str) -> dict[str, str]:
    """Return the variables that a text sets; lines that set none are passed over, and ``${NAME}`` stays as it is."""
    from dotenv import dotenv_values  # noqa: PLC0415 - only where there is such a file: start-up time

    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}
