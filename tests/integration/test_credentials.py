"""Who asks: nkeys, client certificates, the environment as the nats command line has it, and files open to others."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed
from symphony_doctor.lab import certificates, http, starting
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.lab.ports import Reservation
from symphony_doctor.lab.server import find_server

from .program import Done, doctor

pytestmark = pytest.mark.cluster

NO_CONTEXT = {"XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A healthy cluster of three."""
    made = asyncio.run(Lab.create(tmp_path_factory.mktemp("credentials") / "lab"))
    yield made
    asyncio.run(made.stop())


def run(*arguments: str | Path, **environment: str) -> Done:
    return doctor("run", *arguments, "--format", "json", environment={**NO_CONTEXT, **environment})


def sources(done: Done) -> list[list[str]]:
    return [node["sources"] for node in done.report["cluster"]["nodes"]]


def context(folder: Path, name: str, **content: str) -> str:
    """Write a context of the nats command line, and select it; gives its XDG_CONFIG_HOME."""
    path = folder / "nats" / "context" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    (folder / "nats" / "context.txt").write_text(f"{name}\n")
    return str(folder)


def test_environment_gives_servers_and_credentials(lab: Lab) -> None:
    """NATS_URL and NATS_CREDS are enough, and it is said that they were used."""
    done = run(NATS_URL=",".join(lab.urls()), NATS_CREDS=str(lab.system_credentials))
    assert (done.status, done.report["findings"]) == (0, [])
    assert all("nats" in each for each in sources(done))
    addresses = ", ".join(url.removeprefix("nats://") for url in lab.urls())
    assert done.err.splitlines() == [
        f"servers are those of NATS_URL: {addresses}",
        f"credentials are those of NATS_CREDS: {lab.system_credentials}",
    ]


def test_credentials_of_the_environment_go_with_the_servers_of_a_node(lab: Lab) -> None:
    """--node tells where, NATS_CREDS who; NATS_URL and NATS_CONTEXT, which may be of another cluster, lead nowhere."""
    done = run(
        "--node", lab.nodes[0].directory,
        NATS_CREDS=str(lab.system_credentials), NATS_URL="nats://127.0.0.1:1", NATS_CONTEXT="no-such",
    )  # fmt: skip
    assert (done.status, done.report["findings"]) == (0, [])
    assert "127.0.0.1:1 " not in done.out
    assert done.err == f"credentials are those of NATS_CREDS: {lab.system_credentials}\n"


def test_options_go_before_the_environment(lab: Lab, tmp_path: Path) -> None:
    """What options give is not even looked at in the environment."""
    folder = context(tmp_path, "other", url="nats://127.0.0.1:1", user="someone", password="pass-word-x1")
    done = run(
        "--server", lab.urls()[0], "--creds", lab.system_credentials,
        NATS_URL="nats://127.0.0.1:1", NATS_CREDS="/no/such.creds", NATS_USER="someone", NATS_PASSWORD="pass-word-x1",
        NATS_NKEY="/no/such.nk", XDG_CONFIG_HOME=folder, NATS_CONTEXT="other",
    )  # fmt: skip
    assert (done.status, done.report["findings"], done.err) == (0, [], "")


@pytest.mark.parametrize("mode", ["offline", "bundle"])
def test_the_environment_is_left_alone_where_no_network_is_touched(mode: str, lab: Lab, tmp_path: Path) -> None:
    """--offline and bundles: variables of any cluster change nothing, not even if they are wrong."""
    arguments: list[str | Path] = [part for node in lab.nodes for part in ("--node", node.directory)]
    if mode == "bundle":
        file = tmp_path / "x.tar.gz"
        assert doctor("bundle", "collect", *arguments, "--offline", "--output", file).status == 0
        arguments = ["--bundle", file]
    else:
        arguments.append("--offline")
    folder = context(tmp_path, "other", url="nats://127.0.0.1:1")
    done = run(*arguments, NATS_URL="x:y", NATS_CREDS="/no/such.creds", NATS_CA="/no/such.pem", XDG_CONFIG_HOME=folder)
    assert (done.status, done.err) == (0, "")


