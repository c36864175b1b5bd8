"""What names a host: read as ssh reads it, and never as one of its options; and what ssh says, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from symphony_doctor.commands._paths import node_directories
from symphony_doctor.errors import UsageError
from symphony_doctor.model.evidence import State
from symphony_doctor.sources import ssh_words
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.ssh_host import SshHost, SshUrlError, parse
from symphony_doctor.sources.ssh_session import _command

HOST = SshHost("n2", "op", 2222)


@pytest.mark.parametrize(
    ("text", "host", "directory"),
    [
        ("ssh://n2/opt/symphony", SshHost("n2"), "/opt/symphony"),
        ("ssh://op@n2.example.com:2222/opt/symphony/", SshHost("n2.example.com", "op", 2222), "/opt/symphony"),
        ("ssh://[fe80::1%eth0]:22/d", SshHost("fe80::1%eth0", None, 22), "/d"),
        ("ssh://n2//opt/./a%20b=c/../d", SshHost("n2"), "/opt/d"),
        ("ssh://n2/opt/a%20b=c;$(x)", SshHost("n2"), "/opt/a b=c;$(x)"),
    ],
)
def test_a_url_names_host_and_directory(text: str, host: SshHost, directory: str) -> None:
    assert parse(text) == (host, Path(directory))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ssh://-oProxyCommand=touch/d", "is no host name"),
        ("ssh://-l@n2/d", "is no user name"),
        ("ssh:///d", "is no host name"),
        ("ssh://a b/d", "is no host name"),
        ("ssh://n2;x/d", "is no host name"),
        ("ssh://$(x)@n2/d", "is no user name"),
        ("ssh://op:hunter2@n2/d", "a password in the URL"),
        ("ssh://n2:0/d", "is no port"),
        ("ssh://n2:65536/d", "is no port"),
        ("ssh://n2:-p/d", "is no port"),
        ("ssh://n2:/d", "is no port"),
        ("ssh://n2", "names no directory"),
        ("ssh://n2/", "names no directory"),
        ("ssh://n2/a%0Ab", "names no directory"),
        ("ssh://n2/a%00b", "names no directory"),
    ],
)
def test_what_is_no_such_url_is_refused(text: str, words: str) -> None:
    with pytest.raises(SshUrlError, match=words) as raised:
        parse(text)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(UsageError, match="--node"):
        node_directories((text,))


def test_a_host_is_shown_as_it_was_given() -> None:
    assert HOST.url == "ssh://op@n2:2222"
    assert HOST.command == "ssh -p 2222 op@n2"
    assert SshHost("fe80::1").url == "ssh://[fe80::1]"
    (node,) = node_directories(("two=ssh://op@n2:2222/opt/symphony",), sudo=True)
    assert (node.name, node.place, node.identity) == ("two", "ssh://op@n2:2222/opt/symphony", node.place)
    assert node.host is not None
    assert node.host.sudo


def test_one_directory_of_a_host_is_one_node(tmp_path: Path) -> None:
    assert len(node_directories(("ssh://n1/opt/symphony", "ssh://n2/opt/symphony"))) == 2
    with pytest.raises(UsageError, match="are the same directory"):
        node_directories(("ssh://n1/opt/symphony", "x=ssh://n1/opt/symphony/"))
    with pytest.raises(UsageError, match="--sudo is for nodes of other hosts"):
        node_directories((str(tmp_path),), sudo=True)


def test_the_command_is_read_alike_by_every_shell() -> None:
    for sudo in (False, True):
        command = _command(4000, sudo=sudo)
        # what csh and fish would read otherwise than sh
        assert not set(command) & set("\\!`\n")
        assert command.startswith("exec sudo -n -- sh -c '" if sudo else "exec sh -c '")


@pytest.mark.parametrize(
    ("said", "status", "state", "words"),
    [
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", 255,
         State.UNREACHABLE, "find out which, and only then run `ssh-keygen -R '[n2]:2222'`"),
        ("Host key verification failed.", 255, State.UNREACHABLE, "connect once with `ssh -p 2222 op@n2` and compare"),
        ("op@n2: Permission denied (publickey).", 255, State.UNREACHABLE, "it accepts no key of yours"),
        ("ssh: Could not resolve hostname n2: Name or service not known", 255, State.UNREACHABLE, "does not resolve"),
        ("ssh: connect to host n2 port 2222: Connection refused", 255, State.UNREACHABLE, "nothing listens"),
        ("ssh: connect to host n2 port 2222: Connection timed out", 255, State.TIMED_OUT, "it does not answer"),
        ("sudo: a password is required", 1, State.UNREACHABLE, "allow NOPASSWD for sh, or leave out --sudo"),
        ("sh: not found", 127, State.UNREACHABLE, "no POSIX shell"),
        ("client_loop: send disconnect: Broken pipe", 255, State.UNREACHABLE, "the connection broke off"),
        ("", None, State.UNREACHABLE, "the connection broke off: try"),
    ],
)  # fmt: skip
def test_what_ssh_says_becomes_one_line(said: str, status: int | None, state: State, words: str) -> None:
    found = ssh_words.failed(HOST, "ssh://op@n2:2222/opt", said.encode(), status)

    assert found.state is state
    assert found.why.startswith("ssh://op@n2:2222/opt: ")
    assert words in found.why
    assert "\n" not in found.why


def test_what_another_program_says_is_bounded_and_harmless() -> None:
    found = ssh_words.failed(HOST, "n2", b"\x1b[2Jbanner\r\n\x9b\xff" + b"x" * 100_000, 255).why

    assert len(found) < 500
    assert found.isprintable()
    assert "\x1b" not in found


def test_what_another_machine_says_to_itself_is_not_asked_here() -> None:
    outside = Outside(hosts={"ssh://n2/opt": "192.0.2.2", "ssh://n3/opt": "127.0.0.1"})

    assert outside.place("ssh://n2/opt", "127.0.0.1", 4222) is None
    assert outside.place("ssh://n2/opt", "localhost", 4222) is None
    assert outside.place("ssh://n2/opt", "n2.example.com", 4222) == ("n2.example.com", 4222)
    # by way of loopback it is this machine, and a node's own directory is here
    assert outside.place("ssh://n3/opt", "127.0.0.1", 4222) == ("127.0.0.1", 4222)
    assert outside.place("/opt", "127.0.0.1", 4222) == ("127.0.0.1", 4222)
