"""Other names for hosts, addresses, users and accounts: the same everywhere, and told by nobody but their map.

A name is found where a field or a setting says that it is one; then it is replaced wherever it stands. Other names
are made with the bundle's key, so that bundles of one cluster that were made apart name one thing alike.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from symphony_doctor.formats.host_port import host_port
from symphony_doctor.model.configuration import Setting
from symphony_doctor.model.identity import Token
from symphony_doctor.model.raft import peer_id

T = TypeVar("T")

_HOST_FIELDS: Final = frozenset(
    {"server_name", "host", "remote_name", "cluster_host", "client_host", "leader", "given_name"}
)
_ADDRESS_FIELDS: Final = frozenset({"address", "client_url", "cluster_routes", "connect_urls", "names", "advertise"})
_HOST_SETTING: Final = re.compile(r"host|issuer|url|uri|addr|server|domain|endpoint|advertise|listen|routes|origin")
_USER_SETTING: Final = re.compile(r"user(?:name)?$|email|login$|owner$")

_KEPT: Final = frozenset(
    {
        "localhost",
        "symphony",
        "symphony-cluster",
        "sys",
        "system",
        "global",
        "default",
        "admin",
        "root",
        "user",
        "account",
        "operator",
        "server",
        "node",
        "cluster",
        "file",
        "memory",
        "true",
        "false",
        "none",
        "null",
        "limits",
        "interest",
        "workqueue",
        "old",
        "new",
        "full",
        "nats",
        "tls",
        "http",
        "https",
        "info",
        "warning",
        "error",
        "client",
        "route",
        "websocket",
        "ui",
        "leader",
        "follower",
        "json",
        "yes",
        "no",
        "on",
        "off",
        "all",
        "any",
    }
)
"""Names that tell nothing of anybody, and words that mean something where they stand."""

_WORD: Final = re.compile(r"[\w+@-]+(?:\.[\w+@-]+)*")
_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6: Final = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
# what stands after a colon or a slash is of a URL, or a masked password
_EMAIL: Final = re.compile(r"(?<![\w.+:/-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOME: Final = re.compile(r"/(?:home|Users)/([\w.-]+)")
_HOST: Final = re.compile(r"[a-z0-9_.-]*[a-z][a-z0-9_.-]*")
_PERSON: Final = b"doctor-names-v1"


class Pseudonyms:
    """The other names of one bundle. ``mapping`` is what each name became: it stays where it was made."""

    def __init__(self, key: bytes, evidence: object, *hosts: str) -> None:
        self._key = key
        self.mapping: dict[str, str] = {}
        self._spaced: list[tuple[str, str]] = []
        for host in hosts:
            self._host(host)
        for kind, name in _names(evidence):
            if kind == "host":
                self._host(name)
            else:
                self._name(name, f"{kind}-{self._digest(name)}")
        for host in [name for name, other in self.mapping.items() if other.startswith("host-")]:
            # servers know each other by a hash of their names
            self.mapping.setdefault(peer_id(host), peer_id(self.mapping[host]))
        self._folded = {name.lower(): other for name, other in self.mapping.items()}
        self._spaced = [(name, other) for name, other in self.mapping.items() if _WORD.fullmatch(name) is None]
        self._spaced.sort(key=lambda pair: -len(pair[0]))

    def text(self, text: str) -> str:
        """Return a text with every name in it replaced."""
        for name, other in self._spaced:
            if name in text:
                text = text.replace(name, other)
        text = _EMAIL.sub(self._email, text) if "@" in text else text
        text = _IPV4.sub(self._ipv4, text) if text.count(".") > 2 else text  # noqa: PLR2004 - an address has three
        text = _IPV6.sub(self._ipv6, text) if text.count(":") > 1 else text
        return _WORD.sub(self._word, text)

    def of(self, value: T) -> T:
        """Return evidence with every name in it replaced; enumerations and numbers stay."""
        return self._of(value)  # type: ignore[no-any-return] # of the same classes as it was

    def _of(self, value: Any) -> Any:  # noqa: ANN401 - whatever evidence is made of
        if type(value) is str:
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(map(self._of, value))
        if isinstance(value, frozenset):
            return frozenset(map(self._of, value))
        if is_dataclass(value) and not isinstance(value, type):
            return type(value)(**{field.name: self._of(getattr(value, field.name)) for field in fields(value)})
        return value

    def _digest(self, name: str, size: int = 4) -> str:
        return hashlib.blake2b(
            name.lower().encode("utf-8", "surrogatepass"), key=self._key, digest_size=size, person=_PERSON
        ).hexdigest()

    def _name(self, name: str, other: str) -> None:
        if len(name) > 1 and name.lower() not in _KEPT and not name.isdigit():
            self.mapping.setdefault(name, other)

    def _host(self, name: str) -> None:
        """Take in a host name: its first label alone is the same host, and its domain is a name of its own."""
        if _is_address(name) or not name.strip("."):
            return
        first, _, domain = name.strip(".").partition(".")
        other = f"host-{self._digest(first)}"
        self._name(first, other)
        if domain:
            self._name(name, f"{other}.domain-{self._digest(domain)}.invalid")
            self._name(domain, f"domain-{self._digest(domain)}.invalid")

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        whole = self._folded.get(word.lower())
        if whole is not None:
            return whole
        parts = re.split(r"([.@])", word)
        return "".join(self._parts(parts)) if len(parts) > 1 else word

    def _parts(self, parts: list[str]) -> Iterator[str]:
        """Yield the parts of a dotted word, the longest names in it replaced."""
        at = 0
        while at < len(parts):
            for end in range(len(parts), at, -1):
                other = self._folded.get("".join(parts[at:end]).lower())
                if other is not None:
                    yield other
                    at = end
                    break
            else:
                yield parts[at]
                at += 1

    def _email(self, match: re.Match[str]) -> str:
        if match[0].lower() in self._folded:
            return match[0]  # a name as a whole: replaced as such
        return self.mapping.setdefault(match[0], f"user-{self._digest(match[0])}@domain.invalid")

    def _ipv4(self, match: re.Match[str]) -> str:
        try:
            address = ipaddress.IPv4Address(match[0])
        except ValueError:
            return match[0]
        if address.is_loopback or address.is_unspecified or match[0] in self.mapping.values():
            return match[0]
        return self._address(match[0], lambda raw: str(ipaddress.IPv4Address(b"\x0a" + raw[:3])))

    def _ipv6(self, match: re.Match[str]) -> str:
        try:
            address = ipaddress.IPv6Address(match[0])
        except ValueError:
            return match[0]
        if address.is_loopback or address.is_unspecified or match[0] in self.mapping.values():
            return match[0]
        return self._address(match[0], lambda raw: str(ipaddress.IPv6Address(b"\xfd" + raw[:15])))

    def _address(self, written: str, make: Callable[[bytes], str]) -> str:
        known = self.mapping.get(written)
        taken = set(self.mapping.values())
        tried = written
        while known is None:
            candidate = make(bytes.fromhex(self._digest(tried, 16)))
            # 24 bits: two of a few thousand addresses may meet
            known = candidate if candidate not in taken else None
            tried += "+"
        return self.mapping.setdefault(written, known)


def _names(value: Any, field: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever evidence is made of
    """Yield (kind, name) of each host, user and account that the evidence names as one."""
    if isinstance(value, str):
        yield from (("user", found) for found in _HOME.findall(value))
        if field in _HOST_FIELDS:
            yield "host", value
        elif field in _ADDRESS_FIELDS:
            yield "host", _host_of(value)
    elif isinstance(value, tuple | frozenset):
        for each in value:
            yield from _names(each, field)
    elif isinstance(value, Setting):
        yield from _of_setting(value)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Token) and value.kind in {"account", "user"} and value.name:
            yield value.kind, value.name
        for each in fields(value):
            yield from _names(getattr(value, each.name), each.name)


def _of_setting(setting: Setting) -> Iterator[tuple[str, str]]:
    name = setting.path[-1].lower() if setting.path else ""
    inside = [part for part in map(str.lower, setting.path) if not part.isdigit()]
    if setting.secret or not setting.shown:
        return
    if _USER_SETTING.search(name):
        yield "user", setting.shown.strip("\"'")
    elif any(map(_HOST_SETTING.search, inside[-2:])):
        yield "host", _host_of(setting.shown)


def _host_of(text: str) -> str:
    """Return the host of a URL or of ``host:port``; empty where there is none."""
    text = text.strip("\"'")
    if "://" in text:
        try:
            return urlsplit(text).hostname or ""
        except ValueError:
            return ""
    found = host_port(text)
    return found[0] if found is not None and _HOST.fullmatch(found[0]) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
