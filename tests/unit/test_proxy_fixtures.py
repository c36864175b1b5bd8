"""The proxy configurations in fixtures are real: the very programs accept them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROXIES = Path(__file__).parents[2] / "fixtures" / "proxies"
STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
NGINX = [path for path in sorted((PROXIES / "nginx").rglob("*.conf")) if not path.parent.name.endswith(".d")]
HAPROXY = sorted((PROXIES / "haproxy").rglob("*.cfg"))


def accepted(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_fixtures() -> None:
    assert len(NGINX) > 30
    assert len(HAPROXY) > 15


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed on this machine")
@pytest.mark.skipif(os.geteuid() != 0, reason="nginx -t opens directories that are root's alone")
@pytest.mark.parametrize("path", NGINX, ids=lambda path: str(path.relative_to(PROXIES)))
def test_nginx_accepts_it(path: Path, tmp_path: Path) -> None:
    program = shutil.which("nginx") or "nginx"
    settings = f"pid {tmp_path}/nginx.pid;"
    if STREAM.exists():
        settings = f"load_module {STREAM}; {settings}"
    elif "stream {" in path.read_text():
        built = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=60, check=False).stderr
        if "--with-stream " not in f"{built} ":
            pytest.skip("this nginx has no stream module")
    accepted(program, "-t", "-e", "stderr", "-g", settings, "-c", str(path))


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed on this machine")
@pytest.mark.parametrize("path", HAPROXY, ids=lambda path: str(path.relative_to(PROXIES)))
def test_haproxy_accepts_it(path: Path) -> None:
    accepted(shutil.which("haproxy") or "haproxy", "-c", "-f", str(path))
