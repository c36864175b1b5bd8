"""symphony.config: places, identities found by value, and secrets that do not get out."""

import contextlib
import json
import os
import pickle
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.jwt import Reason, decode
from symphony_doctor.formats.nkey import Kind
from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.formats.symphony_config import Setting, SymphonyConfig, parse
from symphony_doctor.redaction import Secrets

FILE = "symphony.config"
NOW = 1_795_541_831
BCRYPT = "$2a$11$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    "-----END PRIVATE KEY-----\n"
)


class Identity:
    """What one run of the wizard makes."""

    def __init__(self) -> None:
        self.operator_seed = nkey.create_seed(Kind.OPERATOR)
        self.account_seed = nkey.create_seed(Kind.ACCOUNT)
        self.user_seed = nkey.create_seed(Kind.USER)
        self.operator = nkey.public_of_seed(self.operator_seed)
        self.account = nkey.public_of_seed(self.account_seed)
        self.user = nkey.public_of_seed(self.user_seed)
        make = jwt_make.encode
        self.operator_jwt = make(jwt_make.operator_claims(self.operator, "Symphony"), self.operator_seed, issued_at=NOW)
        self.account_jwt = make(jwt_make.account_claims(self.account, "Main"), self.operator_seed, issued_at=NOW)
        self.user_jwt = make(jwt_make.user_claims(self.user, "app"), self.account_seed, issued_at=NOW)


def read(value: object, secrets: Secrets | None = None) -> SymphonyConfig:
    run = secrets or Secrets(os.urandom(32))
    return parse(json.dumps(value, indent=2).encode(), FILE, run.fingerprint)


def only(value: object) -> Setting:
    (setting,) = read(value).settings
    return setting


def test_settings_have_paths_values_and_places() -> None:
    text = '{\n  "network": {"uiport": 8080},\n  "list": [1,\n    {"größe": "x", "deep": null}],\n  "e": {}, "f": []\n}'
    config = parse(text.encode(), FILE, str)
    found = [(s.path, s.value, s.display, s.position.line, s.position.column) for s in config.settings]
    assert found == [
        (("network", "uiport"), 8080, "8080", 2, 15),
        (("list", "0"), 1, "1", 3, 12),
        (("list", "1", "größe"), "x", '"x"', 4, 6),
        (("list", "1", "deep"), None, "null", 4, 20),
        (("e",), None, "{}", 5, 3),
        (("f",), None, "[]", 5, 12),
    ]
    assert not config.byte_order_mark
    assert not config.identities
    hash(config)


def test_empty_object() -> None:
    config = parse(b"{}", FILE, str)
    assert [(s.path, s.display) for s in config.settings] == [((), "{}")]


