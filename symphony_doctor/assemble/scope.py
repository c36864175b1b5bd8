"""What a run was asked to look at, and with it the reasons of what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.evidence import Missing, State


@dataclass(frozen=True, slots=True)
class Scope:
    """What the run was asked to look at, for the reasons of what is missing."""

    network: bool = True
    credentials: bool = True
    files: bool = True

    @property
    def no_files(self) -> Missing:
        """Say why a node has no files."""
        return Missing(State.NOT_ASKED, "no --node directory")

    @property
    def no_log(self) -> Missing:
        """Say why a node has no log."""
        return Missing(State.NOT_ASKED, "no log: give it with --node or --log")

    @property
    def no_ui(self) -> Missing:
        """Say why a node's UI port was not asked."""
        if not self.network:
            return Missing(State.NOT_ASKED, "no network (--offline)")
        return Missing(State.NOT_ASKED, "its UI port is not known (no --node directory)")

    @property
    def no_service(self) -> Missing:
        """Say why the cluster information service was not asked."""
        if not self.network:
            return Missing(State.NOT_ASKED, "no network (--offline)")
        return Missing(State.NOT_ASKED, "no credentials of an account that may ask it (a second --creds)")

    @property
    def no_greeting(self) -> Missing:
        """Say why no connection to a node was tried."""
        if not self.network:
            return Missing(State.NOT_ASKED, "no network (--offline)")
        return Missing(State.NOT_ASKED, "its client address is not known")

    @property
    def no_answers(self) -> Missing:
        """Say why a server was not asked."""
        if not self.network:
            return Missing(State.NOT_ASKED, "no network (--offline)")
        if not self.credentials:
            return Missing(State.NOT_ASKED, "no system-account credentials (--creds, --context)")
        return Missing(State.UNREACHABLE, "its server did not answer")
