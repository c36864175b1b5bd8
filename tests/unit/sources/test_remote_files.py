"""Files behind a shell: the same evidence as from this machine, whichever shell and tar are there, and nothing more."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.lab.identity import create_identity
from symphony_doctor.lab.layout import NodeAddress, write_node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.log import Log
from symphony_doctor.sources import log_files, node_directory
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import LOCAL, FileSystem, UnreachedError
from symphony_doctor.sources.log_tail import tail_of
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.observation import NodeFiles
from symphony_doctor.sources.remote_files import RemoteFiles
from symphony_doctor.sources.ssh_script import AnswerError, Ask, Facts, learn, script
from symphony_doctor.sources.tokens import TokenReader

BUSYBOX = shutil.which("busybox")
BSDTAR = shutil.which("bsdtar")
MARK = "END0123456789abcdef"
NAME = "node with 'quotes' & \\ täst"


class Shell:
    """The script in a shell of this machine instead of one behind SSH."""

    seen_as = None

    def __init__(self, shell: tuple[str, ...] = ("sh",), path: str | None = None, *, powerless: bool = False) -> None:
        self.asked: list[bytes] = []
        text = script(MARK)
        command = f'eval "$(dd bs=1 count={len(text)} 2>/dev/null)"'
        # setpriv takes from root what an ordinary user has not: reading what permissions forbid
        without = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all") if powerless else ()
        self.process = subprocess.Popen(
            [*without, *shell, "-c", command, "symphony-doctor", ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": path or os.environ["PATH"]},
        )
        self.write(text)
        assert self.read().startswith(b"symphony-doctor 1\n")

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> bytes:
        assert self.process.stdout is not None
        data = b""
        while not data.endswith(MARK.encode()):
            more = os.read(self.process.stdout.fileno(), 1 << 20)
            assert more, data[-200:]
            data += more
        return data.removesuffix(MARK.encode())

    async def ask(self, data: bytes, deadline: Deadline) -> bytes:  # noqa: ARG002 - as it is asked
        self.asked.append(data)
        self.write(data)
        answer = self.read()
        return zlib.decompress(answer[1:], zlib.MAX_WBITS | 16) if answer[:1] == b"z" else answer[1:]

    async def close(self) -> None:
        self.process.communicate()


@pytest.fixture
def behind() -> Iterator[Callable[..., RemoteFiles]]:
    """Return a function that gives the file system of a directory behind a shell."""
    shells: list[Shell] = []

    def connect(directory: Path, *shell: str, path: str | None = None, powerless: bool = False) -> RemoteFiles:
        shells.append(Shell(shell or ("sh",), path, powerless=powerless))
        return RemoteFiles(shells[-1], directory, f"ssh://n1{directory}")

    yield connect
    for each in shells:
        asyncio.run(each.close())


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A node's directory with all that leads out of it: store, log, certificate and include elsewhere."""
    directory, elsewhere = tmp_path / NAME, tmp_path / "else where"
    identity = create_identity()
    write_node(directory, NodeAddress("node1", 4222, 9222, 6222, 8080), (), identity)
    (directory / "accounts").mkdir(exist_ok=True)
    for account in (identity.system, identity.symphony):
        (directory / "accounts" / f"{account.key}.jwt").write_text(account.jwt)
    (directory / "accounts" / "torn.jwt").write_text("eyJ")
    for stream in ("KV_one", "KV two"):
        streams = elsewhere / "store" / "jetstream" / "ACCOUNT" / "streams" / stream
        (streams / "msgs").mkdir(parents=True)
        (streams / "msgs" / "1.blk").write_bytes(b"message" * 1000)
        meta = f'{{"name":"{stream}","storage":"file","num_replicas":3}}'
        (streams / "meta.inf").write_text(meta)
    (elsewhere / "logs").mkdir()
    waiting = "[1] 2026/11/25 10:00:{:02} [INF] JetStream system temporarily unavailable\n"
    (elsewhere / "logs" / "nats.log").write_text(waiting.format(30) * 2000)
    (elsewhere / "logs" / "nats.log.1").write_text(waiting.format(20))
    (elsewhere / "logs" / "nats.log.2.gz").write_bytes(gzip.compress(waiting.format(10).encode()))
    (elsewhere / "cert.pem").write_text("no certificate\n")
    (elsewhere / "more.conf").write_text("max_payload: 2MB\n")
    config = (directory / "nats.config").read_text()
    for line in config.splitlines():
        if "store_dir" in line:
            config = config.replace(line, f'  store_dir: "{elsewhere}/store"')
        if line.startswith(("log_file", "logfile")):
            config = config.replace(line, "")
    config += (
        f'\nlog_file: "{elsewhere}/logs/nats.log"\ntls {{ cert_file: "../else where/cert.pem", key_file: "k.pem" }}\n'
    )
    config += 'include "../else where/more.conf"\n'
    (directory / "nats.config").write_text(config)
    return directory


