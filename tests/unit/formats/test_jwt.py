"""NATS JWTs: vectors of the Go library, what is refused and why, chains, and what is made here."""

import base64
import contextlib
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.jwt import MAX_SIZE, JetStreamLimits, Jwt, JwtError, Reason, decode, peek_kind, undecorated
from symphony_doctor.formats.jwt_trust import (
    ChainProblem,
    Validity,
    account_chain_problem,
    operator_chain_problem,
    user_chain_problem,
    validity,
)
from symphony_doctor.formats.nkey import Kind

# Made by nats-io/jwt v2.8.2: an operator with everything, an account with tiers and a scoped signing key,
# an account without JetStream.
OPERATOR = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJqdGkiOiJFR0lKSk5HSEhLMjdEUklXQjU2U1dVWUlJQlBUT0JKN"
    "FdRSFc2UlNGVU5PRlJTQjI2T05BIiwiaWF0IjoxNzk1NTQxODMxLCJpc3MiOiJPQlY2RlJSSlVVQVBHWllWNEFOU1dHTjRCSkFRW"
    "kdaM01PMkJFT0NZTkNaWjY2VFZLQVVUNUg1RiIsIm5hbWUiOiJWZWN0b3IgXHUwMDNjXHUwMDI2XHUwMDNlIMOpIiwic3ViIjoiT"
    "0JWNkZSUkpVVUFQR1pZVjRBTlNXR040QkpBUVpHWjNNTzJCRU9DWU5DWlo2NlRWS0FVVDVINUYiLCJuYXRzIjp7InNpZ25pbmdfa"
    "2V5cyI6WyJPRFJHSjJRU0JLWkZBM0lGTEY0WFZKT1o2STY3UVJTWVJZNTVBUjdWWVBQUEY3Q0syWllDU1NUMyJdLCJhY2NvdW50X"
    "3NlcnZlcl91cmwiOiJodHRwczovL2xvY2FsaG9zdC9qd3QvdjEiLCJvcGVyYXRvcl9zZXJ2aWNlX3VybHMiOlsibmF0czovL2xvY"
    "2FsaG9zdDo0MjIyIl0sInN5c3RlbV9hY2NvdW50IjoiQUNUVERGSEszTDRaSVhXVzVaSVFTQVBCS1pQR1pDT0pBVDZKVkU1NjNRW"
    "VZSVldQT0ZCQVJPRjYiLCJ0eXBlIjoib3BlcmF0b3IiLCJ2ZXJzaW9uIjoyfX0.1n86pb2ECLXof6eLQuzYa9iITlAgLxU4T8Zbs"
    "G90ZjUbQELICQrQqig6PjhS66JgDMBgQ7atv8Mb48QCNtSeAA"
)
TIERED_ACCOUNT = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJleHAiOjQxMDI0NDQ4MDAsImp0aSI6IjZFNElYR1FRQUZIRkc0U"
    "k83NVZZV1k0U0RYNkpGR0tEN1VYU1dBWDYyS1JYNDJYU1NPTkEiLCJpYXQiOjE3OTU1NDE4MzEsImlzcyI6Ik9EUkdKMlFTQktaR"
    "kEzSUZMRjRYVkpPWjZJNjdRUlNZUlk1NUFSN1ZZUFBQRjdDSzJaWUNTU1QzIiwibmFtZSI6InRpZXJzIiwibmJmIjoxNzAwMDAwM"
    "DAwLCJzdWIiOiJBQ1JMUTU2QjZHQ0dKNUY3WkdLNjRFT1ZVWElIQ1RYVVhZMjZCRUNNWlpIWEMzV0tPTkhSREgyQiIsIm5hdHMiO"
    "nsibGltaXRzIjp7InN1YnMiOi0xLCJkYXRhIjotMSwicGF5bG9hZCI6LTEsImltcG9ydHMiOi0xLCJleHBvcnRzIjotMSwid2lsZ"
    "GNhcmRzIjp0cnVlLCJjb25uIjotMSwibGVhZiI6LTEsInRpZXJlZF9saW1pdHMiOnsiUjEiOnsic3RyZWFtcyI6NX0sIlIzIjp7I"
    "mRpc2tfc3RvcmFnZSI6LTEsInN0cmVhbXMiOjV9fX0sInNpZ25pbmdfa2V5cyI6WyJBQ1RUREZISzNMNFpJWFdXNVpJUVNBUEJLW"
    "lBHWkNPSkFUNkpWRTU2M1FZVlJWV1BPRkJBUk9GNiIseyJraW5kIjoidXNlcl9zY29wZSIsImtleSI6IkFEMjRYR0NXWkRSSExVN"
    "TVBTUtSRFFTQ1hLN0k0VFRHUFkzV1c2V1NIWFQ3R1FCSEw0VlFGSVU1Iiwicm9sZSI6InIiLCJ0ZW1wbGF0ZSI6eyJwdWIiOnt9L"
    "CJzdWIiOnt9LCJzdWJzIjotMSwiZGF0YSI6LTEsInBheWxvYWQiOi0xfSwiZGVzY3JpcHRpb24iOiIifV0sImRlZmF1bHRfcGVyb"
    "Wlzc2lvbnMiOnsicHViIjp7fSwic3ViIjp7fX0sImF1dGhvcml6YXRpb24iOnt9LCJ0eXBlIjoiYWNjb3VudCIsInZlcnNpb24iO"
    "jJ9fQ.v4Npnmfm_fp2DGV37kxwni7L8hYxYkhhw6XzXMtprpXwOaLbCtC_CXWok4o_-In3fkjkx9q_iwHWdjA1DOEACA"
)
PLAIN_ACCOUNT = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJqdGkiOiIzV1hTWDVMT1I2T0hFUVQ2VUlSV1RTNFRXU1RaNURCV"
    "EVLSU80SE4zTEdBTFhTM1VMMktBIiwiaWF0IjoxNzk1NTQxODMxLCJpc3MiOiJPQlY2RlJSSlVVQVBHWllWNEFOU1dHTjRCSkFRW"
    "kdaM01PMkJFT0NZTkNaWjY2VFZLQVVUNUg1RiIsIm5hbWUiOiJwbGFpbiIsInN1YiI6IkFDUkxRNTZCNkdDR0o1RjdaR0s2NEVPV"
    "lVYSUhDVFhVWFkyNkJFQ01aWkhYQzNXS09OSFJESDJCIiwibmF0cyI6eyJsaW1pdHMiOnsic3VicyI6LTEsImRhdGEiOi0xLCJwY"
    "Xlsb2FkIjotMSwiaW1wb3J0cyI6LTEsImV4cG9ydHMiOi0xLCJ3aWxkY2FyZHMiOnRydWUsImNvbm4iOi0xLCJsZWFmIjotMX0sI"
    "mRlZmF1bHRfcGVybWlzc2lvbnMiOnsicHViIjp7fSwic3ViIjp7fX0sImF1dGhvcml6YXRpb24iOnt9LCJ0eXBlIjoiYWNjb3Vud"
    "CIsInZlcnNpb24iOjJ9fQ.Z3kUK1yxO__sDK8DQnN5O28XFt7Me6zDZuW2jEzgYJM100jS4jE_5Rgub1fteNfeKg8RNHSQtaAr1c"
    "MDRGH3DA"
)

