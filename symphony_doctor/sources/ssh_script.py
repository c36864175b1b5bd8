"""What runs on the other host: a POSIX shell that answers questions about paths, and how its answers are read.

Nothing is written there, no file of its own included. A question is a line, a letter and a path; a round of them ends
with a dot, and is answered in the same order:

    P path      what is there: its kind, whether it may be read, whether it is a link
    R path      the same; its content follows with the others' in tar archives at the end
    L path      the same, and the names in it with what each is
    C path      the path without links
    S path      its size in bytes
    D path      what df says of its disk
    G bytes     of the logs that follow no more than so many bytes, the newest first
    g path      what is there, its inode, size and time, and the end of its content
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from symphony_doctor.model.jetstream import Disk

FILE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one file; a larger one stays where it is."""

_GZIP: Final = b"\x1f\x8b"

GREETING: Final = b"symphony-doctor 1"

_SCRIPT: Final = r"""
s=$1; LC_ALL=C; export LC_ALL; unset TAR_OPTIONS GZIP CDPATH; set -f
n='
'
what() {
  r=-; h=-; [ -r "$1" ] && r=r; [ -h "$1" ] && h=l
  if [ -d "$1" ]; then k=d; elif [ -f "$1" ]; then k=f; elif [ -p "$1" ]; then k=p
  elif [ -S "$1" ]; then k=s; elif [ -c "$1" ]; then k=c; elif [ -b "$1" ]; then k=b
  elif [ -h "$1" ]; then k=l; elif [ -e "$1" ]; then k=o
  else
    k=n; q=$1
    while q=${q%/*}; [ -n "$q" ]; do
      if [ -d "$q" ]; then [ -x "$q" ] || k=x; break; fi
      if [ -e "$q" ]; then k=t; break; fi
    done
  fi
}
real() {
  p=$1; i=0
  while [ -h "$p" ] && [ ! -d "$p" ] && [ "$i" -lt 20 ]; do
    t=$(ls -ld "$p"); t=${t#*"$p -> "}; i=$((i+1))
    case $t in /*) p=$t;; *) p=${p%/*}/$t;; esac
  done
  if [ -d "$p" ]; then cd -P "$p" && pwd -P
  else d=$(cd -P "${p%/*}/" && pwd -P) && printf '%s\n' "${d%/}/${p##*/}"; fi
}
line() { case $1 in *"$n"*) echo;; *) printf '%s\n' "$1";; esac; }
names() {
  set +f
  for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -h "$e" ]; then t=l; elif [ -d "$e" ]; then t=d; elif [ -e "$e" ]; then t=f; else continue; fi
    case $e in *"$n"*) ;; *) printf '%s%s\n' "$t" "${e##*/}";; esac
  done
  set -f
}
log() {
  i=0; s=0; m=0; c=0
  if [ "$k$r" = fr ]; then
    set -- "$1" $(ls -Lldni "$1" 2>/dev/null); i=$2; s=$7
    case $s in ''|*[!0-9]*) s=0;; esac
    m=$(stat -Lc %Y "$1" 2>/dev/null || stat -Lf %m "$1" 2>/dev/null || echo 0)
    c=$s
    if [ "$c" -gt "$left" ]; then case $1 in *.gz) c=0;; *) c=$left;; esac; fi
    left=$((left-c))
  fi
  printf '%s%s%s %s %s %s %s\n' "$k" "$r" "$h" "$i" "$s" "$m" "$c"
  [ "$c" -eq 0 ] || { tail -c "$c" "$1" 2>/dev/null; cat /dev/zero 2>/dev/null; } | head -c "$c"
}
answer() {
  case $1 in
  P) what "$2"; echo "$k$r$h" >&3;;
  R) what "$2"; echo "$k$r$h" >&3; [ "$k$r" != fr ] || printf '%s\n' "$2";;
  L) what "$2"; [ -x "$2" ] || r=-; echo "$k$r$h" >&3; [ "$k$r" != dr ] || names "$2" >&3; echo >&3;;
  C) line "$(real "$2" 2>/dev/null)" >&3;;
  S) set -- $(ls -Lldn "$2" 2>/dev/null); line "$5" >&3;;
  D) line "$(df -Pk "$2" 2>/dev/null | tail -n 1)" >&3;;
  G) left=$2;;
  g) what "$2"; log "$2" >&3;;
  esac
}
quoted() { sed 's/[^A-Za-z0-9/._-]/\\&/g'; }
round() {
  exec 3>&1
  f=$(while IFS= read -r a && [ "$a" != . ]; do answer "${a%% *}" "${a#* }" </dev/null; done)
  [ -z "$f" ] || printf '%s\n' "$f" | quoted | xargs sh -c 'find -L "$@" -prune -type f -size -LIMITc' sh 2>/dev/null |
    quoted | xargs sh -c '[ $# -eq 0 ] || tar -c -h -f - "$@"' sh 2>/dev/null
}
z=; command -v gzip >/dev/null 2>&1 && z=z
v=; for t in tar find xargs sed ls head tail; do command -v "$t" >/dev/null 2>&1 || v="$v $t"; done
printf 'symphony-doctor 1\n%s\n%s\nMARK' "$s" "$v"
while IFS= read -r a; do
  if [ -n "$z" ]; then printf z; round | gzip -1c; else printf p; round; fi
  printf '%s' 'MARK'
done
exit 0
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; ``paths`` and ``budget`` are of logs alone."""

    verb: str
    path: str = ""
    paths: tuple[str, ...] = ()
    budget: int = 0

    @property
    def lines(self) -> Iterator[str]:
        """Yield the lines of it."""
        if self.verb == "G":
            yield f"G {self.budget}"
            yield from (f"g {path}" for path in self.paths)
        else:
            yield f"{self.verb} {self.path}"


