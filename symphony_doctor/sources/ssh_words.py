"""What ssh said, in one line: what is wrong, and what to do."""

from __future__ import annotations

from typing import Final

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources.ssh_host import SshHost

_MOST: Final = 200
_REMOVAL: Final = "ssh-keygen -R"


def failed(host: SshHost, where: str, said: bytes, status: int | None) -> Missing:
    """Say why there is no connection, or no longer; ``status`` is that of ssh, ``None`` where it has not ended."""
    text = said.decode("utf-8", "replace")
    state, what = _reason(text, host, status)
    words = neutral(text)
    return Missing(state, f"{where}: {what}" + (f" (it said: {words})" if words else ""), where)


def neutral(text: str) -> str:
    """Return the last words of another program in one bounded line, without control characters."""
    lines = [" ".join(_printable(line).split()) for line in text.splitlines()]
    # ssh frames what matters most in a box of at signs
    last = [line for line in lines if line and not line.startswith("@")][-2:]
    joined = "; ".join(last)
    return joined if len(joined) <= _MOST else f"{joined[: _MOST - 3]}..."


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _reason(text: str, host: SshHost, status: int | None) -> tuple[State, str]:
    lower, command = text.lower(), host.command
    if "identification has changed" in lower or "differs from the key for the ip" in lower:
        name = f"[{host.host}]:{host.port}" if host.port else host.host
        what = "its host key is not the one in known_hosts: another machine answers there, or it was installed anew"
        then = f"find out which, and only then run `{_REMOVAL} '{name}'` and connect once with `{command}`"
        return State.UNREACHABLE, f"{what}; {then}"
    if "host key verification failed" in lower or "host key is known" in lower:
        return (
            State.UNREACHABLE,
            f"its host key is not known here yet: connect once with `{command}` and compare the key",
        )
    if "permission denied (" in lower or "too many authentication failures" in lower:
        then = f"make `{command} true` work without a question, by an agent or by IdentityFile in ~/.ssh/config"
        return State.UNREACHABLE, f"it accepts no key of yours for that user: {then}"
    if "could not resolve hostname" in lower:
        return State.UNREACHABLE, "its name does not resolve: correct it, or name it in ~/.ssh/config"
    if "connection refused" in lower:
        return State.UNREACHABLE, "nothing listens on its SSH port: start sshd, or give the port in the URL"
    if "timed out" in lower:
        return State.TIMED_OUT, f"it does not answer: try `{command} true`"
    if "sudo:" in lower or "sudoers" in lower or (host.sudo and status in {1, 126, 127}):
        return (
            State.UNREACHABLE,
            "sudo does not let the doctor read there without a password: allow NOPASSWD for sh, or leave out --sudo",
        )
    if status in {126, 127}:
        return State.UNREACHABLE, "there is no POSIX shell for that user on it: it needs sh, tar and find"
    ended = "" if status is None else f", ssh ended with status {status}"
    return State.UNREACHABLE, f"the connection broke off{ended}: try `{command} true`"
