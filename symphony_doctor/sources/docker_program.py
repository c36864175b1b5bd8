"""The docker program, where there is one: asked for what no file tells. A daemon may be absent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
"""How long one answer is waited for: a daemon that hangs is none."""

_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Docker:
    """The program at a path, or none and why; ``environment`` is what it is run with."""

    program: str | None
    environment: Mapping[str, str]
    why: str = "there is no docker program to ask"

    def mountpoint(self, volume: str) -> Path | str:
        """Return the directory of a volume on the daemon's machine, or why it is not known."""
        told = self._ask("volume", "inspect", "--format", "{{.Mountpoint}}", volume)
        if isinstance(told, str):
            return told
        text = told.decode("utf-8", "replace").strip()
        return Path(text) if text.startswith("/") else "docker volume inspect tells no mountpoint"

    def compose_files(self, project: str) -> tuple[tuple[str, tuple[str, ...]], ...] | str:
        """Return the projects that have containers, each with its compose files, or why they are not known."""
        label = "com.docker.compose.project"
        wanted = f"{label}={project}" if project else label
        shown = f'{{{{.Label "{label}"}}}}\t{{{{.Label "{label}.config_files"}}}}'
        told = self._ask("ps", "--all", "--filter", f"label={wanted}", "--format", shown)
        if isinstance(told, str):
            return told
        rows = dict.fromkeys(told.decode("utf-8", "replace").splitlines())
        pairs = (row.partition("\t")[::2] for row in rows)
        return tuple((name, tuple(files.split(","))) for name, files in pairs if name and files)

    def resolved(self, files: tuple[Path, ...], project: str) -> bytes | str:
        """Return compose files as one that refers to no other, or why that cannot be had; it needs no daemon."""
        options = [part for file in files for part in ("--file", str(file))]
        named = ["--project-name", project] if project else []
        return self._ask("compose", *options, *named, "config", "--format", "json")

    def _ask(self, *arguments: str) -> bytes | str:
        asked = f"docker {arguments[0]}"
        if self.program is None:
            return self.why
        try:
            done = subprocess.run(
                [self.program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                env=dict(self.environment),
            )
        except subprocess.TimeoutExpired:
            return f"{asked} does not answer within {SECONDS:g} s"
        except OSError as error:
            return f"{asked} cannot be run: {(error.strerror or 'unknown reason').lower()}"
        if done.returncode:
            # its words may hold values of the files: only what is known of them is passed on
            words = done.stderr.decode("utf-8", "replace").lower()
            if "daemon" in words or "connect" in words:
                return f"{asked}: no docker daemon answers, or this user may not ask it"
            return f"{asked} ended with status {done.returncode}"
        return done.stdout if len(done.stdout) <= _MOST else f"{asked} answers with more than {_MOST:,} bytes"


def docker_of(environment: Mapping[str, str], *, offline: bool = False) -> Docker:
    """Return the docker program that the environment leads to; its daemon may be another machine's."""
    if offline:
        return Docker(None, environment, "docker is not asked with --offline")
    return Docker(shutil.which("docker", path=environment.get("PATH", "")), environment)