def look(directory: Path, files: FileSystem) -> tuple[NodeFiles, Evidence[tuple[Log, ...]]]:
    async def both() -> tuple[NodeFiles, Evidence[tuple[Log, ...]]]:
        deadline = Deadline.after(60)
        given = NodeDirectory(directory)
        found = await node_directory.collect(given, TokenReader(), lambda _: "secret:0", {}, deadline, files)
        log = await log_files.collect_own(directory, found.nats_config, lambda _: "secret:0", deadline, files)
        return found, log

    return asyncio.run(both())


def without_disk(found: NodeFiles) -> NodeFiles:
    """Leave out what changes while the tests run."""
    assert isinstance(found.store, Seen), found.store
    return replace(found, store=replace(found.store, value=replace(found.store.value, disk=None)))


def settled(files: FileSystem, path: Path, limit: int = 100) -> Evidence[bytes]:
    return asyncio.run(files.settle(lambda: files.read_file(path, limit), Deadline.after(60)))


def missing(evidence: Evidence[object]) -> Missing:
    assert isinstance(evidence, Missing), evidence
    return evidence


def shells() -> list[object]:
    found = [pytest.param((shell,), None, id=shell) for shell in ("sh", "bash", "dash") if shutil.which(shell)]
    return [
        *found,
        pytest.param(("sh",), "busybox", id="busybox", marks=pytest.mark.skipif(not BUSYBOX, reason="no busybox here")),
        pytest.param(("sh",), "bsdtar", id="bsdtar", marks=pytest.mark.skipif(not BSDTAR, reason="no bsdtar here")),
        pytest.param(("sh",), "no gzip", id="no-gzip"),
    ]


def programs(tools: str | None, place: Path) -> str | None:
    """Make a directory with just the programs that a host has."""
    if tools is None:
        return None
    place.mkdir()
    if tools == "busybox":
        for name in subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True).stdout.split():
            (place / name).symlink_to(str(BUSYBOX))
        return str(place)
    if tools == "bsdtar":
        (place / "tar").symlink_to(str(BSDTAR))
        return f"{place}:{os.environ['PATH']}"
    for name in ("sh", "dd", "tar", "find", "xargs", "sed", "ls", "head", "tail", "cat", "df", "stat"):
        (place / name).symlink_to(str(shutil.which(name)))
    return str(place)