def test_context_of_the_environment(lab: Lab, tmp_path: Path) -> None:
    """NATS_CONTEXT gives what --context gives; a single variable goes before what it holds."""
    folder = context(tmp_path, "here", url=",".join(lab.urls()), creds=str(lab.system_credentials))
    done = run(XDG_CONFIG_HOME=folder, NATS_CONTEXT="here")
    assert (done.status, done.report["findings"]) == (0, [])
    assert "credentials are those of context here" in done.err
    folder = context(tmp_path, "here", url="nats://127.0.0.1:1", user="someone", password="pass-word-x1")
    variables = {"NATS_URL": lab.urls()[0], "NATS_CREDS": str(lab.system_credentials)}
    done = run(XDG_CONFIG_HOME=folder, NATS_CONTEXT="here", **variables)
    assert (done.status, done.report["findings"]) == (0, [])


def test_the_selected_context(lab: Lab, tmp_path: Path) -> None:
    """It is used where nothing else names anything, and said; a server on the command line is enough to leave it."""
    folder = context(tmp_path, "here", url=",".join(lab.urls()), creds=str(lab.system_credentials))
    done = run(XDG_CONFIG_HOME=folder)
    assert (done.status, done.report["findings"]) == (0, [])
    assert "servers are those of context here" in done.err
    done = run("--server", lab.urls()[0], XDG_CONFIG_HOME=folder)
    assert (done.status, done.err) == (0, "")
    assert not any("nats" in each for each in sources(done))
    done = run("--node", lab.nodes[0].directory, XDG_CONFIG_HOME=folder)
    assert done.err == ""
    assert not any("nats" in each for each in sources(done))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"NATS_URL": "nats://user:secret-x1@h:4222"}, "NATS_URL: a URL with a user in it"),
        ({"NATS_URL": "h:0"}, "NATS_URL: 'h:0'"),
        ({"NATS_URL": "h", "NATS_CREDS": "/no/such.creds"}, "NATS_CREDS: /no/such.creds does not exist"),
        ({"NATS_URL": "h", "NATS_NKEY": "/no/such.nk"}, "NATS_NKEY: /no/such.nk does not exist"),
        ({"NATS_URL": "h", "NATS_CA": "/no/ca.pem"}, "NATS_CA, NATS_CERT or NATS_KEY: /no/ca.pem does not exist"),
        ({"NATS_CONTEXT": "no-such"}, "NATS_CONTEXT no-such:"),
        ({"NATS_CONTEXT": "../x"}, "is no context name"),
        ({}, "nothing to look at"),
    ],
)
def test_variables_that_are_of_no_use(variables: dict[str, str], words: str) -> None:
    done = run(**variables)
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert "-x1" not in done.err


def test_passwords_of_the_environment(lab: Lab) -> None:
    """A server that knows no passwords refuses them; they stand nowhere."""
    done = run("--server", lab.urls()[0], NATS_USER="someone", NATS_PASSWORD="pass-word-x1")
    assert done.status == 3
    assert "does not accept the user of NATS_USER" in " ".join(done.out.split())
    assert "-x1" not in done.out + done.err


def test_a_creds_file_that_others_may_read(lab: Lab, tmp_path: Path) -> None:
    """One line of warning with the command that closes it, and the run goes on."""
    path = tmp_path / "the system.creds"
    shutil.copy(lab.system_credentials, path)
    path.chmod(0o640)
    done = run("--server", lab.urls()[0], "--creds", path)
    assert done.status == 0
    assert done.err == f"warning: {path} holds a secret and is open to others (mode 0640): chmod 600 '{path}'\n"
    subprocess.run(shlex.split(done.err.partition("): ")[2]), check=True)
    assert run("--server", lab.urls()[0], "--creds", path).err == ""


@pytest.fixture
def nkey_server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server whose system account has a user by nkey: its address, and the file of the seed."""
    seed = create_seed(Kind.USER)
    file = tmp_path / "system.nk"
    file.write_text(f"# of the system account\n{seed}\n")
    file.chmod(0o600)
    with Reservation(1) as held:
        port = held.ports[0]
    config = tmp_path / "server.conf"
    config.write_text(
        f"server_name: n1\nlisten: 127.0.0.1:{port}\nsystem_account: SYS\n"
        f"accounts: {{ SYS: {{ users: [{{ nkey: {public_of_seed(seed)} }}] }} }}\n"
    )
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen([str(find_server(None)), "-c", str(config)], stdout=out, stderr=out)
        try:
            while not asyncio.run(http.speaks("127.0.0.1", port)):
                assert process.poll() is None, (tmp_path / "out").read_text()
            yield f"127.0.0.1:{port}", file
        finally:
            process.kill()
            process.wait()


def test_nkey(nkey_server: tuple[str, Path]) -> None:
    """The seed of an nkey, by the option and by the environment; another's is refused."""
    address, file = nkey_server
    done = run("--server", address, "--nkey", file)
    assert "nats" in sources(done)[0], done.out
    assert "nats" in sources(run(NATS_URL=address, NATS_NKEY=str(file)))[0]
    file.write_text(create_seed(Kind.USER))
    done = run("--server", address, "--nkey", file)
    assert f"does not accept {file}" in " ".join(done.out.split())


