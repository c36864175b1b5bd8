"""Bundles that were damaged or made to do harm: refused with a sentence, nothing written, nothing unpacked."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.manifest import KIND, MANIFEST, SCHEMA, SNAPSHOT, Manifest, entry_of, to_json
from symphony_doctor.errors import InputError
from symphony_doctor.sources import archive
from symphony_doctor.sources.bundle import read_bundle
from symphony_doctor.sources.snapshot import Snapshot

EMPTY = to_json(Snapshot, Snapshot(1.0, network=False, credentials=False, files=True, observations=()))

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def manifest(*files: tuple[str, bytes], **changes: object) -> Member:
    made = Manifest(KIND, SCHEMA, "0", 1.0, "host", "key", (), tuple(entry_of(BundleFile(*each)) for each in files))
    return member(MANIFEST, json.dumps({**json.loads(to_json(Manifest, made)), **changes}).encode())


def pack(path: Path, members: Iterable[Member]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for info, content in members:
            packed.addfile(info, io.BytesIO(content))
    return path


GOOD = (manifest((SNAPSHOT, EMPTY)), member(SNAPSHOT, EMPTY))


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        read_bundle(path)
    return str(refused.value)


def test_the_bundle_that_the_others_are_made_from_is_good(tmp_path: Path) -> None:
    assert read_bundle(pack(tmp_path / "b.tar.gz", GOOD)).snapshot.observed_at == 1.0


def with_snapshot(data: bytes) -> tuple[Member, ...]:
    return manifest((SNAPSHOT, data)), member(SNAPSHOT, data)


CASES: dict[str, tuple[tuple[Member, ...], str]] = {
    "parent": ((*GOOD, member("../../evil", b"x")), "a name that no bundle has"),
    "absolute": ((*GOOD, member("/evil", b"x")), "a name that no bundle has"),
    "escape sequence": ((*GOOD, member("a\x1b[31m", b"x")), r"'a\x1b[31m'"),
    "hidden": ((*GOOD, member(".ssh/authorized_keys", b"x")), "a name that no bundle has"),
    "symbolic link": ((*GOOD, member("report.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd")), "a link"),
    "hard link": ((*GOOD, member("report.txt", type=tarfile.LNKTYPE, linkname=SNAPSHOT)), "a link"),
    "device": ((*GOOD, member("report.txt", type=tarfile.CHRTYPE)), "a device"),
    "fifo": ((*GOOD, member("report.txt", type=tarfile.FIFOTYPE)), "no file"),
    "directory": ((*GOOD, member("nodes", type=tarfile.DIRTYPE)), "no file"),
    "twice": ((*GOOD, GOOD[1]), "or holds it twice"),
    "two manifests": ((*GOOD, GOOD[0]), "or holds it twice"),
    "not in the manifest": ((*GOOD, member("more.txt", b"x")), "does not name"),
    "lacks a file": ((manifest((SNAPSHOT, EMPTY), ("report.txt", b"x")), GOOD[1]), "it lacks report.txt"),
    "another content": ((manifest((SNAPSHOT, EMPTY[:-1] + b" ")), GOOD[1]), "damaged or changed"),
    "another size": ((manifest((SNAPSHOT, EMPTY + b" ")), GOOD[1]), "damaged or changed"),
    "manifest names twice": ((manifest((SNAPSHOT, EMPTY), (SNAPSHOT, EMPTY)), GOOD[1]), "names a file twice"),
    "manifest is not first": (GOOD[::-1], "its first file is not manifest.json"),
    "no manifest": ((), "its first file is not manifest.json"),
    "no snapshot": ((manifest(),), "it has no snapshot.json"),
    "newer": ((manifest((SNAPSHOT, EMPTY), schema=SCHEMA + 1, news=1), GOOD[1]), "read it with a newer one"),
    "another kind": ((manifest(kind="x"), GOOD[1]), "not that of a support bundle"),
    "no time": ((manifest((SNAPSHOT, EMPTY), made_at=float("inf")), GOOD[1]), "at no possible time"),
    "no JSON": (with_snapshot(b"secret words"), "its snapshot.json is no JSON"),
    "deep": (with_snapshot(b"[" * 200_000), "nested too deep"),
    "long number": (with_snapshot(b"1" * 10_000), "is no JSON"),
    "unknown class": (
        with_snapshot(EMPTY.replace(b'"observations":[]', b'"observations":[{"os.system":{}}]')),
        "$.observations[0]: expected one of NodeFiles",
    ),
    "unknown field": (with_snapshot(EMPTY[:-1] + b',"more":1}'), "the fields of Snapshot alone"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_a_reason(case: str, tmp_path: Path) -> None:
    members, words = CASES[case]
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = pack(folder / "b.tar.gz", members)

    message = refusal(path)

    assert str(path) in message
    assert words in message
    assert len(message) < 400
    assert "\x1b" not in message
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a", "b", "b.tar.gz"]


def bomb(path: Path, header: tarfile.TarInfo, size: int) -> Path:
    """Write a header and then zeros, a megabyte at a time."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for info, content in GOOD:
            file.write(info.tobuf() + content + bytes(-len(content) % 512))
        file.write(header.tobuf())
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return path


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_as_large_as_the_memory_is_not_read(kind: bytes, tmp_path: Path) -> None:
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 2**33 - 512
    assert "header in it is larger" in refusal(bomb(tmp_path / "b.tar.gz", header, 8 * 2**20))


def test_a_bundle_that_would_unpack_to_too_much_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = tarfile.TarInfo("report.txt")
    header.size = archive.FILE_LIMIT + 1
    assert "it would unpack to more than" in refusal(bomb(tmp_path / "b.tar.gz", header, 2**20))


def truncated(path: Path) -> None:
    data = pack(path, GOOD).read_bytes()
    path.write_bytes(data[: len(data) // 2])


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "is not there": (lambda _: None, "does not exist"),
    "is a directory": (Path.mkdir, "is no file"),
    "is a FIFO": (os.mkfifo, "is no file"),
    "is empty": (lambda path: path.write_bytes(b""), "damaged, or no .tar.gz"),
    "is text": (lambda path: path.write_bytes(b"hello" * 1000), "it is no .tar.gz file"),
    "is no tar": (lambda path: path.write_bytes(gzip.compress(b"hello" * 1000)), "damaged, or no .tar.gz"),
    "is cut off": (truncated, "damaged, or no .tar.gz"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_path_that_is_no_bundle_is_named(how: str, tmp_path: Path) -> None:
    spoil, words = SPOILT[how]
    path = tmp_path / "b.tar.gz"
    spoil(path)
    assert words in refusal(path)
    assert str(path) in refusal(path)
