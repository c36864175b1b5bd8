"""Accidents while a file is replaced: afterwards it is the old or the new one, whole, and the journal says which."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab import layout
from symphony_doctor.lab.identity import create_identity
from symphony_doctor.lab.layout import NodeAddress

from .conftest import PROGRAM
from .fixing import Killer, told

IDENTITY = create_identity()
NODES = tuple(NodeAddress(f"node{at}", 4220 + at, 9220 + at, 6220 + at, 8080 + at) for at in (1, 2, 3))


def written(root: Path) -> list[Path]:
    """Write the directories of three nodes, of which the second has another issuer; nothing runs."""
    folders = []
    for node in NODES:
        layout.write_node(root / node.name, node, NODES, IDENTITY)
        folders.append(root / node.name)
    broken = folders[1] / "symphony.config"
    broken.write_text(broken.read_text().replace("realms/symphony", "realms/other"))
    return folders


def arguments(folders: list[Path]) -> list[str]:
    nodes = [argument for folder in folders for argument in ("--node", str(folder))]
    return ["fix", *nodes, "--offline", "--select", "CF008", "--yes"]


def undo(journal: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "fix", "undo", "--yes", "--journal", journal], capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def fix(folders: list[Path], journal: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments(folders), "--journal", journal], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip


def test_killed_at_any_step_of_replacing_a_file(tmp_path: Path) -> None:
    folders = written(tmp_path)
    path = folders[1] / "symphony.config"
    old = path.read_bytes()
    new = old.replace(b"realms/other", b"realms/symphony")
    status = path.stat()
    seen: list[bool] = []
    at, status_of_run = 0, -9
    with Killer(*arguments(folders)) as killer:
        while status_of_run == -9:
            journal = tmp_path / f"journal{at}"
            status_of_run = killer.kill(at, "--journal", journal)
            now = path.read_bytes()
            assert now in {old, new}, f"killed before step {at}"
            assert (path.stat().st_mode, path.stat().st_mtime_ns) == (status.st_mode, status.st_mtime_ns)
            log = told(journal)
            if "interrupted" in log:
                assert f"{path} is the {'old' if now == old else 'new'} one, whole" in log
            elif now == new:
                assert "  done" in log
            kept = list(folders[1].glob("symphony.config.before-*"))
            assert all(each.read_bytes() == old for each in kept)
            if now == new:
                assert len(kept) == 1
                if not any(seen):
                    # it can be taken back by the journal alone, though it was killed
                    assert undo(journal).returncode == 0
                else:
                    kept[0].replace(path)
                assert path.read_bytes() == old
            seen.append(now == new)
            for each in folders[1].glob("symphony.config.before-*"):
                each.unlink()
            at += 1
    assert status_of_run in {0, 3}
    assert seen == sorted(seen), "once replaced, it stays replaced"
    assert (seen[0], seen[-1], at > 15) == (False, True, True)
    assert sorted(each.name for each in folders[1].iterdir() if each.name.startswith(".")) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root mounts a file system")
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield folder
    subprocess.run(["/bin/umount", folder], check=True)


def filled(folder: Path) -> None:
    """Leave no room at all."""
    with (folder / "filling").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            return


def test_a_disk_that_is_full_in_the_middle_leaves_the_old_file(tmp_path: Path, small_disk: Path) -> None:
    folders = written(tmp_path / "nodes")
    shutil.copytree(folders[1], small_disk / "node2")
    folders[1] = small_disk / "node2"
    path = folders[1] / "symphony.config"
    old = path.read_bytes()
    filled(small_disk)
    done = fix(folders, tmp_path / "journal")
    assert path.read_bytes() == old
    assert "no space left on device" in done.stdout + done.stderr
    assert done.returncode in {1, 2}
    assert sorted(each.name for each in folders[1].iterdir() if "doctor" in each.name or "before" in each.name) == []


def test_a_journal_that_cannot_be_written_lets_nothing_be_changed(tmp_path: Path, small_disk: Path) -> None:
    folders = written(tmp_path / "nodes")
    path = folders[1] / "symphony.config"
    old = path.read_bytes()
    journal = small_disk / "journal"
    journal.mkdir()
    filled(small_disk)
    done = fix(folders, journal)
    assert path.read_bytes() == old
    assert "no space left on device" in (done.stdout + done.stderr).lower()
    assert "symphony.config.before" not in " ".join(each.name for each in folders[1].iterdir())


def test_a_copied_directory_of_another_machine_is_what_is_edited(tmp_path: Path) -> None:
    folders = written(tmp_path)
    done = fix(folders, tmp_path / "journal")
    assert " fixed: In symphony.config of node2" in done.stdout, done.stdout + done.stderr
    entry = json.loads((tmp_path / "journal" / "journal.jsonl").read_text().splitlines()[1])
    assert entry["before"]["file"] == str(folders[1] / "symphony.config")
