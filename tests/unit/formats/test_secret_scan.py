"""What looks like a secret in a finished file, in each encoding, and what only looks nearly so."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed
from symphony_doctor.formats.secret_scan import scan

SEED = create_seed(Kind.OPERATOR)
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----"


def found(text: str) -> set[tuple[int, str, str]]:
    return {(each.line, each.kind.value, each.form) for each in scan(text.encode())}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a\nb {SEED}", (2, "seed", "plain")),
        (f"a\n{PEM}", (2, "private key", "plain")),
        ('x\n"password": "hunter2!x"', (2, "password", "plain")),
        (f"see {base64.b64encode(f'the seed {SEED}'.encode()).decode()}", (1, "seed", "base64")),
        (f"see {base64.urlsafe_b64encode(PEM.encode()).decode()}", (1, "private key", "base64")),
        (f"a\n?q={quote(PEM, safe='')}", (2, "private key", "url")),
    ],
    ids=["seed", "pem", "password", "seed in base64", "pem in base64", "pem in a URL"],
)
def test_a_secret_is_seen(text: str, expected: tuple[int, str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        public_of_seed(SEED),
        SEED[:20] + ("A" if SEED[20] != "A" else "B") + SEED[21:],
        "password: secret:3f9a12c4",
        '{"secret":true,"token":null}',
        base64.b64encode(bytes(range(64))).decode(),
        base64.b64encode(b"nothing but words in here, thirty of them").decode(),
        "/storage/jetstream/" + public_of_seed(SEED) + "/streams/KV_symphony_roles",
        "100 % of 3%20",
    ],
    ids=["public key", "checksum", "masked", "booleans", "bytes", "words in base64", "path", "percent"],
)
def test_near_misses(text: str) -> None:
    assert found(text) == set()