@pytest.mark.parametrize(("shell", "tools"), shells())
def test_evidence_is_that_of_this_machine(
    shell: tuple[str, ...], tools: str | None, node: Path, tmp_path: Path, behind: Callable[..., RemoteFiles]
) -> None:
    if tools == "busybox":
        # its ls shows other characters than ASCII as question marks
        node = node.rename(node.with_name("node with 'quotes' & \\"))
    here, log_here = look(node, LOCAL)
    assert isinstance(here.nats_config, Seen)
    assert isinstance(here.stream_directories, Seen)
    assert [each.name for each in here.stream_directories.value] == ["KV two", "KV_one"]
    assert isinstance(log_here, Seen)

    files = behind(node, *shell, path=programs(tools, tmp_path / "programs"))
    there, log_there = look(node, files)

    assert without_disk(there) == without_disk(here)
    assert isinstance(here.store, Seen)
    assert isinstance(there.store, Seen)
    assert here.store.value.disk is not None
    assert there.store.value.disk is not None
    assert there.store.value.disk.size == pytest.approx(here.store.value.disk.size, rel=0.1)
    assert there.store.value.disk.free == pytest.approx(here.store.value.disk.free, rel=0.1)
    assert log_there == log_here
    assert isinstance(files.session, Shell)
    # rounds, however many files there are; and of messages not even the names
    assert len(files.session.asked) <= 10
    assert not [asked for asked in files.session.asked if b"msgs" in asked or b"k.pem" in asked]
    assert isinstance(log_there, Seen)
    (log,) = log_there.value
    assert tail_of(Path(log.path), None, files) == tail_of(Path(log.path))


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="root may read all, and has no setpriv")
def test_what_is_not_permitted_is_denied_and_what_is_not_there_absent(
    node: Path, behind: Callable[..., RemoteFiles]
) -> None:
    (node / "symphony.config").chmod(0)
    (node / "closed").mkdir()
    (node / "closed" / "file").write_text("x")
    (node / "closed").chmod(0)
    files = behind(node, powerless=os.getuid() == 0)
    found, _ = look(node, files)

    denied = missing(found.symphony_config)
    assert denied.state is State.DENIED
    assert (
        denied.why
        == f"{node}/symphony.config: permission denied on its host; connect as its owner, or read with --sudo"
    )
    assert isinstance(found.nats_config, Seen)
    assert missing(settled(files, node / "closed" / "file")).state is State.DENIED
    assert missing(settled(files, node / "closed" / "no" / "file")).state is State.DENIED
    assert missing(settled(files, node / "no")).state is State.ABSENT
    assert missing(settled(files, node / "no" / "file")).state is State.ABSENT
    (node / "closed").chmod(0o700)


def test_what_is_no_file_or_too_large_is_not_sent(node: Path, behind: Callable[..., RemoteFiles]) -> None:
    os.mkfifo(node / "fifo")
    (node / "large").write_bytes(b"x" * 5_000_000)
    (node / "small").write_bytes(b"x" * 100)
    (node / "empty").touch()
    (node / "dangling").symlink_to("nowhere")
    files = behind(node)

    assert "is a FIFO, expected a file" in missing(settled(files, node / "fifo")).why
    assert "is a directory, expected a file" in missing(settled(files, node / "accounts")).why
    assert "no directory" in missing(settled(files, node / "small" / "x")).why
    large = missing(settled(files, node / "large"))
    assert large.state is State.TOO_LARGE
    assert "has 5,000,000 bytes, expected at most 100" in large.why
    assert missing(settled(files, node / "small", 99)).state is State.TOO_LARGE
    assert settled(files, node / "small") == Seen(b"x" * 100, str(node / "small"))
    assert settled(files, node / "empty") == Seen(b"", str(node / "empty"))
    assert missing(settled(files, node / "dangling")).state is State.ABSENT
    assert str(node / "large") not in files.facts.contents
    assert missing(settled(files, node / "a\nb")).state is State.UNREADABLE


def test_a_link_that_was_found_is_not_followed_out_of_the_directory(
    node: Path, tmp_path: Path, behind: Callable[..., RemoteFiles]
) -> None:
    secret = tmp_path / "secret.jwt"
    secret.write_text("not for the doctor")
    (tmp_path / "streams").mkdir()
    (node / "accounts" / "out.jwt").symlink_to(secret)
    (node / "accounts" / "in.jwt").symlink_to("torn.jwt")
    files = behind(node)
    found, _ = look(node, files)

    assert isinstance(found.account_files, Seen)
    flaws = {each.name: each.token for each in found.account_files.value if not hasattr(each.token, "subject")}
    assert set(flaws) == {"out.jwt", "in.jwt", "torn.jwt"}
    assert "out of the node's directory: it is not followed over SSH" in str(flaws["out.jwt"])
    assert str(flaws["in.jwt"]) == str(flaws["torn.jwt"])


