"""What --server takes."""

from __future__ import annotations

import pytest

from symphony_doctor.errors import UsageError
from symphony_doctor.sources.collect import server_address
from symphony_doctor.sources.observation import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("nats://node1:4333", Address("node1", 4333)),
        ("tls://node1:4333", Address("node1", 4333)),
        ("NATS://node1", Address("node1", 4222)),
        ("node1", Address("node1", 4222)),
        ("10.0.0.1:1", Address("10.0.0.1", 1)),
        ("[::1]:4222", Address("::1", 4222)),
        ("nats://[fe80::1]", Address("fe80::1", 4222)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert server_address(text) == address
    assert server_address(address.text) == address


@pytest.mark.parametrize("text", ["", "nats://", "node1:0", "node1:65536", "node1:x", "http://node1:4222", "[::1:4222"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--server"):
        server_address(text)


def test_a_user_in_it_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        server_address("nats://admin:pass-word@node1")
    assert "pass-word" not in str(caught.value)
