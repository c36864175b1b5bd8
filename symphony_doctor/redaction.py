"""The two guards at every exit: secrets are masked by what they are, and what was read is searched for.

`Secrets` lives as long as one run. It knows every secret that was read, by a fingerprint that means nothing
without the run's key; `redact` masks, `leaks` is the proof afterwards that nothing got past it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from symphony_doctor.formats import secret_values
from symphony_doctor.formats.secret_values import SecretKind
from symphony_doctor.leaks import Leak, Needle, is_ordinary, needles, search

__all__ = ["Leak", "Secrets", "printable"]

_KEY_LENGTH: Final = 16
_DIGEST_LENGTH: Final = 4
_PASSES: Final = 4

# Escape sequences of terminals as wholes: CSI, OSC and the like up to their end, two-character ones.
_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
# Other controls, and what reorders or hides text (bidirectional, zero width), except tab and line feed.
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Make a text from elsewhere safe for a terminal: escape sequences go, controls become visible.

    Tab and line feed stay; a carriage return before a line feed goes; lone surrogates become writable.
    """
    if text.isprintable():  # nearly all are, and this is a hundredth of the search
        return text
    return _CONTROL.sub(_visible, _SEQUENCE.sub("", text.replace("\r\n", "\n")))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004


class Secrets:
    """The secrets of one run.

    `key` is at least 16 random bytes, made anew for each run: with it gone nobody can test a guess at a short
    password against a fingerprint. Fingerprints are equal for equal secrets within the run, so that nodes can
    be compared, and only there.
    """

    __slots__ = ("_fingerprints", "_key", "_needles")

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_LENGTH:
            raise ValueError(f"the key of a run has at least {_KEY_LENGTH} bytes")
        self._key = key[: hashlib.blake2b.MAX_KEY_SIZE]
        self._fingerprints: dict[str, str] = {}
        self._needles: dict[bytes, Needle] = {}

    def __repr__(self) -> str:
        return f"<Secrets: {len(self._fingerprints)}>"

    def __reduce__(self) -> str:
        raise TypeError("the secrets of a run stay in its process")

    def fingerprint(self, secret: str) -> str:
        """Register a secret, and give what is displayed in its place: `secret:3f9a12c4`."""
        if not secret:
            # That a password is empty is no secret, and worth knowing.
            return "secret:empty"
        known = self._fingerprints.get(secret)
        if known is None:
            raw = secret.encode("utf-8", "surrogatepass")
            digest = hashlib.blake2b(raw, key=self._key, digest_size=_DIGEST_LENGTH).hexdigest()
            known = self._fingerprints[secret] = f"secret:{digest}"
            for needle in needles(secret, known):
                self._needles.setdefault(needle.pattern, needle)
        return known

    def redact(self, text: str) -> str:
        """Mask every secret in a text by its fingerprint; public keys, operator and account JWTs stay.

        Masks what `secret_values.find` knows by itself, and what was registered, where that is no ordinary
        word. Text that was redacted comes back unchanged.
        """
        masked = text
        # A mask can bring forth another assignment in text such as `password:token==`.
        for _ in range(_PASSES):
            before, masked = masked, secret_values.mask(masked, self.fingerprint)
            if masked == before:
                break
        for secret, fingerprint in self._fingerprints.items():
            if secret in masked and not is_ordinary(secret):
                masked = masked.replace(secret, fingerprint)
        return masked

    def kind_of(self, fingerprint: str) -> SecretKind | None:
        """Return the kind of the secret that a fingerprint stands for; ``None`` where it is of another run."""
        return next((each.kind for each in self._needles.values() if each.fingerprint == fingerprint), None)

    def leaks(self, document: bytes | str) -> tuple[Leak, ...]:
        """Search a document for every secret registered so far; () is the proof that it can be written.

        Also base64 at any offset, base64url, URL encoding, hexadecimal, JSON, HTML and XML escapes, and long
        pieces of a secret. A secret that could be an ordinary word, as most short ones could, is looked for
        only where a password would stand: see `leaks.is_ordinary`.
        """
        raw = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
        return search(raw, tuple(self._needles.values()))