def test_a_link_in_the_nodes_own_directory_is_its_peoples_way(node: Path, behind: Callable[..., RemoteFiles]) -> None:
    moved = node.with_name("accounts elsewhere")
    (node / "accounts").rename(moved)
    (node / "accounts").symlink_to(moved)

    assert without_disk(look(node, behind(node))[0]) == without_disk(look(node, LOCAL)[0])


def test_a_directory_that_is_not_there_is_a_slip_in_the_url(tmp_path: Path, behind: Callable[..., RemoteFiles]) -> None:
    (tmp_path / "file").touch()
    for name, words in (("no", "does not exist"), ("file", "is a file")):
        found, _ = look(tmp_path / name, behind(tmp_path / name))
        lost = missing(found.symphony_config)
        assert lost.state is State.UNREACHABLE
        assert (
            lost.why
            == f"ssh://n1{tmp_path}/{name} {words}: expected a node's Symphony directory, with symphony.config in it"
        )
        assert found.nats_config == found.store == found.account_files == lost


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as made:
        for member, content in members:
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return data.getvalue()


def test_of_an_archive_nothing_is_taken_but_files_that_were_asked_for() -> None:
    link, device, up = tarfile.TarInfo("node/a"), tarfile.TarInfo("node/b"), tarfile.TarInfo("../node/c")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device.type = tarfile.CHRTYPE
    asks = tuple(Ask("R", f"/node/{name}") for name in "abcd")
    facts = Facts()
    data = archive(
        (link, b""), (device, b""), (up, b"up"), (tarfile.TarInfo("etc/e"), b"e"), (tarfile.TarInfo("node/d"), b"d")
    )

    learn(facts, asks, b"fr-\n" * 4 + data)

    assert facts.contents == {"/node/d": b"d"}


@pytest.mark.parametrize("answer", [b"", b"fr-", b"welcome\n", b"fr-\nno archive", b"zz-\n"])
def test_what_is_no_answer_is_the_connections_fault(answer: bytes, tmp_path: Path) -> None:
    class Liar:
        seen_as = None

        async def ask(self, data: bytes, deadline: Deadline) -> bytes:  # noqa: ARG002 - as it is asked
            return answer

        async def close(self) -> None: ...

    if answer != b"fr-\nno archive":
        with pytest.raises(AnswerError):
            learn(Facts(), (Ask("R", "/node/a"),), answer)
    files = RemoteFiles(Liar(), tmp_path, "ssh://n1/node")
    with pytest.raises(UnreachedError) as raised:
        settled(files, tmp_path / "a")
    assert raised.value.missing.state is State.UNREACHABLE
    assert raised.value.missing.why.startswith("ssh://n1/node")


def test_nothing_is_read_without_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Endless:
        seen_as = None

        async def ask(self, data: bytes, deadline: Deadline) -> bytes:  # noqa: ARG002 - as it is asked
            return b"nr-\n" * (data.count(b"\n") - 3) + b"dr-\n"

        async def close(self) -> None: ...

    files = RemoteFiles(Endless(), tmp_path, "ssh://n1/node")
    numbers = iter(range(sys.maxsize))
    with pytest.raises(UnreachedError, match="16 times"):
        asyncio.run(files.settle(lambda: files.read_file(f"/node/{next(numbers)}", 1), Deadline.after(60)))
    monkeypatch.setattr("symphony_doctor.sources.remote_files.MOST_ASKED", 10)
    with pytest.raises(UnreachedError, match="holds more than 10 files"):
        asyncio.run(
            files.settle(lambda: [files.read_file(f"/node/{at}", 1) for at in range(1000, 1020)], Deadline.after(60))
        )
