"""Where symphony-doctor.toml is looked for, and which one that is found is not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symphony_doctor.formats.inventory_name import NAME
from symphony_doctor.sources.inventory_file import find_inventory


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.touch(0o644)
    return path


def test_the_nearest_one_upwards_goes_before_the_configuration_folder(tmp_path: Path) -> None:
    """Then its own folder there goes before the file itself."""
    below, around = tmp_path / "a" / "b" / "c", {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    below.mkdir(parents=True)
    assert find_inventory(below, around) is None
    for folder in (tmp_path / "config", tmp_path / "config" / "symphony-doctor", tmp_path / "a", below):
        path = put(folder)
        found = find_inventory(below, around)
        assert found is not None
        assert (found.path, found.refused) == (path, "")


def test_home_stands_for_a_configuration_folder_that_is_not_named(tmp_path: Path) -> None:
    """A folder that is not absolute is none (XDG base directory specification)."""
    path, elsewhere = put(tmp_path / "home" / ".config"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = find_inventory(elsewhere, {"HOME": str(tmp_path / "home")})
    assert found is not None
    assert found.path == path
    assert find_inventory(elsewhere, {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": "config"}) is None
    assert find_inventory(elsewhere, {}) is None


def test_a_directory_of_that_name_is_none(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    (tmp_path / "a" / "b" / NAME).mkdir(parents=True)
    found = find_inventory(tmp_path / "a" / "b", {})
    assert found is not None
    assert found.path == path


def test_what_others_can_write_is_not_used(tmp_path: Path) -> None:
    """Their group may be the team."""
    path = put(tmp_path)
    for mode, refused in ((0o664, ""), (0o646, "everybody may write it")):
        path.chmod(mode)
        found = find_inventory(tmp_path, {})
        assert found is not None
        assert found.refused == refused


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_file_of_another_user_is_not_used(tmp_path: Path) -> None:
    path = put(tmp_path)
    os.chown(path, 12345, -1)
    found = find_inventory(tmp_path, {})
    assert found is not None
    assert found.refused == "it is another user's"
