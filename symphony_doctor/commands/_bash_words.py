"""The words of a command line as bash hands them to a completion: it splits them at equals signs too."""

from __future__ import annotations

from click.shell_completion import BashComplete, add_completion_class


class _Bash(BashComplete):
    """Takes ``n1 = ./node1`` for the one word that it was, where it stands before what is completed."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, typed = super().get_completion_args()
        joined: list[str] = []
        for word in words:
            if joined and (word == "=" or joined[-1].endswith("=")):
                joined[-1] += word
            else:
                joined.append(word)
        if joined and joined[-1].endswith("="):
            # what is completed is the rest of this word
            return words, typed
        return joined, typed


def register() -> None:
    """Let click ask this class for bash."""
    add_completion_class(_Bash)
