"""Where evidence comes from: credentials of every kind, copied directories, pages of accounts, greetings alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.formats import jwt_make
from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed
from symphony_doctor.lab import control
from symphony_doctor.lab.buckets import bucket_config, create_streams
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.lab.ports import Reservation
from symphony_doctor.model.policy import SYSTEM_BUCKETS
from symphony_doctor.sources.collect import collect
from symphony_doctor.sources.credentials import creds_file
from symphony_doctor.sources.observation import Address, Observation, ServerAnswers
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.server_questions import PAGE

from .conftest import Doctor
from .program import Done, doctor, listing

pytestmark = pytest.mark.cluster

CREDS = """-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A healthy cluster of three."""
    made = asyncio.run(Lab.create(tmp_path_factory.mktemp("sources") / "lab"))
    yield made
    asyncio.run(made.stop())


def look(lab: Lab, *more: str | Path, environment: dict[str, str] | None = None, servers: bool = True) -> Done:
    addresses = ["--server", ",".join(lab.urls())] if servers else []
    return doctor("run", *addresses, *more, "--format", "json", environment=environment)


def all_nats_missing(done: Done) -> str:
    """What is said of the nodes, none of which answered the system account's questions."""
    nodes = done.report["cluster"]["nodes"]
    assert [node["sources"] for node in nodes] == [["info"]] * 3
    return " ".join(line for node in nodes for line in node["missing"])


def test_greetings_need_no_credentials(lab: Lab) -> None:
    """Without credentials the greeting of one client port leads to the others, and no gap was asked for."""
    done = doctor("run", "--server", lab.urls("node1")[0], "--format", "json")
    assert done.status == 0
    assert [(node["name"], node["sources"]) for node in done.report["cluster"]["nodes"]] == [
        ("node1", ["info"]),
        ("node2", ["info"]),
        ("node3", ["info"]),
    ]
    assert done.check("RT004")["status"] == "passed"
    assert "no system-account credentials" in done.check("JS003")["reason"]


def test_one_server_leads_to_all(lab: Lab) -> None:
    """With credentials one address is enough: the others are asked by way of it."""
    done = doctor("run", "--server", lab.urls("node2")[0], "--creds", lab.system_credentials, "--format", "json")
    assert (done.status, done.report["findings"]) == (0, [])
    assert ["nats" in node["sources"] for node in done.report["cluster"]["nodes"]] == [True] * 3


def test_credentials_of_another_account(lab: Lab) -> None:
    """Credentials that are good, and not the system account's: said so, and nothing is taken for well."""
    done = look(lab, "--creds", lab.symphony_credentials)
    assert done.status == 3
    assert "which is not the system account" in all_nats_missing(done)
    assert done.check("JS003")["status"] == "skipped"


def test_expired_credentials(lab: Lab, tmp_path: Path) -> None:
    """Credentials that the servers no longer take."""
    seed, past = create_seed(Kind.USER), int(time.time()) - 3600
    claims = jwt_make.user_claims(public_of_seed(seed), "late", expires_at=past + 60)
    path = tmp_path / "expired.creds"
    signed = jwt_make.encode(claims, lab.keys.identity.system.seed, issued_at=past)
    path.write_text(jwt_make.credentials_file(signed, seed))
    done = look(lab, "--creds", path)
    # without credentials nothing can be asked, and that they have expired is a finding of its own
    assert done.status == 1
    assert [finding["code"] for finding in done.report["findings"]] == ["ID006"]
    assert f"does not accept {path}" in all_nats_missing(done)


@pytest.mark.parametrize(
    ("jwt", "seed"),
    [
        ("no-jwt", "no-seed"),
        ("no-jwt", "SUAGARBAGE" + "A" * 48),
        ("", ""),
        ("eyJ0eXAiOiJKV1QifQ.e30.x", "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4"),
        ("\xff\xfe", "\xff"),
    ],
    ids=["words", "no-seed", "empty", "stranger", "binary"],
)
def test_garbage_in_a_creds_file(jwt: str, seed: str, lab: Lab, tmp_path: Path) -> None:
    """A file with the two blocks and nonsense in them: named, and never repeated."""
    path = tmp_path / "garbage.creds"
    path.write_text(CREDS.format(jwt=jwt, seed=seed), encoding="latin-1")
    done = look(lab, "--creds", path)
    assert (done.status, done.out) == (2, "")
    assert f"--creds: {path} is no credentials file: its JWT is not valid" in done.err
    assert len(seed) < 10 or seed not in done.out + done.err