@dataclass(frozen=True, slots=True)
class Status:
    """What is at a path: a letter as in the script, whether it may be read, whether it is a link."""

    kind: str
    readable: bool = True
    link: bool = False


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The end of a log: all bytes from ``start`` to ``size``."""

    status: Status
    inode: int
    size: int
    written_at: float
    content: bytes


@dataclass(slots=True)
class Facts:
    """All that is known of the host's files, by absolute path."""

    status: dict[str, Status] = field(default_factory=dict)
    names: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    real: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    disks: dict[str, Disk | None] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    contents: dict[str, bytes] = field(default_factory=dict)
    logs: dict[str, LogEnd] = field(default_factory=dict)


class AnswerError(ValueError):
    """It is no answer of the script; the message says what was expected."""


def script(mark: str) -> bytes:
    """Return the script, which writes a mark behind each answer."""
    return _SCRIPT.replace("MARK", mark).replace("LIMIT", str(FILE_LIMIT + 1)).encode()


def request(asks: tuple[Ask, ...]) -> bytes:
    """Return what is sent for a round of questions."""
    lines = ["go", *(line for ask in asks for line in ask.lines), "."]
    return b"".join(os.fsencode(line) + b"\n" for line in lines)


def learn(facts: Facts, asks: tuple[Ask, ...], data: bytes) -> None:
    """Add the answers to a round to what is known. Raises ``AnswerError``."""
    reader = io.BytesIO(data)
    for ask in asks:
        if ask.verb in {"P", "R", "L"}:
            facts.status[ask.path] = _status(_line(reader))
        if ask.verb == "R":
            facts.read.add(ask.path)
        elif ask.verb == "L":
            facts.names[ask.path] = tuple(_names(reader))
        elif ask.verb == "C":
            facts.real[ask.path] = _line(reader)
        elif ask.verb == "S":
            size = _line(reader)
            facts.sizes[ask.path] = int(size) if re.fullmatch(r"[0-9]{1,18}", size) else None
        elif ask.verb == "D":
            facts.disks[ask.path] = _disk(_line(reader))
        elif ask.verb == "G":
            facts.logs.update((path, _log(reader)) for path in ask.paths)
    _unpack(facts, {ask.path for ask in asks if ask.verb == "R"}, data[reader.tell() :])


def _line(reader: io.BytesIO) -> str:
    line = reader.readline()
    if not line.endswith(b"\n"):
        raise AnswerError("expected a line more")
    return os.fsdecode(line[:-1])


def _status(text: str) -> Status:
    if not re.fullmatch(r"[dfpscblnotx][r-][l-]", text):
        raise AnswerError(f"expected what is at a path, found {text[:20]!r}")
    return Status(text[0], text[1] == "r", text[2] == "l")


def _names(reader: io.BytesIO) -> Iterator[tuple[str, str]]:
    while line := _line(reader):
        yield line[1:], line[0]


def _disk(text: str) -> Disk | None:
    found = re.search(r"\s(\d{1,16})\s+(\d{1,16})\s+(-?\d{1,16})\s+\S{1,4}%\s", text)
    if found is None:
        return None
    used, free = int(found[2]), max(0, int(found[3]))
    return Disk((used + free) * 1024, free * 1024)


def _log(reader: io.BytesIO) -> LogEnd:
    status, *figures = _line(reader).split(" ")
    if not all(re.fullmatch(r"[0-9]{1,20}", each) for each in figures):
        raise AnswerError("expected the figures of a log")
    inode, size, written_at, sent = map(int, figures)
    content = reader.read(sent)
    if len(content) != sent:
        raise AnswerError("expected more of a log")
    # what a log was cut by meanwhile is sent as zeros; a packed one may end with some of its own
    text = content if content.startswith(_GZIP) else content.rstrip(b"\0")
    return LogEnd(_status(status), inode, size, float(written_at), text)


def _unpack(facts: Facts, asked: set[str], data: bytes) -> None:
    """Take the regular files that were asked for out of the archive, and nothing else of what is in it."""
    if not data:
        return
    try:
        # one archive follows another where the names of the files are too many for one command line
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", ignore_zeros=True) as archive:
            for member in archive:
                path, first = (f"/{name.lstrip('/')}" for name in (member.name, member.linkname))
                found = archive.extractfile(member) if member.isreg() and path in asked else None
                if found is not None and member.size <= FILE_LIMIT:
                    facts.contents[path] = found.read()
                elif member.islnk() and path in asked and first in facts.contents:
                    # one file under two names is sent once
                    facts.contents[path] = facts.contents[first]
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise AnswerError(f"expected a tar archive: {error}") from None
