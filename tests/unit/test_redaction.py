"""Secrets are masked by what they are, and none that was read can be written unnoticed."""

import base64
import html
import json
import os
import pickle
import re
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import nkeys
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.nkey import Kind
from symphony_doctor.formats.secret_values import SecretKind
from symphony_doctor.leaks import is_ordinary
from symphony_doctor.redaction import Secrets, printable

NOW = 1_795_541_831
PASSWORD = 'p@ss"<w>&\\ö 7'
BCRYPT = "$2b$10$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(os.urandom(32))


def pem(kind: str = "RSA PRIVATE KEY") -> str:
    body = base64.encodebytes(os.urandom(300)).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----"


def jwts() -> tuple[str, str, str]:
    """Make an operator's, an account's and a user's."""
    operator, account, user = (nkey.create_seed(kind) for kind in (Kind.OPERATOR, Kind.ACCOUNT, Kind.USER))
    public = [nkey.public_of_seed(seed) for seed in (operator, account, user)]
    return (
        jwt_make.encode(jwt_make.operator_claims(public[0], "O"), operator, issued_at=NOW),
        jwt_make.encode(jwt_make.account_claims(public[1], "A"), operator, issued_at=NOW),
        jwt_make.encode(jwt_make.user_claims(public[2], "U"), account, issued_at=NOW),
    )


def test_fingerprints_are_equal_within_a_run_and_only_there(secrets: Secrets) -> None:
    one = secrets.fingerprint("hunter2")
    assert one == secrets.fingerprint("hunter2") != secrets.fingerprint("hunter3")
    assert one.startswith("secret:")
    assert len(one) == 15
    assert Secrets(os.urandom(32)).fingerprint("hunter2") != one
    assert secrets.fingerprint("") == "secret:empty"


def test_the_registry_keeps_to_itself(secrets: Secrets) -> None:
    secrets.fingerprint(PASSWORD)
    assert repr(secrets) == "<Secrets: 1>"
    with pytest.raises(TypeError, match="stay in its process"):
        pickle.dumps(secrets)
    with pytest.raises(ValueError, match="16 bytes"):
        Secrets(b"short")


def redacted_whole() -> dict[str, str]:
    return {
        **{f"seed of {kind}": nkey.create_seed(kind) for kind in Kind},
        "expanded key": nkeys.from_seed(nkey.create_seed(Kind.USER).encode()).private_key.decode(),
        "user jwt": jwts()[2],
        "cut user jwt": jwts()[2][:-30],
        "token of others": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
        "pem": pem(),
        "encrypted pem": pem("ENCRYPTED PRIVATE KEY"),
        "openssh": pem("OPENSSH PRIVATE KEY"),
        "bcrypt": BCRYPT,
    }


@pytest.mark.parametrize("case", redacted_whole())
def test_secrets_are_masked_wherever_they_stand(case: str, secrets: Secrets) -> None:
    secret = redacted_whole()[case]
    mask = secrets.fingerprint(secret)
    for before, after in (("", ""), ("line one\nvalue ", "\nnext"), ('{"x": "', '"}'), ("(", ")")):
        redacted = secrets.redact(before + secret + after)
        assert redacted == before + mask + after
        assert secrets.redact(redacted) == redacted
        assert secrets.leaks(redacted) == ()


def test_what_is_public_stays(secrets: Secrets) -> None:
    operator, account, _ = jwts()
    text = f"{operator}\n{account} {nkey.public_of_seed(nkey.create_seed(Kind.USER))} {operator[:-20]}"
    certificate = pem("CERTIFICATE")
    assert secrets.redact(text) == text
    assert secrets.redact(certificate) == certificate


def test_an_unfinished_private_key_is_masked_to_the_end(secrets: Secrets) -> None:
    assert secrets.redact(f"a {pem()[:200]}").startswith("a secret:")
    assert len(secrets.redact(f"a {pem()[:200]}")) == 17