def test_a_seed_beside_the_jwt_of_another_user(lab: Lab, tmp_path: Path) -> None:
    """Two halves of different files: said before any server is asked."""
    whole, other = (path.read_text() for path in (lab.system_credentials, lab.symphony_credentials))
    cut = "-----BEGIN USER NKEY SEED-----"
    path = tmp_path / "mixed.creds"
    path.write_text(whole[: whole.index(cut)] + other[other.index(cut) :])
    done = look(lab, "--creds", path)
    assert (done.status, done.out) == (2, "")
    assert "its seed is not that of the user in its JWT" in done.err


def test_creds_without_permission(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "locked.creds"
    shutil.copy(lab.system_credentials, path)
    path.chmod(0)
    done = doctor("run", "--server", lab.urls()[0], "--creds", path, powerless=True)
    assert (done.status, done.out) == (2, "")
    assert f"--creds: {path}: permission denied" in done.err


def context(folder: Path, **content: object) -> dict[str, str]:
    """Write a context of the nats command line, named lab; gives the environment in which it is found."""
    path = folder / "nats" / "context" / "lab.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return {"XDG_CONFIG_HOME": str(folder)}


def test_context(lab: Lab, tmp_path: Path) -> None:
    """A context gives the addresses and the credentials."""
    environment = context(
        tmp_path, description="the lab", url=",".join(lab.urls()), creds=str(lab.system_credentials), user=""
    )
    done = look(lab, "--context", "lab", environment=environment, servers=False)
    assert (done.status, done.report["findings"]) == (0, [])
    assert ["nats" in node["sources"] for node in done.report["cluster"]["nodes"]] == [True] * 3


def test_context_in_the_home_directory(lab: Lab, tmp_path: Path) -> None:
    """Without XDG_CONFIG_HOME contexts are below ~/.config, and ~ in them is the home directory."""
    shutil.copy(lab.system_credentials, tmp_path / "system.creds")
    context(tmp_path / ".config", url=lab.urls()[0], creds="~/system.creds")
    environment = {"XDG_CONFIG_HOME": "", "HOME": str(tmp_path)}
    assert look(lab, "--context", "lab", environment=environment, servers=False).status == 0


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"url": "nats://127.0.0.1:1", "creds": "/no/such.creds"}, 2, "/no/such.creds does not exist"),
        ({"url": 7}, 2, "is no context of the nats CLI: expected a JSON object"),
        ({"url": "127.0.0.1:x"}, 2, "is no address"),
        ({"user": "somebody", "password": "pass-word-x1"}, 3, "does not accept context lab"),
        ({"token": "token-token-x1"}, 3, "does not accept context lab"),
        ({"nkey": "/no/such.nk"}, 2, "/no/such.nk does not exist"),
    ],
    ids=["no-creds", "wrong-type", "no-address", "password", "token", "no-nkey"],
)
def test_context_that_is_of_no_use(
    content: dict[str, object], status: int, words: str, lab: Lab, tmp_path: Path
) -> None:
    """A context whose parts cannot be used: which, and why; never what they are."""
    environment = context(tmp_path, **content)
    done = look(lab, "--context", "lab", environment=environment, servers="url" not in content)
    assert done.status == status
    assert words in " ".join((done.out + done.err).split())
    assert "-x1" not in done.out + done.err


@pytest.mark.parametrize("content", ["", "[]", "no json", "{" * 100_000], ids=["empty", "list", "words", "deep"])
def test_context_that_is_no_json(content: str, tmp_path: Path) -> None:
    environment = context(tmp_path)
    (tmp_path / "nats" / "context" / "lab.json").write_text(content)
    done = doctor("run", "--context", "lab", environment=environment)
    assert (done.status, done.out) == (2, "")
    assert "lab.json is no context of the nats CLI" in done.err


def test_copied_directories(lab: Lab, tmp_path: Path) -> None:
    """Copies from other machines: absolute paths of theirs are looked for inside, and nothing is missed."""
    for node in lab.nodes:
        copy = tmp_path / node.name
        shutil.copytree(node.directory, copy)
        (copy / "storage").rename(copy / "data")
        (copy / "accounts").rename(copy / "jwt")
        config = (copy / "nats.config").read_text()
        config = config.replace('store_dir: "storage"', 'store_dir: "/srv/symphony/data"')
        config = config.replace('dir: "accounts"', f'dir: "/srv/{node.name}/etc/jwt"')
        (copy / "nats.config").write_text(config)
    nodes = [argument for node in lab.nodes for argument in ("--node", str(tmp_path / node.name))]
    before = listing(tmp_path)
    done = doctor("run", *nodes, "--offline", "--format", "json", "-v")
    assert listing(tmp_path) == before
    assert (done.status, done.report["findings"]) == (0, [])
    for code in ("AC001", "JS001", "JS002", "JS005"):
        assert done.check(code)["status"] == "passed"


