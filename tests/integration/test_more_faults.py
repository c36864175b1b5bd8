"""Faults that the lab does not make by name, really made: the finding, and what it is folded under."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.formats import jwt as jwts
from symphony_doctor.formats import jwt_make
from symphony_doctor.lab import breaking, buckets, control, layout
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.lab.identity import create_identity, sign_user_account

from .conftest import MODES, Doctor
from .test_faults import above_info, roots

pytestmark = pytest.mark.cluster

DAY = 86_400
Report = dict[str, Any]


def findings(report: Report, code: str) -> list[dict[str, Any]]:
    return [finding for finding in report["findings"] if finding["code"] == code]


def cause_of(report: Report, finding: dict[str, Any]) -> str | None:
    """Return the code of the root that explains a finding."""
    by_id = {each["id"]: each for each in report["findings"]}
    while finding["cause"] is not None:
        finding = by_id[finding["cause"]]
    return str(finding["code"])


def status_of(report: Report, code: str) -> str:
    return next(str(check["status"]) for check in report["checks"] if check["code"] == code)


def until(lab: Lab, mode: str, condition: Callable[[Report], bool], within: float = 60.0) -> Report:
    """Run the doctor until its report is as expected; the last one is in the failure."""
    deadline = time.monotonic() + within
    while True:
        _, report = Doctor(lab).run(mode)
        if condition(report):
            return report
        assert time.monotonic() < deadline, roots(report)


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Give what the doctor says of a cluster of three of which two nodes were killed."""
    lab = asyncio.run(Lab.create(tmp_path_factory.mktemp("lost") / "lab", nodes=3))
    try:
        asyncio.run(lab.break_("quorum-lost"))
        yield Doctor(lab).run("both")[1]
    finally:
        asyncio.run(lab.stop())


