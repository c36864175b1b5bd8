"""Secrets of every kind to plant where the doctor reads, and the search for them in whatever it writes."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.nkey import Kind, create_seed

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_PIECE = 20
"""Characters of a long secret that give it away."""


class Canaries:
    """Secrets that were planted, by the place they were planted in. Each is new, so where it turns up tells whence."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def _plant(self, where: str, kind: str, secret: str) -> str:
        self.planted[f"{kind} in {where}"] = secret
        return secret

    def seed(self, where: str, kind: Kind = Kind.OPERATOR) -> str:
        """A seed with its checksum."""
        return self._plant(where, f"{kind.name.lower()} seed", create_seed(kind))

    def password(self, where: str) -> str:
        """A password of a person: letters, digits and signs."""
        return self._plant(where, "password", f"C4nary!{secrets.token_urlsafe(6)}")

    def random(self, where: str) -> str:
        """An API key: high entropy."""
        return self._plant(where, "key", secrets.token_urlsafe(32))

    def hexadecimal(self, where: str) -> str:
        """A salt."""
        return self._plant(where, "salt", secrets.token_hex(24))

    def bcrypt(self, where: str) -> str:
        """A password's hash as nats-server takes it."""
        alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return self._plant(where, "bcrypt", "$2a$11$" + "".join(secrets.choice(alphabet) for _ in range(53)))

    def pem(self, where: str) -> str:
        """A private key in PEM, in several lines; planted is its body."""
        body = base64.b64encode(secrets.token_bytes(48)).decode()
        self._plant(where, "private key", body)
        return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"

    def user_jwt(self, where: str) -> str:
        """A user's JWT, which with its seed is a login; planted is what only it has: claims and signature."""
        account, user = create_seed(Kind.ACCOUNT), create_seed(Kind.USER)
        claims = jwt_make.user_claims(nkey.public_of_seed(user), "canary")
        text = jwt_make.encode(claims, account, issued_at=1_790_000_000)
        self._plant(where, "user JWT", text.split(".")[2])
        return text

    def all_of(self, where: str) -> str:
        """One of each kind in one line, as a careless program would log it."""
        header = self.random(f"{where}, header")
        return (
            f"seed {self.seed(where)} url https://u:{self.password(where)}@h/ token=Bearer {self.random(where)} "
            f"hash {self.bcrypt(where)} jwt {self.user_jwt(where)} Authorization: Bearer {header}"
        )

    def found_in(self, name: str, content: bytes) -> list[str]:
        """Return which canaries stand in a document: as it is, or in base64, or URL-encoded, whole or in pieces."""
        haystack = b"\n".join(_forms(content))
        return [
            f"{where}, in {name}"
            for where, secret in self.planted.items()
            if any(piece in haystack for piece in _pieces(secret.encode()))
        ]

    def found_below(self, *places: Path) -> list[str]:
        """Search every file below some places, archives unpacked."""
        found = []
        for place in places:
            for path in [place] if place.is_file() else sorted(place.rglob("*")):
                if not path.is_file():
                    continue
                found += self.found_in(path.name, path.read_bytes())
                if path.name.endswith(".tar.gz"):
                    with tarfile.open(path) as packed:
                        for member in packed:
                            content = packed.extractfile(member)
                            assert content is not None
                            found += self.found_in(f"{path.name}/{member.name}", content.read())
        return found


def _pieces(secret: bytes) -> Iterator[bytes]:
    yield secret
    if len(secret) >= 2 * _PIECE:
        yield secret[:_PIECE]
        yield secret[-_PIECE:]


def _forms(content: bytes) -> Iterator[bytes]:
    yield content
    yield unquote_to_bytes(content)
    for match in _RUN.finditer(content):
        run = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        # where in the run the encoding begins is not known: four places are all there are
        for start in range(4):
            part = run[start : start + (len(run) - start) // 4 * 4]
            try:
                yield base64.b64decode(part)
            except binascii.Error:
                continue
