"""Nkeys: what is one, what is not, and agreement with the reference implementation."""

import contextlib

import nkeys
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats import nkey
from symphony_doctor.formats.nkey import Kind, NkeyError

ED25519 = [kind for kind in Kind if kind is not Kind.CURVE]

kinds = st.sampled_from(Kind)
raws = st.binary(min_size=32, max_size=32)


@given(kinds, raws)
def test_seed_round_trip(kind: Kind, raw: bytes) -> None:
    seed = nkey.encode_seed(kind, raw)
    key = nkey.decode(seed)
    assert (key.kind, key.is_seed, key.raw) == (kind, True, raw)
    assert seed.startswith("S" + kind.letter)
    public = nkey.public_of_seed(seed)
    assert public.startswith(kind.letter)
    assert nkey.is_public(public, kind)
    assert nkey.is_seed(seed, kind)


@given(st.sampled_from(ED25519), raws, st.binary(max_size=64))
def test_agrees_with_the_nkeys_package(kind: Kind, raw: bytes, message: bytes) -> None:
    seed = nkey.encode_seed(kind, raw)
    reference = nkeys.from_seed(seed.encode())
    assert reference.public_key.decode() == nkey.public_of_seed(seed)
    assert reference.sign(message) == nkey.sign(seed, message)
    assert nkey.verify(nkey.public_of_seed(seed), message, reference.sign(message))


def test_curve_key_of_the_go_library() -> None:
    seed = nkey.encode_seed(Kind.CURVE, bytes(range(32)))
    assert nkey.public_of_seed(seed) == "XCHUBRNNW2HSKYSK4WZBJ2TWPJXMSTMCTU6XWXQ22G5G6PRBHAUF76G7"


@given(kinds, raws, st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_changed_character_is_noticed(kind: Kind, raw: bytes, index: int, character: str) -> None:
    public = nkey.public_of_seed(nkey.encode_seed(kind, raw))
    changed = public[:index] + character + public[index + 1 :]
    assert nkey.is_public(changed) == (changed == public)


@given(st.text() | st.from_regex(r"[A-Z2-7]{56}|S[OAUNCX][A-Z2-7]{56}", fullmatch=True))
def test_decode_raises_nothing_but_its_error(text: str) -> None:
    with contextlib.suppress(NkeyError):
        nkey.decode(text)


@pytest.mark.parametrize("kind", Kind)
def test_kinds_are_told_apart(kind: Kind) -> None:
    seed = nkey.create_seed(kind)
    public = nkey.public_of_seed(seed)
    for other in Kind:
        assert nkey.is_public(public, other) == (other is kind)
        assert nkey.is_seed(seed, other) == (other is kind)
    assert not nkey.is_public(seed)
    assert not nkey.is_seed(public)
    assert not nkey.is_seed(seed.lower())


def test_repr_of_a_decoded_seed_keeps_it() -> None:
    seed = nkey.create_seed(Kind.USER)
    key = nkey.decode(seed)
    assert repr(key.raw) not in repr(key)
    assert seed not in repr(key)


def test_verify_is_false_for_whatever_is_wrong() -> None:
    seed = nkey.create_seed(Kind.ACCOUNT)
    public, signature = nkey.public_of_seed(seed), nkey.sign(seed, b"message")
    assert nkey.verify(public, b"message", signature)
    assert not nkey.verify(public, b"massage", signature)
    assert not nkey.verify(public, b"message", signature[:-1])
    assert not nkey.verify(public, b"message", bytes(64))
    assert not nkey.verify(seed, b"message", signature)
    assert not nkey.verify("", b"message", signature)
    assert not nkey.verify(nkey.public_of_seed(nkey.create_seed(Kind.CURVE)), b"message", signature)


def test_curve_keys_cannot_sign_and_public_keys_neither() -> None:
    with pytest.raises(NkeyError, match="curve"):
        nkey.sign(nkey.create_seed(Kind.CURVE), b"")
    with pytest.raises(NkeyError, match="seed is needed"):
        nkey.sign(nkey.public_of_seed(nkey.create_seed(Kind.USER)), b"")
    with pytest.raises(NkeyError, match="32 bytes"):
        nkey.encode_seed(Kind.USER, b"short")


@given(
    st.lists(kinds, min_size=1, max_size=4),
    st.text(alphabet="ABCSUO27 \n\"'", max_size=80),
)
def test_seeds_are_found_anywhere(kinds: list[Kind], noise: str) -> None:
    seeds = [nkey.create_seed(kind) for kind in kinds]
    text = f"{noise} {'|'.join(seeds)} {noise}"
    found = nkey.find_seeds(text)
    assert [text[span.start : span.end] for span in found] == seeds
    assert [span.kind for span in found] == kinds


def test_a_seed_inside_a_longer_run_of_its_alphabet_is_found() -> None:
    seed = nkey.create_seed(Kind.USER)
    (span,) = nkey.find_seeds(f"KEYSUSA{seed}ABC")
    assert (span.start, span.end) == (7, 65)


def test_expanded_private_keys_count_as_secret() -> None:
    private = nkeys.from_seed(nkey.create_seed(Kind.USER).encode()).private_key.decode()
    (span,) = nkey.find_seeds(f"key {private}")
    assert (span.start, span.end, span.kind) == (4, 4 + len(private), None)


def test_public_keys_and_broken_seeds_are_no_seeds() -> None:
    seed = nkey.create_seed(Kind.ACCOUNT)
    swapped = seed[:10] + ("A" if seed[10] != "A" else "B") + seed[11:]
    assert nkey.find_seeds(f"{nkey.public_of_seed(seed)} {swapped} {seed[:57]}") == ()
