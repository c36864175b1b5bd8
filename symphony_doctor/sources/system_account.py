"""One connection of the system account, and the requests it makes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import Greeting
from symphony_doctor.sources.answers import Envelope, Identified, UserInfo
from symphony_doctor.sources.credentials import Credentials, nkey_seed
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.reading import Record
from symphony_doctor.sources.reasons import reason

A = TypeVar("A")
V = TypeVar("V")

logging.getLogger("nats").addHandler(logging.NullHandler())
logging.getLogger("nats").propagate = False
# nats-py starts TLS with a protocol that asyncio warns of at each end of a connection; it does no harm
logging.getLogger("asyncio").addFilter(lambda record: "eof_received" not in record.getMessage())


MOST = 256 * 1024 * 1024
"""Bytes that one connection may bring; 50,000 streams with their configuration are a quarter of it."""


class _Bounded(TcpTransport):
    """A connection that breaks once more than ``MOST`` bytes came: the client itself keeps whatever comes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # the library has no annotation there
        self._left = MOST

    async def read(self, buffer_size: int) -> bytes:
        data = bytes(await super().read(buffer_size))
        self._left -= len(data)
        if self._left < 0:
            raise ConnectionAbortedError(f"more than {MOST:,} bytes")
        return data

    def abort(self) -> None:
        """Let the sockets go at once, as far as they were opened: nothing is waited for."""
        for writer in (self._io_writer, self._bare_io_writer):
            if writer is not None:
                writer.transport.abort()

    def __bool__(self) -> bool:
        # the client replaces a transport that is false
        return True


class RefusedError(Exception):
    """A connection could not be had; ``missing`` says in which way."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.why)
        self.missing = missing


async def _ignore(_error: Exception) -> None:
    """Errors of a connection show where its answers are awaited."""


@asynccontextmanager
async def connected(
    address: str,
    credentials: Credentials,
    greeting: Greeting,
    deadline: Deadline,
    record: Record | None = None,
) -> AsyncIterator[Connection]:
    """Connect to one server and prove that the credentials are the system account's.

    ``record`` is given every answer. Raises ``RefusedError``: denied, timed out or unreachable.
    """
    client = Client()
    client._transport = transport = _Bounded()  # noqa: SLF001 - the client offers no other way to bound what it keeps
    try:
        connection = await _open(client, address, credentials, greeting, deadline)
        connection.record = record
        yield connection
    finally:
        # a clean close waits for a flush that a hung server never answers
        try:
            async with asyncio.timeout(0.5):
                await client.close()
        except (TimeoutError, OSError, nats.errors.Error):
            pass
        finally:
            # also where that was cut short: by an interrupt, or by the end of all that was asked
            transport.abort()


async def _open(
    client: Client, address: str, credentials: Credentials, greeting: Greeting, deadline: Deadline
) -> Connection:
    options: dict[str, Any] = {"servers": [f"{'tls' if greeting.tls_required else 'nats'}://{address}"]}
    if greeting.tls_required:
        options["tls"] = credentials.tls.context()
        options["tls_handshake_first"] = greeting.tls_first
    if credentials.creds_file is not None:
        options["user_credentials"] = str(credentials.creds_file)
    for name in ("user", "password", "token"):
        if (value := getattr(credentials, name)) is not None:
            options[name] = value
    try:
        if credentials.nkey_file is not None:
            # the client reads a bare seed only, and files have it between lines of dashes too
            options["nkeys_seed_str"] = nkey_seed(credentials.nkey_file)
        async with asyncio.timeout(deadline.remaining):
            await client.connect(
                **options,
                name="symphony-doctor",
                allow_reconnect=False,
                max_reconnect_attempts=0,
                connect_timeout=max(1, int(deadline.remaining + 1)),
                error_cb=_ignore,
            )
            return await _introduce(client, address, credentials)
    except TimeoutError:
        raise RefusedError(Missing(State.TIMED_OUT, f"{address} did not finish the connection", address)) from None
    except Exception as error:  # noqa: BLE001 - the client trusts INFO: any type of value in it can end in any error
        raise RefusedError(_refusal(error, address, credentials)) from None


async def _introduce(client: Client, address: str, credentials: Credentials) -> Connection:
    try:
        reply = await client.request("$SYS.REQ.USER.INFO", b"", timeout=3600)
        envelope = msgspec.json.decode(reply.data, type=Envelope[UserInfo])
    except nats.errors.NoRespondersError:
        raise RefusedError(_not_system(address, credentials, "an account")) from None
    except msgspec.MsgspecError:
        raise RefusedError(
            Missing(State.UNREADABLE, f"{address} answered USER.INFO with something else", address)
        ) from None
    account = envelope.data.account if envelope.data else ""
    return Connection(client, address, envelope.server, account, credentials)


def _not_system(address: str, credentials: Credentials, account: str) -> Missing:
    return Missing(
        State.DENIED,
        f"{credentials.label} belongs to {account}, which is not the system account of this server: "
        "it may ask nothing of the cluster",
        address,
    )


def _refusal(error: BaseException, address: str, credentials: Credentials) -> Missing:
    text = str(error).lower()
    if isinstance(error, nats.errors.AuthorizationError) or "authorization" in text or "authentication" in text:
        return Missing(State.DENIED, f"{address} does not accept {credentials.label}", address)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Missing(State.UNREACHABLE, _unverified(error, address, credentials), address)
    if isinstance(error, ssl.SSLError):
        return Missing(State.UNREACHABLE, f"{address}: TLS failed: {error.reason or 'handshake'}", address)
    if isinstance(error, OSError):
        return Missing(State.UNREACHABLE, f"{address} {reason(error)}", address)
    return Missing(State.UNREACHABLE, f"{address}: the connection failed ({type(error).__name__})", address)


def _unverified(error: ssl.SSLCertVerificationError, address: str, credentials: Credentials) -> str:
    told = error.verify_message.lower().rstrip(".")
    why = f"{address}: its certificate is not accepted: {told}"
    if error.verify_code in _NO_ISSUER:
        authority = credentials.tls.authority
        return f"{why}; " + (f"{authority} did not sign it" if authority else "name its authority with --tlsca FILE")
    return why


_NO_ISSUER = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's codes for a certificate that no known authority signed (x509_vfy.h)."""