def test_a_copy_beside_its_origin(lab: Lab, tmp_path: Path) -> None:
    """A copy whose absolute paths still exist here is judged by its own files, not by those of its origin."""
    copy = tmp_path / "node2"
    shutil.copytree(lab.node("node2").directory, copy)
    config = (copy / "nats.config").read_text()
    config = config.replace('dir: "accounts"', f'dir: "{lab.node("node2").directory}/accounts"')
    (copy / "nats.config").write_text(config)
    gone = min((copy / "accounts").glob("*.jwt"))
    gone.unlink()
    nodes = [lab.node("node1").directory, copy, lab.node("node3").directory]
    arguments = [argument for node in nodes for argument in ("--node", str(node))]
    done = doctor("run", *arguments, "--offline", "--format", "json")
    assert [finding["nodes"] for finding in done.findings("AC001")] == [["node2"]]


def test_pages_of_accounts(tmp_path: Path) -> None:
    """More accounts than one page of JSZ holds: the stream of each is seen, and seen once."""
    count = PAGE + 14

    async def gather() -> list[Observation]:
        async with Lab.running(tmp_path / "lab", nodes=1, user_accounts=0) as lab:
            names = [f"many{index}" for index in range(count)]
            for name in names:
                lab.add_account(name)
            async with lab.system_client() as system:
                for account in lab.keys.users:
                    await control.push_account(system, account.jwt, expect=1)
            for first in range(0, count, 16):
                await asyncio.gather(*(fill(lab, name) for name in names[first : first + 16]))
            node = lab.nodes[0]
            request = Request((), (Address("127.0.0.1", node.client_port),), creds_file(lab.system_credentials))
            return await collect(replace(request, seconds=30.0), lambda _: "secret")

    async def fill(lab: Lab, name: str) -> None:
        async with lab.client(name) as client:
            await create_streams(client, [bucket_config("KV_ext_jobs", 1)])

    answers = [each for each in asyncio.run(gather()) if isinstance(each, ServerAnswers)]
    assert len(answers) == 1
    streams = answers[0].jetstream.get().streams
    found = Counter((stream.account, stream.config.name) for stream in streams)
    assert set(found.values()) == {1}
    assert sum(name == "KV_ext_jobs" for _, name in found) == count
    assert sum(name in SYSTEM_BUCKETS for _, name in found) == len(SYSTEM_BUCKETS)


def test_an_address_of_no_node_that_refuses_is_named(lab: Lab) -> None:
    """All nodes are heard, and one more address given is not: health is not proven, and the address is named."""
    with Reservation(1) as free:
        wrong = f"127.0.0.1:{free.ports[0]}"
    servers = ",".join([*(node.client_url for node in lab.nodes), wrong])
    status, report = Doctor(lab).run_with("--server", servers, "--creds", str(lab.system_credentials))
    assert report["findings"] == []
    assert report["unseen"] == [f"{wrong} refuses connections"]
    assert status == 3


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (["--offline"], 0, "give --creds FILE or --context NAME"),
        (["--creds"], 0, "NATS yes yes yes"),
        (["--server", "127.0.0.1:1"], 3, "127.0.0.1:1 refuses connections"),
    ],
    ids=["files", "all", "an address that refuses"],
)
def test_self_test_says_what_this_access_sees(given: list[str], status: int, said: str, lab: Lab) -> None:
    """It judges nothing, and is unproven where an address that was given does not answer."""
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    more = [*given, str(lab.system_credentials)] if given == ["--creds"] else given
    done = doctor("self-test", *nodes, *more)
    assert done.status == status, done.out
    assert said in " ".join(done.out.split())


def test_streams_and_diff_of_a_real_cluster(lab: Lab) -> None:
    """All system buckets with their replicas; and of the configurations only what must differ."""
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    done = doctor("streams", *nodes, "--creds", str(lab.system_credentials), "--account", "symphony", "--json")
    streams = json.loads(done.out)["streams"]
    assert {each["name"] for each in streams} == set(SYSTEM_BUCKETS)
    assert {(each["replicas_wanted"], each["replicas"], each["faulty"]) for each in streams} == {(3, 3, False)}
    copies = [sorted(copy["state"] for copy in each["copies"].values()) for each in streams]
    assert copies == [["leader", "replica", "replica"]] * len(SYSTEM_BUCKETS)
    differing = json.loads(doctor("diff", *nodes, "--json").out)["files"]
    assert [each["key"] for each in differing["symphony.config"]] == ["network.uiport"]
    assert "server_name" in {each["key"] for each in differing["nats.config"]}
