"""The corpus: what the server accepts is accepted, what it refuses is refused with a place."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symphony_doctor.formats import nats_config
from symphony_doctor.formats.position import FormatError

CORPUS = Path(__file__).parents[3] / "fixtures" / "nats-config"
FILES = sorted(CORPUS.glob("*/*.conf"))
SERVER = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")


def refusal(path: Path) -> str | None:
    """Return why the file is refused, None where it is accepted."""

    def read_include(including: str, written: str) -> bytes:
        return (Path(including).parent / written).read_bytes()

    try:
        config = nats_config.parse(path.read_bytes(), str(path), read_include=read_include, environment={})
    except FormatError as error:
        return str(error)
    found = nats_config.problems(config)
    return f"{found[0].position}: {found[0].message}" if found else None


def test_the_corpus_is_large_enough() -> None:
    assert len(FILES) >= 80
    assert min(len(list((CORPUS / kind).glob("*.conf"))) for kind in ("accepted", "refused")) >= 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_verdict(path: Path) -> None:
    found = refusal(path)
    if path.parent.name == "accepted":
        assert found is None
    else:
        assert found is not None
        assert found.startswith(f"{path}:")
        line, column = found.removeprefix(f"{path}:").split(":")[:2]
        assert int(line) >= 1
        assert int(column) >= 1


@pytest.mark.skipif(SERVER is None, reason="nats-server is not installed (extra: lab)")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_server_agrees(path: Path, tmp_path: Path) -> None:
    for file in path.parent.iterdir():
        shutil.copy(file, tmp_path)
    assert SERVER is not None
    done = subprocess.run(  # the server makes the directories that a file names: in a place of its own
        [SERVER, "-t", "-c", path.name], cwd=tmp_path, capture_output=True, check=False, timeout=20
    )
    assert (done.returncode == 0) is (path.parent.name == "accepted"), done.stderr.decode()