def test_escaped_private_key(secrets: Secrets) -> None:
    text = json.dumps({"key": pem()})
    assert len(secrets.redact(text)) == len('{"key": "secret:00000000"}')


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("nats://app:hunter22@h:4222", "hunter22"),
        ("nats://app:p@ss/w#rd?@h:4222", "p@ss/w#rd?"),
        ("tls://T0ken@h", "T0ken"),
        ("nats://:pw@h", "pw"),
        ('routes = ["nats-route://u:pw1x@h:6222"]', "pw1x"),
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("authorization: basic dTpw", "dTpw"),
        ("curl -H 'Authorization: Token xyz'", "xyz"),
        ("got bearer abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
        ('"password": "a b c"', "a b c"),
        ('{"oidc":{"clientsecret":"s3"}}', "s3"),
        ('client_secret = "x\\"y"', 'x\\"y'),
        ("https://h/x?token=abc&y=1", "abc"),
        ("password: hunter22", "hunter22"),
        ("api_key=zz", "zz"),
        ("SYMPHONY_TOKEN=abcd", "abcd"),
    ],
)
def test_the_secret_part_alone_is_masked(text: str, secret: str, secrets: Secrets) -> None:
    redacted = secrets.redact(text)
    assert redacted == text.replace(secret, secrets.fingerprint(secret))
    assert secrets.redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "nats://app:@h:4222 https://h:8080/path@2 https://h/a@b ssh://root@node1 mail me@x.org",
        "nats://h1:4222,nats://h2:4222",
        "the bearer authentication is missing; a password: missing. Token: expired",
        '"token_ttl": "30s", "password": null, password: $PASS, "secret": false, "password": "***"',
        'token="/run/secrets/token"',
        "two secrets are stored; the salt, the seed",
        "secret:3f9a12c4 nats://u:secret:3f9a12c4@h secret:empty nats://secret:3f9a12c4@h",
        "",
    ],
)
def test_ordinary_text_stays(text: str, secrets: Secrets) -> None:
    assert secrets.redact(text) == text


def test_several_urls_in_a_row(secrets: Secrets) -> None:
    mask = secrets.fingerprint
    assert secrets.redact("nats://a:b1@h1:1,nats://c:d2@h2:2") == (
        f"nats://a:{mask('b1')}@h1:1,nats://c:{mask('d2')}@h2:2"
    )


def test_what_was_registered_is_masked_unless_it_is_a_word(secrets: Secrets) -> None:
    mask = secrets.fingerprint("Tr0ub4dor&3")
    secrets.fingerprint("admin")
    assert secrets.redact("x Tr0ub4dor&3 by admin") == f"x {mask} by admin"


BITS = [
    "nats://u:pw1@h:4222",
    "nats://SECRET:0@h",
    "tls://T0ken@h",
    '"password": "a b"',
    "token=abc",
    "secret:01234567",
    "bearer abcdef12345",
    "Authorization: Basic dTpw",
    "password: ",
    "secret: ab1234",
    '"',
    BCRYPT,
]


@given(st.text() | st.lists(st.sampled_from(BITS)).map(" ".join) | st.lists(st.sampled_from(BITS)).map("\n".join))
@example("://" * 50 + "@")
@example('password="' * 30)
@example("PASSWORD:TOKEN==")
def test_redaction_is_idempotent(text: str) -> None:
    secrets = Secrets(bytes(32))
    once = secrets.redact(text)
    assert secrets.redact(once) == once


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "json": lambda s: json.dumps({"a": s}),
    "json, other letters as they are": lambda s: json.dumps(s, ensure_ascii=False),
    "json in json": lambda s: json.dumps({"line": json.dumps({"a": s})}),
    "json of Go": lambda s: re.sub("[<>&]", lambda c: f"\\u{ord(c[0]):04x}", json.dumps(s, ensure_ascii=False)),
    "python": repr,
    "html": html.escape,
    "xml": lambda s: html.escape(s, quote=False).replace('"', "&quot;"),
    "url": lambda s: quote(s, safe=""),
    "url with slashes": quote,
    "url, lower case": lambda s: re.sub("%..", lambda code: code[0].lower(), quote(s, safe="")),
    "form": quote_plus,
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    **{
        f"base64 at {n}": lambda s, n=n: base64.b64encode(b"x" * n + s.encode() + b"tail").decode()  # type: ignore[misc]
        for n in range(5)
    },
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "make", [lambda: PASSWORD, lambda: nkey.create_seed(Kind.USER), lambda: jwts()[2], pem, lambda: "???>>>~~~\x7f"]
)
def test_every_spelling_is_noticed(spelling: str, make: Callable[[], str], secrets: Secrets) -> None:
    secret = make()
    mask = secrets.fingerprint(secret)
    document = "line one\n" + SPELLINGS[spelling](secret)
    leaks = secrets.leaks(document)
    assert leaks
    assert {leak.fingerprint for leak in leaks} == {mask}
    assert leaks[0].line >= 2
    assert leaks[0].offset >= 9
    assert secret not in repr(leaks)
    assert secrets.leaks("line one\n") == ()


def test_a_leak_says_what_and_where(secrets: Secrets) -> None:
    seed = nkey.create_seed(Kind.ACCOUNT)
    mask = secrets.fingerprint(seed)
    (leak,) = (leak for leak in secrets.leaks(f"ä\n\nx {seed}".encode()) if leak.form == "plain")
    assert (leak.offset, leak.line, leak.fingerprint) == (6, 3, mask)
    assert leak.kind is SecretKind.SEED