class Connection:
    """A connection of the system account to one server."""

    def __init__(
        self, client: Client, address: str, server: Identified, account: str, credentials: Credentials
    ) -> None:
        self._client = client
        self._credentials = credentials
        self.address = address
        self.server = server
        self.account = account
        self.record: Record | None = None

    async def ask(
        self,
        server_id: str,
        endpoint: str,
        answer: type[A],
        understand: Callable[[A], V],
        deadline: Deadline,
        **options: bool | int | str,
    ) -> Evidence[V]:
        """Ask one server for one of its monitoring endpoints (``$SYS.REQ.SERVER.<id>.<endpoint>``)."""
        subject = f"$SYS.REQ.SERVER.{server_id}.{endpoint}"
        body = msgspec.json.encode(options) if options else b""
        missing: Missing
        try:
            reply = await self._client.request(subject, body, timeout=max(0.001, deadline.remaining))
            if self.record is not None:
                self.record(server_id, endpoint, reply.data)
            kind: type[Envelope[A]] = Envelope[answer]  # type: ignore[valid-type]
            envelope = msgspec.json.decode(reply.data, type=kind)
        except (TimeoutError, nats.errors.TimeoutError):
            missing = Missing(State.TIMED_OUT, f"{endpoint} was not answered in time", subject)
        except nats.errors.NoRespondersError:
            if server_id == self.server.id:
                missing = _not_system(self.address, self._credentials, f"account {self.account}")
            else:
                missing = Missing(State.UNREACHABLE, f"{endpoint}: no server answers to it any more", subject)
        except (msgspec.MsgspecError, RecursionError) as error:
            missing = Missing(State.UNREADABLE, f"{endpoint} answered other than expected: {error}", subject)
        except (OSError, nats.errors.Error) as error:
            missing = Missing(
                State.UNREACHABLE, f"{endpoint}: the connection was lost ({type(error).__name__})", subject
            )
        else:
            if envelope.data is not None:
                return Seen(understand(envelope.data), endpoint)
            told = envelope.error.description if envelope.error else "nothing"
            missing = Missing(State.UNREADABLE, f"{endpoint} answered: {told}", subject)
        return missing

    async def call(self, subject: str, deadline: Deadline) -> Evidence[bytes]:
        """Ask a service on some subject, with an empty request."""
        missing: Missing
        try:
            reply = await self._client.request(subject, b"", timeout=max(0.001, deadline.remaining))
        except (TimeoutError, nats.errors.TimeoutError):
            missing = Missing(State.TIMED_OUT, f"{subject} was not answered in time", subject)
        except nats.errors.NoRespondersError:
            missing = Missing(State.UNREACHABLE, f"nothing answers on {subject} for account {self.account}", subject)
        except (OSError, nats.errors.Error) as error:
            missing = Missing(
                State.UNREACHABLE, f"{subject}: the connection was lost ({type(error).__name__})", subject
            )
        else:
            if reply.headers and reply.headers.get("Nats-Service-Error-Code"):
                return Missing(State.UNREADABLE, f"{subject} answered with an error", subject)
            return Seen(reply.data, subject)
        return missing

    async def gather(self, subject: str, enough: Callable[[list[bytes]], bool], deadline: Deadline) -> list[bytes]:
        """Publish a request and collect replies until ``enough`` of them are there or time is over."""
        inbox = self._client.new_inbox()
        replies: list[bytes] = []
        try:
            subscription = await self._client.subscribe(inbox)
            await self._client.publish(subject, b"", reply=inbox)
            while not enough(replies):
                message = await subscription.next_msg(timeout=max(0.001, deadline.remaining))
                if message.headers and message.headers.get("Status") == "503":
                    break
                replies.append(message.data)
        except (TimeoutError, OSError, nats.errors.Error):
            pass  # what is missing shows in what was collected
        return replies