def put(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def in_its_place(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


WAYS: dict[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "a directory": lambda path: in_its_place(path, Path.mkdir),
    "a FIFO": lambda path: in_its_place(path, os.mkfifo),
    "a loop": lambda path: in_its_place(path, lambda at: at.symlink_to(at.name)),
    "empty": lambda path: put(path, b""),
    "cut off": lambda path: put(path, path.read_bytes()[:250]),
    "binary": lambda path: put(path, bytes(range(256)) * 16),
    "too large": lambda path: os.truncate(path, 1 << 30),
}


def test_cf001_fault_both_files_each_way(start: Callable[..., Lab]) -> None:
    """Each of the two files missing, no file at all, empty, cut off, binary, too large: named, with the node."""
    lab = start(nodes=3)
    directory = lab.nodes[1].directory
    for name in ("symphony.config", "nats.config"):
        path = directory / name
        kept = path.read_bytes()
        for way, spoil in WAYS.items():
            spoil(path)
            _, report = Doctor(lab).run("files")
            assert len(findings(report, "CF001")) == 1, (name, way)
            (finding,) = findings(report, "CF001")
            assert (finding["nodes"], finding["subject"]["name"]) == (["node2"], f"node2/{name}"), way
            assert finding["evidence"][0]["where"].startswith(str(path)), way
            assert [root[0] for root in roots(report)] == ["CF001"], (name, way, roots(report))
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            put(path, kept)
    assert roots(Doctor(lab).run("both")[1]) == []


def test_cf001_fault_keeps_a_server_down(start: Callable[..., Lab]) -> None:
    """A nats.config with a slip of the pen: the server does not start, and that is why the quorum is at risk."""
    lab = start(nodes=3)
    asyncio.run(lab.break_("dead-node"))
    breaking.edit_nats_config(lab, "node2", "jetstream {", "jetstream {{")
    _, report = Doctor(lab).run("both")
    assert [root[0] for root in roots(report)] == ["CF001"]
    assert cause_of(report, findings(report, "QU002")[0]) == "CF001"


def test_cf009_fault_another_limit_on_one_node(start: Callable[..., Lab]) -> None:
    """One node takes smaller messages than the others."""
    lab = start(nodes=3)
    breaking.edit_nats_config(lab, "node2", "jetstream {", "max_payload: 512KB\n\njetstream {")

    async def restart() -> None:
        await lab.restart_node("node2")
        await lab.wait_healthy()

    asyncio.run(restart())
    for mode in ("both", "files"):
        status, report = Doctor(lab).run(mode)
        assert roots(report) == [("CF009", "warning", ("node2",), "nats.config/max_payload")]
        assert status == 0
    assert status_of(Doctor(lab).run("nats")[1], "CF009") == "skipped"


def test_id005_fault_signature_in_symphony_config(start: Callable[..., Lab]) -> None:
    """One character of the operator's JWT was lost and another put in: the finding is the JWT."""
    lab = start(nodes=3)
    jwt = lab.keys.identity.operator_jwt
    wrong = jwt[:-10] + ("A" if jwt[-10] != "A" else "B") + jwt[-9:]
    breaking.edit_symphony_config(lab, "node2", "identity.operator.jwt", wrong)
    for mode in ("both", "files"):
        _, report = Doctor(lab).run(mode)
        assert [root[:3] for root in roots(report)] == [("ID005", "error", ("node2",))]


def test_id005_fault_preload_of_another_operator(start: Callable[..., Lab]) -> None:
    """resolver_preload of one node holds the Symphony account as another operator signed it."""
    lab = start(nodes=3)
    own = lab.keys.identity.symphony
    foreign = sign_user_account(create_identity(), own.seed, "symphony")
    breaking.edit_nats_config(lab, "node2", f"{own.key}: {own.jwt}", f"{own.key}: {foreign}")
    _, report = Doctor(lab).run("files")
    assert [root[:3] for root in roots(report)] == [("ID005", "error", ("node2",))]
    assert cause_of(report, findings(report, "ID003")[0]) == "ID005"


def with_expiry(lab: Lab, name: str, expires_at: int) -> str:
    """Issue an account again with a time at which it ends, and push it to all resolvers."""
    owner = breaking.user(lab, name)
    claims = jwts.decode(owner.jwt)
    grown = jwt_make.account_claims(owner.key, owner.name, jetstream=jwt_make.UNLIMITED_JETSTREAM)
    grown["exp"] = expires_at
    jwt = jwt_make.encode(grown, lab.keys.identity.operator_seed, issued_at=(claims.issued_at or 0) + 1)

    async def push() -> None:
        async with lab.system_client() as system:
            await control.push_account(system, jwt, expect=len(lab.nodes))

    asyncio.run(push())
    return owner.key


def test_id006_fault_soon_to_expire(start: Callable[..., Lab]) -> None:
    """An account whose JWT ends in ten days: a warning, in files and in what the resolvers hand out."""
    lab = start(nodes=3)
    key = with_expiry(lab, "bob", int(time.time()) + 10 * DAY)
    for mode in MODES:
        _, report = Doctor(lab).run(mode)
        found = [root for root in roots(report) if root[0] == "ID006"]
        assert found == [("ID006", "warning", ("node1", "node2", "node3"), key)], mode


def test_id006_fault_expired(start: Callable[..., Lab]) -> None:
    """An account whose JWT ends while the doctor looks: an error from that second on."""
    lab = start(nodes=3)
    key = with_expiry(lab, "bob", int(time.time()) + 4)
    report = until(lab, "files", lambda report: any(root[:2] == ("ID006", "error") for root in roots(report)))
    (finding,) = findings(report, "ID006")
    assert (finding["subject"]["name"], "expired" in finding["title"]) == (key, True)
    assert findings(report, "AC001") == []


def behind_a_firewall(lab: Lab, *names: str) -> None:
    """Let some servers listen for routes where no other one looks for them, and restart all of them."""

    async def restart() -> None:
        for name in names:
            lab.node_state(name).arguments = (
                "-cluster",
                f"nats://127.0.0.2:{lab.node(name).route_port}",
                "-no_advertise",
            )
        await breaking.stop_all(lab, names)
        await breaking.start_all(lab, names)

    asyncio.run(restart())


def test_rt003_fault_route_ports_closed(start: Callable[..., Lab]) -> None:
    """All nodes are up and their route ports closed: the cluster does not form, and that is why."""
    lab = start(nodes=3)
    behind_a_firewall(lab, "node1", "node2", "node3")
    report = until(lab, "both", lambda report: bool(findings(report, "RT003") and findings(report, "JS006")))
    assert {root[0] for root in roots(report)} == {"RT003"}, roots(report)
    addresses = {f"127.0.0.1:{node.route_port}" for node in lab.nodes}
    assert {finding["subject"]["name"] for finding in findings(report, "RT003")} == addresses


def test_rt003_near_miss_closed_one_way(start: Callable[..., Lab]) -> None:
    """A node whose route port nobody reaches dials the others itself: the route exists, and nothing is reported."""
    lab = start(nodes=3)
    behind_a_firewall(lab, "node2")
    asyncio.run(lab.wait_healthy())
    assert roots(Doctor(lab).run("both")[1]) == []


def test_js004_fault_two_of_three_members_down(start: Callable[..., Lab]) -> None:
    """A stream of three replicas in a cluster of five, two of its members killed: no leader."""
    lab = start(nodes=5)
    owner = lab.keys.users[0]

    async def lose() -> tuple[str, ...]:
        async with lab.client(owner.name) as client:
            config = buckets.bucket_config("KV_three", 3) | {"storage": "memory"}
            await buckets.create_streams(client, [config])
        async with lab.system_client() as system:
            seen = await control.streams(system, expect=5)
        members = tuple(name for name in sorted(seen) if "KV_three" in seen[name].get(owner.key, {}))
        for name in members[:2]:
            await lab.stop_node(name, kill=True)
        return members

    members = asyncio.run(lose())
    report = until(
        lab, "both", lambda report: "KV_three" in {each["subject"]["name"] for each in findings(report, "JS004")}
    )
    finding = next(each for each in findings(report, "JS004") if each["subject"]["name"] == "KV_three")
    assert (finding["severity"], finding["nodes"]) == ("critical", [members[2]])
    assert cause_of(report, finding) == "QU002"


def test_js006_fault_no_majority_of_peers(lost: Report) -> None:
    """One of three nodes left: the meta group has no leader, because the quorum is lost."""
    (finding,) = findings(lost, "JS006")
    assert (finding["severity"], finding["title"]) == ("critical", "The meta group has no leader")
    assert cause_of(lost, finding) == "QU001"


def test_sv004_fault_without_a_meta_leader(lost: Report) -> None:
    """The server that is left says itself that it is not healthy, because the quorum is lost."""
    (finding,) = findings(lost, "SV004")
    assert finding["severity"] == "error"
    assert "meta leader" in finding["title"]
    assert cause_of(lost, finding) == "QU001"


@pytest.mark.parametrize("nodes", [2, 4])
def test_qu003_fault_even_clusters(nodes: int, start: Callable[..., Lab]) -> None:
    """Healthy clusters of two and of four nodes: the number of nodes is all there is to say, in every mode."""
    lab = start(nodes=nodes)
    everyone = tuple(node.name for node in lab.nodes)
    for mode in MODES:
        status, report = Doctor(lab).run(mode)
        assert roots(report) == [("QU003", "warning", everyone, "size")], mode
        assert len(above_info(report)) == 1
        assert status == 0


def test_rt002_near_miss_one_block_copied_to_all_nodes(start: Callable[..., Lab]) -> None:
    """Every node lists all three route addresses, its own one included: a healthy cluster, in every mode."""
    lab = start(nodes=3)
    everyone = list(breaking.addresses(lab))
    for node in breaking.names(lab):
        listed = [address for address in everyone if address.name != node]
        breaking.edit_nats_config(lab, node, layout.routes(listed), layout.routes(everyone))

    async def restart() -> None:
        await breaking.stop_all(lab, breaking.names(lab))
        await breaking.start_all(lab, breaking.names(lab))
        await lab.wait_healthy()

    asyncio.run(restart())
    for mode in MODES:
        assert roots(Doctor(lab).run(mode)[1]) == [], mode