@given(st.text(min_size=1), st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_registered_is_found_as_it_is(secret: str, before: str, after: str) -> None:
    secrets = Secrets(bytes(32))
    secrets.fingerprint(secret)
    assert bool(secrets.leaks(before + secret + after)) or is_ordinary(secret) or len(secret) < 8


def test_parts_of_long_secrets_are_noticed(secrets: Secrets) -> None:
    seed, key, token = nkey.create_seed(Kind.USER), pem(), jwts()[2]
    for secret in (seed, key, token):
        secrets.fingerprint(secret)
    assert secrets.leaks(seed[:30])
    assert secrets.leaks(seed[-30:])
    assert secrets.leaks(key.split("\n")[2])
    assert secrets.leaks(token.split(".")[1])
    assert secrets.leaks(token.split(".")[2])
    assert not secrets.leaks(token.split(".", maxsplit=1)[0])


def test_public_things_beside_secrets_are_no_leaks(secrets: Secrets) -> None:
    seed = nkey.create_seed(Kind.ACCOUNT)
    operator, account, user = jwts()
    creds = jwt_make.credentials_file(user, nkey.create_seed(Kind.USER))
    for secret in (seed, user, creds):
        secrets.fingerprint(secret)
    others = jwt_make.credentials_file("secret:12345678", "secret:12345678")
    document = f"{operator} {account} {nkey.public_of_seed(seed)} {others} {base64.b64encode(account.encode())!r}"
    assert secrets.leaks(document) == ()


@pytest.mark.parametrize(
    "secret",
    ["admin", "x", "1234", "12345678", "symphony", "Symphony1", "cirata-symphony", "a1b2c3", "CHANGEME", "hunter2!"],
)
def test_words_are_looked_for_where_a_password_would_stand(secret: str, secrets: Secrets) -> None:
    assert is_ordinary(secret)
    secrets.fingerprint(secret)
    for harmless in (
        f"the {secret} group",
        f'{{"default_role": "{secret}", "{secret}": 1}}',
        f"cluster: {secret}",
        f"password: un{secret}x",
        f"{secret}@example.com",
        f"http://{secret}.example.com",
    ):
        assert secrets.leaks(harmless) == (), harmless
    for leak in (
        f"password: {secret}",
        f'{{"password": "{secret}"}}',
        f'\\"clientsecret\\":\\"{secret}\\"',
        f"PASSWD={secret};",
        f"nats://user:{secret}@host",
        f"nats://{secret}@host",
        f"--password {secret}",
        f"the {secret}, then token = '{secret}'",
    ):
        assert secrets.leaks(leak), leak


@pytest.mark.parametrize("secret", ["x7$Kq", "x7$Kq2", "p4ssw0rd", "Tr0ub4dor&3", "correct horse battery staple"])
def test_other_short_secrets_are_looked_for_everywhere(secret: str, secrets: Secrets) -> None:
    assert not is_ordinary(secret)
    secrets.fingerprint(secret)
    assert secrets.leaks(f"the {secret} group")


def test_large_documents_are_quick(secrets: Secrets) -> None:
    for index in range(25):
        secrets.fingerprint(nkey.create_seed(Kind.ACCOUNT))
        secrets.fingerprint(f'p@ss"{index}<w>&/{os.urandom(6).hex()}')
    line = json.dumps({"name": "KV_symphony", "admin": nkey.public_of_seed(nkey.create_seed(Kind.ACCOUNT))}) + "\n"
    document = line * (3_000_000 // len(line))
    start = time.process_time()
    assert secrets.leaks(document) == ()
    # Some 0.3 s where it was written; the margin is for a busy machine.
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain\ttext\nnext", "plain\ttext\nnext"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("\x1b[31mred\x1b[0m \x1b[2J", "red "),
        ("\x1b]0;title\x07x\x1b]8;;http://x\x1b\\y", "xy"),
        ("\x9b31mred\x1bcx", "redx"),
        ("\x1b", "\\x1b"),
        ("\x00\x07\x7f\x85", "\\x00\\x07\\x7f\\x85"),
        ("a\u202eb\u200bc\ufeff", "a\\u202eb\\u200bc\\ufeff"),
        ("\ud800", "\\ud800"),
        ("größe ✓ 日本 👍", "größe ✓ 日本 👍"),
    ],
)
def test_printable(text: str, safe: str) -> None:
    assert printable(text) == safe


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]\x9b;m\x07\r\n\ud800\u202e")))
def test_printable_leaves_nothing_that_controls(text: str) -> None:
    safe = printable(text)
    safe.encode()
    assert all(character in "\t\n" or not (ord(character) < 32 or 0x7F <= ord(character) < 0xA0) for character in safe)
    assert printable(safe) == safe