@pytest.mark.parametrize(
    "content", [None, "", "words alone", create_seed(Kind.ACCOUNT)], ids=["missing", "empty", "words", "account"]
)
def test_an_nkey_file_that_is_none(content: str | None, tmp_path: Path) -> None:
    """A missing file, or one that holds no user's seed, is named and never repeated."""
    file = tmp_path / "x.nk"
    if content is not None:
        file.write_text(content)
    done = run("--server", "h", "--nkey", file)
    assert (done.status, done.out) == (2, "")
    assert f"--nkey: {file}" in done.err
    assert not content or content not in done.err


@pytest.fixture(params=["after INFO", "first"])
def verifying(request: pytest.FixtureRequest, start: Callable[..., Lab]) -> Lab:
    """A server with TLS that lets nobody in without a certificate of its authority."""
    lab = start(nodes=1, tls=True)
    node = lab.nodes[0]
    config = node.directory / "nats.config"
    verify = '  ca_file: "tls/ca.pem"\n  verify: true\n' + ("  handshake_first: true\n" * (request.param == "first"))
    config.write_text(config.read_text().replace('  ca_file: "tls/ca.pem"\n', verify, 1))
    asyncio.run(lab.stop_node(node.name))
    state = lab.node_state(node.name)
    # the lab's own wait looks for a greeting in plain
    state.process = starting.start_server(lab.root, lab.state, state)
    lab.save()
    certificates.write_certificate(lab.root, "client")
    return lab


def test_client_certificates(verifying: Lab, tmp_path: Path) -> None:
    """--tlscert and --tlskey, NATS_CERT and NATS_KEY, a context's cert and key; without them the server refuses."""
    lab = verifying
    folder = lab.root / "client" / certificates.FOLDER
    certificate, key = folder / certificates.CERTIFICATE, folder / certificates.KEY
    server = lab.nodes[0].client_url
    common = ["--server", server, "--creds", str(lab.system_credentials), "--tlsca", str(lab.authority)]
    done = run(*common, "--tlscert", certificate, "--tlskey", key, "--wait", "55s")
    assert (done.status, done.report["findings"], done.err) == (0, [], "")
    assert "nats" in sources(done)[0]
    done = run(*common)
    assert done.status == 3
    variables = {"NATS_CERT": str(certificate), "NATS_KEY": str(key), "NATS_CA": str(lab.authority)}
    assert "nats" in sources(run(*common[:4], **variables))[0]
    config = context(
        tmp_path, "tls", url=server, creds=common[3], ca=common[5], cert=str(certificate), key=str(key)
    )  # fmt: skip
    assert "nats" in sources(run("--context", "tls", XDG_CONFIG_HOME=config))[0]


def test_client_certificates_that_are_none(tmp_path: Path) -> None:
    """Which of the files is wrong, and how; a key is never repeated."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    certificates.create_authority(tmp_path)
    for name in ("one", "two"):
        certificates.write_certificate(tmp_path, name)
    one, two = (tmp_path / name / certificates.FOLDER for name in ("one", "two"))
    certificate, key = one / certificates.CERTIFICATE, one / certificates.KEY
    other = two / certificates.KEY
    cases: tuple[tuple[list[str | Path], str], ...] = (
        (["--tlskey", key], "--tlskey is the key of a certificate: give --tlscert FILE too"),
        (["--tlscert", certificate], "name the key's file with --tlskey FILE"),
        (["--tlscert", certificate, "--tlskey", other], f"{other} is not the key of the certificate in {certificate}"),
        (["--tlscert", key, "--tlskey", key], "expected a certificate and its key, in PEM and not encrypted"),
        (["--tlscert", one / "no", "--tlskey", key], f"{one / 'no'} does not exist"),
        (["--tlscert", one, "--tlskey", key], "is a directory, expected a file"),
    )
    for arguments, words in cases:
        done = run("--server", "h", *arguments)
        assert (done.status, done.out) == (2, ""), arguments
        assert words in done.err