@pytest.mark.parametrize(
    ("raw", "line", "column", "expected", "found"),
    [
        (b"", 1, 1, "a JSON object", "an empty file"),
        (b" \n", 1, 1, "a JSON object", "an empty file"),
        (b"\0" * 50, 1, 1, "a JSON object", "nothing but zero bytes"),
        (b"[]", 1, 1, "a JSON object, which begins with '{'", "'['"),
        (b"{", 1, 2, "a name in double quotes", "the end of the file"),
        (b'{\n "a": 1\n "b": 2}', 3, 2, "',' or '}'", "'\"'"),
        (b'{"a": 1,\n}', 2, 1, "a name in double quotes", "'}'"),
        (b'{"a": [1,]}', 1, 10, "a value", "']'"),
        (b"{,}", 1, 2, "a name in double quotes or '}'", "','"),
        (b'{"a" 1}', 1, 6, "':'", "'1'"),
        (b'{"a": nil}', 1, 7, "a value", "'n'"),
        (b'{"a": NaN}', 1, 7, "a value", "'N'"),
        (b'{"a": 01}', 1, 8, "',' or '}'", "'1'"),
        (b'{"a": "b', 1, 7, "a closing double quote", "none in the rest of the file"),
        (b'{"a": "b\nc"}', 1, 9, "a closing double quote in the same line", "'\\n'"),
        (b'{"a": "\\x"}', 1, 8, "an escape that JSON has", "'\\\\'"),
        (b"{} x", 1, 4, "the end of the file", "'x'"),
        (b"// no\n{}", 1, 1, "a JSON object, which begins with '{'", "'/'"),
        (b'{\n"a": "\xff"}', 2, 7, "text in UTF-8", "the byte 0xff"),
        (b"\xff\xfe{\0}\0", 1, 1, "text in UTF-8", "a byte order mark of UTF-16"),
        (b'{"a":' * 100_000, 1, 1001, "at most 200 levels", "'{'"),
        (b'{"a":' + b"[" * 100_000, 1, 205, "at most 200 levels", "'['"),
        (b'{"a":' + b"9" * 5000 + b"}", 1, 6, "a number of at most 400 characters", "a longer one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_have_a_place(raw: bytes, line: int, column: int, expected: str, found: str) -> None:
    with pytest.raises(FormatError) as raised:
        parse(raw, FILE, str)
    error = raised.value
    assert error.position == Position(FILE, line, column)
    assert error.expected.startswith(expected)
    assert error.found == found


def test_a_file_too_long_is_refused() -> None:
    with pytest.raises(FormatError, match="at most"):
        parse(b" " * (8 * 1024 * 1024 + 1), FILE, str)


def test_byte_order_mark_is_taken_and_told() -> None:
    config = parse(b'\xef\xbb\xbf{"a": 1}', FILE, str)
    assert config.byte_order_mark
    assert config.settings[0].position.column == 2


def test_the_last_of_two_equal_keys_counts() -> None:
    config = parse(b'{"a": {"x": 1}, "b": 2,\n "a": 3}', FILE, str)
    assert [(s.path, s.value, s.position.line) for s in config.settings] == [(("b",), 2, 1), (("a",), 3, 2)]


def test_identities_are_found_by_value_anywhere() -> None:
    own = Identity()
    creds = jwt_make.credentials_file(own.user_jwt, own.user_seed)
    config = read(
        {
            "x1": own.operator_jwt,
            "deep": [{"y": own.account_jwt}, own.operator_seed],
            "z": {own.account: {"k": own.account_seed}},
            "file": creds,
            "pub": f"keys: {own.user}, {own.operator}",
        }
    )
    found = config.identities
    assert found
    assert [(r.jwt.subject, r.path) for r in found.operators] == [(own.operator, ("x1",))]
    assert [(r.jwt.subject, r.path) for r in found.accounts] == [(own.account, ("deep", "0", "y"))]
    assert [(r.jwt.subject, r.jwt.text, r.path) for r in found.users] == [(own.user, "", ("file",))]
    assert found.operators[0].jwt == decode(own.operator_jwt)
    assert [(r.kind, r.public_key, r.path) for r in found.seeds] == [
        (Kind.OPERATOR, own.operator, ("deep", "1")),
        (Kind.ACCOUNT, own.account, ("z", own.account, "k")),
        (Kind.USER, own.user, ("file",)),
    ]
    assert [(r.public_key, r.path) for r in found.public_keys] == [
        (own.account, ("z", own.account)),
        (own.user, ("pub",)),
        (own.operator, ("pub",)),
    ]
    assert found.flawed == ()


def test_flawed_jwts_are_told() -> None:
    own = Identity()
    config = read({"a": own.operator_jwt[:150], "b": own.account_jwt[:-9], "c": "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.AA"})
    assert [(flaw.reason, flaw.path) for flaw in config.identities.flawed] == [
        (Reason.TRUNCATED, ("a",)),
        (Reason.TRUNCATED, ("b",)),
    ]


def test_jwts_for_everyone_are_shown_in_short() -> None:
    own = Identity()
    operator = only({"token": own.operator_jwt})
    assert operator.display == (
        f"eyJ0… (operator {own.operator}, Symphony, issued 2026-11-24T17:37:11Z, id {decode(own.operator_jwt).jti[:8]})"
    )
    assert operator.value == own.operator_jwt
    assert not operator.secret


def secret_values() -> dict[str, tuple[list[str], str]]:
    own = Identity()
    return {
        "client secret": (["oidc", "clientsecret"], "correct horse"),
        "short password": (["db", "password"], "x"),
        "numeric password": (["db", "passwd"], "123456"),
        "salt": (["storage_salt"], "a+b/c="),
        "in a secret block": (["credentials", "web"], "abc"),
        "seed": (["x"], own.operator_seed),
        "seed in text": (["x"], f"use {own.user_seed} here"),
        "user jwt": (["x"], own.user_jwt),
        "creds": (["x"], jwt_make.credentials_file(own.user_jwt, own.user_seed)),
        "private key": (["x"], PEM),
        "broken private key": (["x"], PEM[:70]),
        "bcrypt": (["x"], BCRYPT),
        "opaque": (["x"], "kZ8w3nQ1vX5tR7yB2mD4fG6hJ9lP0sAc"),
        "hexadecimal": (["x"], "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        "shorter under a key": (["storage", "enckey"], "a9X2kk3Lq8Zt71bW"),
    }


@pytest.mark.parametrize("case", secret_values())
def test_secrets_become_fingerprints(case: str) -> None:
    path, secret = secret_values()[case]
    value: Any = secret
    for key in reversed(path):
        value = {key: value}
    secrets = Secrets(os.urandom(32))
    config = read(value, secrets)
    (setting,) = config.settings
    assert setting.secret
    assert setting.value is None
    assert setting.fingerprint == secrets.fingerprint(secret) == setting.display
    whole = repr(config) + str(asdict(config)) + pickle.dumps(config).decode("latin-1")
    if len(secret) > 6:
        assert secret not in whole
    assert secrets.leaks(repr(config)) == ()
    assert nkey.find_seeds(whole) == ()


def test_a_password_in_a_url_leaves_the_rest_readable() -> None:
    secrets = Secrets(os.urandom(32))
    (setting,) = read({"target": "nats://app:hunter22x@node1:4222"}, secrets).settings
    assert setting.display == f'"nats://app:{secrets.fingerprint("hunter22x")}@node1:4222"'
    assert setting.secret
    assert setting.value is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_ttl", 30),
        ("secret_rotation", True),
        ("password", None),
        ("clientsecret", ""),
        ("token_ttl", "30s"),
        ("token_url", "https://id.example.com/token"),
        ("private_key_file", "/etc/symphony/key.pem"),
        ("credentials", "/etc/symphony/app.creds"),
        ("clientid", "symphony-api"),
        ("clientid", "d3b07384-d9a0-4e9b-8a0f-0a8a6a2f7c11"),
        ("issuer", "id.example.com/realms/symphony-production-eu-west-1"),
        ("byline", "The data orchestration foundation for enterprise AI"),
        ("host", "symphony-node-1.production.eu-west-1.example.com"),
        ("signing_seed_public", "PUBLIC KEY"),
        ("operator_seed", "PUBLIC KEY"),
    ],
)
def test_what_is_no_secret_stays(key: str, value: object) -> None:
    own = Identity().operator if value == "PUBLIC KEY" else value
    setting = only({key: own})
    assert not setting.secret
    assert setting.value == own
    assert setting.display == json.dumps(own)


def test_a_secret_that_is_a_key_is_masked_in_the_path() -> None:
    secrets = Secrets(os.urandom(32))
    seed = nkey.create_seed(Kind.USER)
    config = read({seed: {"a": 1}}, secrets)
    assert config.settings[0].path == (secrets.fingerprint(seed), "a")
    assert seed not in repr(config)


def test_equal_secrets_have_equal_fingerprints_and_others_not() -> None:
    secrets = Secrets(os.urandom(32))
    one, same, other = (read({"password": text}, secrets).settings[0].display for text in ("ab", "ab", "ac"))
    assert one == same != other


def test_errors_hold_nothing_of_the_text() -> None:
    seed = nkey.create_seed(Kind.OPERATOR)
    for text in (f'{{"seed": {seed}}}', f'{{"seed": "{seed}', f'{{"seed": "{seed}"\n"x"', f"{seed}"):
        with pytest.raises(FormatError) as raised:
            parse(text.encode(), FILE, str)
        assert seed[:4] not in str(raised.value)
        assert raised.value.__cause__ is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def unflatten(config: SymphonyConfig) -> dict[tuple[str, ...], str]:
    return {setting.path: setting.display for setting in config.settings if not setting.secret}


def flatten(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    if isinstance(value, dict) and value:
        return {k: v for key, part in value.items() for k, v in flatten(part, (*path, key)).items()}
    if isinstance(value, list) and value:
        return {k: v for index, part in enumerate(value) for k, v in flatten(part, (*path, str(index))).items()}
    return {path: json.dumps(value, ensure_ascii=False)}


@given(st.dictionaries(st.text(), json_values, max_size=5), st.sampled_from([None, 1]))
def test_reads_what_json_writes(value: dict[str, Any], indent: int | None) -> None:
    config = parse(json.dumps(value, indent=indent).encode(), FILE, Secrets(bytes(32)).fingerprint)
    expected = flatten(value)
    for path, display in unflatten(config).items():
        assert expected[path] == display
    assert len(config.settings) == len(expected)


@given(st.binary() | st.text(alphabet='{}[]",:0123456789.eE+-tfn\\u \n').map(str.encode))
def test_raises_nothing_but_format_errors(raw: bytes) -> None:
    with contextlib.suppress(FormatError):
        hash(parse(raw, FILE, Secrets(bytes(32)).fingerprint))


@given(st.text(alphabet='{}[]",:01.eE-truefalsn\\u \n', max_size=40))
def test_accepts_what_json_accepts(inner: str) -> None:
    text = '{"a": ' + inner + "}"
    try:
        json.loads(text)
        fine = True
    except ValueError:
        fine = False
    try:
        parse(text.encode(), FILE, Secrets(bytes(32)).fingerprint)
        taken = True
    except FormatError:
        taken = False
    assert taken == fine
