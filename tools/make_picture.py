"""Draws docs/pictures/diagnosis.svg: what `symphony-doctor run` really prints on a cluster that was really broken.

Run: .venv/bin/python tools/make_picture.py [FAULT]
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from symphony_doctor.lab.cluster import Lab

FAULT = "absent-replica"
WIDTH = 100
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "diagnosis.svg"


def main(fault: str) -> None:
    """Start a cluster, break it, diagnose it on a terminal, and save the screen."""
    with tempfile.TemporaryDirectory(prefix="symphony-") as folder:
        lab = asyncio.run(Lab.create(Path(folder) / "symphony", nodes=3))
        try:
            asyncio.run(lab.break_(fault))
            screen = on_terminal(lab)
        finally:
            asyncio.run(lab.stop())
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(Text.from_ansi(screen.replace(str(lab.root), "/opt")))
    picture = console.export_svg(title="symphony-doctor run")
    # the reader's own fonts do: a picture fetches nothing
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    PICTURE.write_text(picture, encoding="utf-8")


def on_terminal(lab: Lab) -> str:
    """Return what the installed program writes to a terminal."""
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    doctor = Path(sys.executable).with_name("symphony-doctor")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(WIDTH), "LINES": "50", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [doctor, "run", *nodes, "--creds", lab.system_credentials], stdout=theirs, env=environment
    ) as process:
        os.close(theirs)
        data = bytearray()
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            if not chunk:
                break
            data += chunk
        process.wait()
    os.close(ours)
    return data.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else FAULT)
