"""Replacing a file: what it was beside its content stays, and a file that changed is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symphony_doctor.model.action import RepairFailed, RepairRefused
from symphony_doctor.remedies import files
from symphony_doctor.remedies.lock import locked


def test_owner_mode_attributes_and_times_stay(tmp_path: Path) -> None:
    path, kept = tmp_path / "f", tmp_path / "f.before"
    path.write_bytes(b"old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
    os.utime(path, ns=(10**18 + 1, 10**18 + 2))
    before = path.stat()
    files.replace(path, b"old", b"new", kept)
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_mtime_ns == before.st_mtime_ns
    assert (kept.read_bytes(), kept.stat().st_ino) == (b"old", before.st_ino)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["f", "f.before"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "f", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    files.replace(link, b"old", b"new", None)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_file_that_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"another")
    with pytest.raises(RepairRefused, match="changed since"):
        files.replace(path, b"old", b"new", tmp_path / "kept")
    with pytest.raises(RepairRefused, match="changed since"):
        files.replace(path, None, b"new", None)
    assert [each.name for each in tmp_path.iterdir()] == ["f"]
    assert path.read_bytes() == b"another"


def test_a_file_is_made_and_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "f"
    files.replace(path, None, b"new", None)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    files.replace(path, b"new", None, None)
    assert not path.exists()


def test_an_interrupted_attempt_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    (tmp_path / ".f.symphony-doctor").write_bytes(b"half")
    files.replace(path, b"old", b"new", None)
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_what_the_file_system_refuses_is_said_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def no(*_: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", no)
    with pytest.raises(RepairFailed, match="f: device or resource busy; it is as it was"):
        files.replace(path, b"old", b"new", None)
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_the_lock_leaves_nothing_and_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        with locked([tmp_path, tmp_path]):
            assert [each.name for each in tmp_path.iterdir()] == [".symphony-doctor.lock"]
        assert list(tmp_path.iterdir()) == []