NOW = 1_795_541_831


def keys(kind: Kind) -> tuple[str, str]:
    seed = nkey.create_seed(kind)
    return seed, nkey.public_of_seed(seed)


def parts(header: object, claims: object, seed: str, *, version: int = 2) -> str:
    def part(value: object) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    head, body = part(header), part(claims)
    signed = f"{head}.{body}" if version > 1 else body
    return f"{head}.{body}.{part(nkey.sign(seed, signed.encode()))}"


def made(**changes: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Give an operator whose claims were changed after the fact, well signed."""
    seed, public = keys(Kind.OPERATOR)
    claims = {"sub": public, "iss": public, "nats": {"type": "operator", "version": 2}}
    return parts({"typ": "JWT", "alg": "ed25519-nkey"}, {**claims, **changes}, seed)


class Trust:
    """An operator, an account and a user, with signing keys on both levels."""

    def __init__(self, *, strict: bool = False, **account: Any) -> None:  # noqa: ANN401
        self.operator_seed, operator = keys(Kind.OPERATOR)
        self.operator_key_seed, operator_key = keys(Kind.OPERATOR)
        self.account_seed, self.account_public = keys(Kind.ACCOUNT)
        self.key_seed, key = keys(Kind.ACCOUNT)
        self.scoped_seed, scoped = keys(Kind.ACCOUNT)
        self.operator = decode(
            jwt_make.encode(
                jwt_make.operator_claims(operator, "O", signing_keys=[operator_key], strict_signing_key_usage=strict),
                self.operator_seed,
                issued_at=NOW,
            )
        )
        entry = jwt_make.scoped_key(scoped, "role", publish=["a"], subscribe=["b"])
        self.account_claims = jwt_make.account_claims(self.account_public, "A", signing_keys=[key, entry], **account)
        self.account = decode(jwt_make.encode(self.account_claims, self.operator_key_seed, issued_at=NOW))

    def user(self, seed: str, **claims: Any) -> Jwt:  # noqa: ANN401
        public = keys(Kind.USER)[1]
        return decode(jwt_make.encode(jwt_make.user_claims(public, "U", **claims), seed, issued_at=NOW))

    def problem(self, user: Jwt) -> ChainProblem | None:
        return user_chain_problem(user, self.account, [self.operator])


def test_operator_of_the_go_library() -> None:
    jwt = decode(OPERATOR)
    assert jwt.kind == "operator"
    assert jwt.version == 2
    assert jwt.name == "Vector <&> é"
    assert jwt.subject == jwt.issuer
    assert jwt.subject.startswith("OBV6FRRJ")
    assert jwt.issued_at == NOW
    assert (jwt.expires_at, jwt.not_before) == (None, None)
    assert [key[:5] for key in jwt.signing_keys] == ["ODRGJ"]
    assert (jwt.system_account or "").startswith("ACTTD")
    assert jwt.account_server_url == "https://localhost/jwt/v1"
    assert jwt.operator_service_urls == ("nats://localhost:4222",)
    assert jwt.signature_valid
    assert jwt.jetstream is None
    assert operator_chain_problem(jwt) is None


def test_account_of_the_go_library() -> None:
    jwt = decode(TIERED_ACCOUNT)
    assert (jwt.expires_at, jwt.not_before) == (4102444800, 1700000000)
    assert [key[:5] for key in jwt.signing_keys] == ["ACTTD", "AD24X"]
    assert [key[:5] for key in jwt.scoped_keys] == ["AD24X"]
    assert jwt.jetstream is not None
    assert jwt.jetstream.grants_jetstream
    assert jwt.jetstream.tier(3) == JetStreamLimits(disk_storage=-1, streams=5)
    assert jwt.jetstream.tier(5) is None
    assert account_chain_problem(jwt, [decode(OPERATOR)]) is None
    plain = decode(PLAIN_ACCOUNT)
    assert plain.jetstream == JetStreamLimits()
    assert not plain.jetstream.grants_jetstream
    assert account_chain_problem(plain, [decode(OPERATOR)]) is None
    assert account_chain_problem(plain, [replace(decode(OPERATOR), strict_signing_key_usage=True)]) == "strict-signing"


@pytest.mark.parametrize(
    ("limits", "granted"),
    [
        (JetStreamLimits(), False),
        (JetStreamLimits(streams=-1, consumer=-1, max_bytes_required=True), False),
        (JetStreamLimits(mem_storage=-1), True),
        (JetStreamLimits(disk_storage=1), True),
        (JetStreamLimits(tiers=(("R1", JetStreamLimits(streams=-1)),)), False),
        (JetStreamLimits(disk_storage=-1, tiers=(("R1", JetStreamLimits(streams=-1)),)), False),
        (JetStreamLimits(tiers=(("R1", JetStreamLimits()), ("R3", JetStreamLimits(mem_storage=5)))), True),
    ],
)
def test_grants_jetstream_as_the_server_counts(limits: JetStreamLimits, granted: bool) -> None:  # noqa: FBT001
    assert limits.grants_jetstream is granted
    account = Trust(jetstream=limits).account
    assert account.jetstream == limits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        (b"\n", Reason.EMPTY),
        (b"\0" * 900, Reason.EMPTY),
        ("A" * (MAX_SIZE + 1), Reason.TOO_LARGE),
        ("hello", Reason.NOT_A_JWT),
        ("a.b", Reason.NOT_A_JWT),
        ("a.b.c.d", Reason.NOT_A_JWT),
        ("<h>.<t>.<ml>", Reason.NOT_A_JWT),
        ("größe", Reason.NOT_A_JWT),
        (b"\xff\xfe", Reason.NOT_A_JWT),
        ("a.b.c", Reason.BAD_HEADER),
        (OPERATOR[:20], Reason.TRUNCATED),
        (OPERATOR[:300], Reason.TRUNCATED),
        (OPERATOR[:-1], Reason.TRUNCATED),
        (OPERATOR[: OPERATOR.rindex(".")], Reason.TRUNCATED),
        (OPERATOR[: OPERATOR.rindex(".") + 1], Reason.TRUNCATED),
        (OPERATOR[: OPERATOR.rindex(".") + 6], Reason.TRUNCATED),
        (OPERATOR + "AAAA", Reason.BAD_SIGNATURE),
        (OPERATOR[:-1] + "=", Reason.BAD_SIGNATURE),
        (f" {OPERATOR}", Reason.NOT_A_JWT),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "",
)
def test_what_is_refused_and_why(text: str | bytes, reason: Reason) -> None:
    with pytest.raises(JwtError) as raised:
        decode(text)
    assert raised.value.reason is reason
    assert str(raised.value).startswith(f"{reason}: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": "soon"}, Reason.BAD_CLAIMS),
        ({"iat": 1.5}, Reason.BAD_CLAIMS),
        ({"exp": True}, Reason.BAD_CLAIMS),
        ({"exp": 2**63}, Reason.BAD_CLAIMS),
        ({"name": 5}, Reason.BAD_CLAIMS),
        ({"nats": []}, Reason.BAD_CLAIMS),
        ({"nats": {"type": "operator"}}, Reason.BAD_CLAIMS),
        ({"nats": {"type": "operator", "version": 3}}, Reason.NEWER_VERSION),
        ({"nats": {}}, Reason.WRONG_TYPE),
        ({"nats": None}, Reason.WRONG_TYPE),
        ({"nats": {"type": "operator", "version": 2, "signing_keys": "O"}}, Reason.BAD_CLAIMS),
        ({"nats": {"type": "operator", "version": 2, "signing_keys": [1]}}, Reason.BAD_CLAIMS),
        ({"nats": {"type": "operator", "version": 2, "strict_signing_key_usage": 1}}, Reason.BAD_CLAIMS),
        ({"nats": {"type": "account", "version": 2}}, Reason.BAD_CLAIMS),
        ({"sub": ""}, Reason.BAD_CLAIMS),
        ({"iss": "U"}, Reason.BAD_CLAIMS),
    ],
)
def test_claims_that_are_refused_and_why(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(JwtError) as raised:
        decode(made(**changes))
    assert raised.value.reason is reason


@pytest.mark.parametrize("header", [{"typ": "JWT", "alg": "RS256"}, {"typ": "x", "alg": "ed25519"}, {}, [], b"{"])
def test_headers_of_others_are_refused(header: object) -> None:
    seed, public = keys(Kind.OPERATOR)
    text = parts(header, {"sub": public}, seed)
    with pytest.raises(JwtError) as raised:
        decode(text)
    assert raised.value.reason is Reason.BAD_HEADER
    assert peek_kind(text) is None


@pytest.mark.parametrize("claims", [b"[" * 200_000, b"{", b"[]", b'{"a":NaN}', b'{"a":' + b"9" * 5000 + b"}", b"\xff"])
def test_claims_that_are_no_json_object(claims: bytes) -> None:
    text = parts({"typ": "JWT", "alg": "ed25519-nkey"}, claims, keys(Kind.OPERATOR)[0])
    with pytest.raises(JwtError) as raised:
        decode(text)
    assert raised.value.reason is Reason.BAD_CLAIMS


def test_expected_kind() -> None:
    assert decode(OPERATOR, "operator").kind == "operator"
    with pytest.raises(JwtError) as raised:
        decode(OPERATOR, "account")
    assert raised.value.reason is Reason.WRONG_TYPE


def test_line_ends_after_it_are_no_part_of_it() -> None:
    assert decode(f"{OPERATOR}\r\n") == decode(OPERATOR) == decode(OPERATOR.encode() + b"\n")
    assert decode(f"{OPERATOR}\n").text == OPERATOR


def test_a_line_end_within_breaks_the_signature_alone() -> None:
    # Go's base64 skips it, the signature does not.
    jwt = decode(OPERATOR[:200] + "\n" + OPERATOR[200:])
    assert jwt.subject == decode(OPERATOR).subject
    assert not jwt.signature_valid


def test_a_bad_signature_is_a_field() -> None:
    head, body, _ = OPERATOR.split(".")
    jwt = decode(f"{head}.{body}.{PLAIN_ACCOUNT.split('.')[2]}")
    assert jwt.subject == decode(OPERATOR).subject
    assert not jwt.signature_valid
    assert operator_chain_problem(jwt) is ChainProblem.BAD_SIGNATURE


def test_version_1_is_read() -> None:
    seed, public = keys(Kind.ACCOUNT)
    claims = {"sub": public, "iss": public, "type": "account", "nats": {"limits": {"subs": -1}, "signing_keys": []}}
    jwt = decode(parts({"typ": "jwt", "alg": "ed25519"}, claims, seed, version=1))
    assert (jwt.kind, jwt.version, jwt.signature_valid) == ("account", 1, True)
    assert jwt.jetstream == JetStreamLimits()


def test_other_kinds_are_read_as_far_as_they_go() -> None:
    jwt = decode(made(nats={"type": "activation", "version": 2}))
    assert jwt.kind == "activation"
    assert operator_chain_problem(jwt) is ChainProblem.WRONG_TYPE


def test_decorated() -> None:
    file = f"-----BEGIN NATS OPERATOR JWT-----\r\n{OPERATOR}\r\n------END NATS OPERATOR JWT------\r\n"
    assert undecorated(file) == OPERATOR
    assert undecorated(OPERATOR) == OPERATOR


def test_peek() -> None:
    assert peek_kind(OPERATOR) == "operator"
    assert peek_kind(OPERATOR[: OPERATOR.rindex(".") + 5]) == "operator"
    assert peek_kind(OPERATOR[:100]) is None
    assert peek_kind("") is None


def test_repr_does_not_hold_the_text() -> None:
    assert OPERATOR[-40:] not in repr(decode(OPERATOR))


def test_lone_surrogates_cannot_get_in() -> None:
    decode(made(name="\ud800")).name.encode()


@given(st.text() | st.binary())
def test_decode_raises_nothing_else(text: str | bytes) -> None:
    with pytest.raises(JwtError):
        decode(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["type", "version", "limits", "signing_keys", "tiered_limits", "pub", "sub", "bearer_token", "system_account"]


@given(
    st.dictionaries(st.sampled_from(["sub", "iss", "exp", "name", "nats", "type"]), json_values),
    st.sampled_from(["operator", "account", "user", "generic"]),
    st.dictionaries(st.sampled_from(FIELDS), json_values),
)
@settings(max_examples=200)
def test_any_json_as_claims_is_a_jwt_or_a_jwt_error(claims: dict[str, Any], kind: str, nats: dict[str, Any]) -> None:
    kinds = {"operator": Kind.OPERATOR, "account": Kind.ACCOUNT, "user": Kind.USER, "generic": Kind.SERVER}
    public, issuer = keys(kinds[kind])[1], keys(Kind.ACCOUNT)[1]
    base = {"sub": public, "iss": issuer, "nats": {"type": kind, "version": 2, **nats}, **claims}
    with contextlib.suppress(JwtError):
        hash(decode(parts({"typ": "JWT", "alg": "ed25519-nkey"}, base, keys(Kind.ACCOUNT)[0])))


@given(st.integers(0, len(TIERED_ACCOUNT) - 1))
def test_every_cut_is_refused_as_truncated(length: int) -> None:
    with pytest.raises(JwtError) as raised:
        decode(TIERED_ACCOUNT[:length])
    assert raised.value.reason in {Reason.TRUNCATED, Reason.EMPTY, Reason.NOT_A_JWT}
    assert raised.value.reason is Reason.TRUNCATED or length < 3


@given(st.text(max_size=30), st.integers(1, 2**40), st.integers(1, 2**40))
def test_what_is_made_is_read_back(name: str, expires_at: int, issued_at: int) -> None:
    seed, public = keys(Kind.OPERATOR)
    claims = jwt_make.operator_claims(public, name, expires_at=expires_at)
    jwt = decode(jwt_make.encode(claims, seed, issued_at=issued_at))
    assert (jwt.subject, jwt.expires_at, jwt.issued_at) == (public, expires_at, issued_at)
    assert jwt.name == name
    assert jwt.signature_valid


def test_identifier_is_that_of_the_go_library() -> None:
    jwt = decode(OPERATOR)
    claims = (
        f'{{"iat":{jwt.issued_at},"iss":"{jwt.issuer}","name":"Vector \\u003c\\u0026\\u003e é","sub":"{jwt.subject}"}}'
    )
    digest = hashlib.new("sha512_256", claims.encode()).digest()
    assert jwt.jti == base64.b32encode(digest).decode().rstrip("=")
    seed, public = keys(Kind.OPERATOR)
    own = decode(jwt_make.encode(jwt_make.operator_claims(public, jwt.name), seed, issued_at=NOW))
    ours = claims.replace(jwt.subject, public)
    assert own.jti == base64.b32encode(hashlib.new("sha512_256", ours.encode()).digest()).decode().rstrip("=")


def test_user_chain() -> None:
    trust = Trust()
    account = trust.account_public
    assert account_chain_problem(trust.account, [trust.operator]) is None
    assert trust.problem(trust.user(trust.account_seed)) is None
    assert trust.problem(trust.user(trust.key_seed, issuer_account=account)) is None
    assert trust.problem(trust.user(trust.scoped_seed, issuer_account=account, scoped=True)) is None
    assert trust.problem(trust.user(trust.scoped_seed, issuer_account=account)) == "scoped-with-permissions"
    assert trust.problem(trust.user(trust.key_seed)) is ChainProblem.WRONG_ACCOUNT
    stranger = keys(Kind.ACCOUNT)[0]
    assert trust.problem(trust.user(stranger, issuer_account=account)) is ChainProblem.UNKNOWN_ISSUER
    forged = replace(trust.user(trust.account_seed), signature_valid=False)
    assert trust.problem(forged) is ChainProblem.BAD_SIGNATURE
    assert trust.problem(trust.account) is ChainProblem.WRONG_TYPE


def test_strict_signing() -> None:
    trust = Trust(strict=True)
    assert account_chain_problem(trust.account, [trust.operator]) is None
    own = decode(jwt_make.encode(trust.account_claims, trust.operator_seed, issued_at=NOW))
    assert account_chain_problem(own, [trust.operator]) is ChainProblem.STRICT_SIGNING
    assert trust.problem(trust.user(trust.account_seed)) is ChainProblem.STRICT_SIGNING
    assert trust.problem(trust.user(trust.key_seed, issuer_account=trust.account_public)) is None


def test_account_of_another_operator() -> None:
    one, other = Trust(), Trust()
    assert account_chain_problem(one.account, [other.operator]) is ChainProblem.UNKNOWN_ISSUER
    assert account_chain_problem(one.account, [other.operator, one.operator]) is None
    assert account_chain_problem(one.account, []) is ChainProblem.UNKNOWN_ISSUER
    assert account_chain_problem(one.operator, [one.operator]) is ChainProblem.WRONG_TYPE
    forged = replace(one.account, signature_valid=False)
    assert account_chain_problem(forged, [one.operator]) is ChainProblem.BAD_SIGNATURE
    foreign = replace(one.operator, issuer=other.operator.subject)
    assert operator_chain_problem(foreign) is ChainProblem.UNKNOWN_ISSUER


def test_bearer_users_where_the_account_forbids_them() -> None:
    trust = Trust(disallow_bearer=True)
    assert trust.problem(trust.user(trust.account_seed, bearer=True)) is ChainProblem.BEARER_REFUSED
    assert trust.problem(trust.user(trust.account_seed)) is None


@pytest.mark.parametrize(
    ("expires_at", "not_before", "expected"),
    [
        (None, None, Validity.VALID),
        (NOW, None, Validity.EXPIRED),
        (NOW + 1, None, Validity.EXPIRING_SOON),
        (NOW + 100, None, Validity.EXPIRING_SOON),
        (NOW + 101, None, Validity.VALID),
        (None, NOW, Validity.VALID),
        (None, NOW + 1, Validity.NOT_YET_VALID),
        (NOW - 1, NOW + 1, Validity.EXPIRED),
    ],
)
def test_validity(expires_at: int | None, not_before: int | None, expected: Validity) -> None:
    jwt = replace(decode(OPERATOR), expires_at=expires_at, not_before=not_before)
    assert validity(jwt, NOW, 100) is expected


def test_credentials_file() -> None:
    trust = Trust()
    seed = nkey.create_seed(Kind.USER)
    text = jwt_make.credentials_file(trust.user(trust.account_seed).text, seed)
    assert decode(undecorated(text)).kind == "user"
    (span,) = nkey.find_seeds(text)
    assert text[span.start : span.end] == seed
