"""No secret gets out: planted in every file, line, variable and answer that is read, looked for in every byte."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from symphony_doctor.formats.nkey import Kind
from symphony_doctor.lab import buckets
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.reports import FORMATS

from .bundling import unpacked
from .canaries import Canaries
from .program import Done, doctor

pytestmark = pytest.mark.cluster


class Planted:
    """A cluster with canaries everywhere, and what gives the doctor all of it."""

    def __init__(self, lab: Lab, canaries: Canaries, more: list[str], environment: dict[str, str]) -> None:
        self.lab, self.canaries, self.environment = lab, canaries, environment
        nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
        self.arguments = [*nodes, "--creds", str(lab.system_credentials), *more]

    def run(self, *arguments: str | Path) -> Done:
        """Run the doctor and see at once that it printed no canary."""
        done = doctor(*arguments, environment=self.environment)
        name = f"the output of {' '.join(map(str, arguments))[:60]}"
        assert self.canaries.found_in(name, (done.out + done.err).encode()) == []
        return done


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """A real cluster of three with canaries in it."""
    folder = tmp_path_factory.mktemp("canaries")
    canaries = Canaries()
    lab = asyncio.run(Lab.create(folder / "lab"))
    try:
        with talkative_ui(canaries) as port:
            asyncio.run(in_streams(lab, canaries))
            in_configurations(lab, canaries, port)
            in_the_tree(lab, canaries)
            more = [*in_logs(lab, folder, canaries), *in_load_balancers(folder, canaries)]
            environment = {
                "SYMPHONY_CANARY_TOKEN": canaries.random("the environment"),
                "NATS_PASSWORD": canaries.password("the environment, unused"),
                "XDG_STATE_HOME": str(folder / "state"),
            }
            yield Planted(lab, canaries, more, environment)
    finally:
        asyncio.run(lab.stop())


class talkative_ui:  # noqa: N801 - a context manager
    """A UI port whose answers hold secrets, in the body, the headers and the reason."""

    def __init__(self, canaries: Canaries) -> None:
        body = {
            "status": "degraded",
            "message": canaries.all_of("the UI's answer"),
            "components": {
                canaries.seed("a component's name"): {"status": "unhealthy", "password": canaries.password("UI")}
            },
            "version": canaries.random("the UI's version"),
        }
        header = canaries.random("the UI's header")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = json.dumps(body).encode()
                self.send_response(503)
                self.send_header("Set-Cookie", f"session={header}")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> int:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


async def in_streams(lab: Lab, canaries: Canaries) -> None:
    """Streams whose description and metadata hold secrets: JSZ tells them, and meta.inf holds them."""
    config = buckets.bucket_config("KV_ext_canary", replicas=1) | {
        "description": f"by {canaries.seed('a description', Kind.ACCOUNT)} with {canaries.bcrypt('a description')}",
        "metadata": {
            "api_token": canaries.random("metadata"),
            "password": canaries.password("metadata"),
            "note": f"https://admin:{canaries.password('a URL in metadata')}@example.com/",
        },
    }
    async with lab.client("alice") as client:
        await buckets.request(client, "STREAM.CREATE.KV_ext_canary", config)


def in_configurations(lab: Lab, canaries: Canaries, ui_port: int) -> None:
    """symphony.config and nats.config of three nodes: well-formed with secrets, and broken right behind one."""
    one, two, three = (node.directory for node in lab.nodes)
    document = json.loads((one / "symphony.config").read_text())
    document["network"]["uiport"] = ui_port
    document["oidc"]["clientsecret"] = canaries.random("symphony.config")
    document["storage"]["salt"] = canaries.hexadecimal("symphony.config")
    document["extra"] = {
        "apiKey": canaries.random("symphony.config, apiKey"),
        "smtp": {"password": canaries.password("symphony.config, smtp")},
        "ldap": f"ldaps://cn=admin:{canaries.password('a URL of symphony.config')}@ldap.example.com",
        "keys": [canaries.seed("symphony.config", kind) for kind in (Kind.ACCOUNT, Kind.USER, Kind.SERVER, Kind.CURVE)],
        "pem": canaries.pem("symphony.config"),
        "hash": canaries.bcrypt("symphony.config"),
        "jwt": canaries.user_jwt("symphony.config"),
        "encoded": base64.b64encode(f"password={canaries.password('base64')}".encode()).decode(),
        canaries.seed("a key of symphony.config"): {"token": canaries.random("under a secret key")},
    }
    (one / "symphony.config").write_text(json.dumps(document, indent=1))
    leaf, user, password = (canaries.password(f"nats.config, {name}") for name in ("leaf", "user", "password"))
    with (one / "nats.config").open("a") as file:
        file.write(
            f'\nleafnodes {{ remotes [ {{ url: "nats-leaf://u:{leaf}@192.0.2.1:7422" }} ] }}\n'
            f"authorization {{ token: $SYMPHONY_CANARY_TOKEN, password: {password}, users [ {{ user: a, password: "
            f'"{canaries.bcrypt("nats.config")}" }}, {{ user: b, password: "{user}" }} ] }}\n'
            f'mqtt {{ token: "{canaries.random("mqtt")}", seed: {canaries.seed("nats.config", Kind.SERVER)} }}\n'
            f"# once {canaries.seed('a comment')}\n"
        )
    broken = f'{{"oidc": {{"clientsecret": "{canaries.random("broken symphony.config")}" "'
    (two / "symphony.config").write_text(broken)
    with (three / "nats.config").open("a") as file:
        file.write(f'\nauthorization {{ password: "{canaries.random("broken nats.config")}\n')


def in_the_tree(lab: Lab, canaries: Canaries) -> None:
    """Account files that are none, and a meta.inf that is broken behind a secret."""
    accounts = lab.nodes[0].directory / "accounts"
    (accounts / ("A" + "B" * 55 + ".jwt")).write_text(canaries.user_jwt("accounts/"))
    (accounts / ("A" + "C" * 55 + ".jwt")).write_text(canaries.seed("accounts/"))
    stream = next((lab.nodes[1].directory / "storage" / "jetstream").glob("*/streams/KV_ext_*"))
    (stream / "meta.inf").write_text(f'{{"name": "x", "metadata": {{"password": "{canaries.password("meta.inf")}"')


def in_logs(lab: Lab, folder: Path, canaries: Canaries) -> list[str]:
    """Log lines of every kind that is kept: of the node's own log and of a journal that is given."""
    lines = [
        f"Error trying to connect to route (attempt 1): nats-route://u:{canaries.password('a log')}@192.0.2.9:1: no",
        f"JetStream could not store: {canaries.all_of('a log line')}",
        f"Account [A] {canaries.all_of('an account line')} no JetStream",
        quote(f"url-encoded {canaries.seed('a log, URL-encoded')}"),
        base64.b64encode(f"encoded {canaries.seed('a log, base64')}".encode()).decode(),
    ]
    with (lab.nodes[0].directory / "nats.log").open("a") as log:
        log.writelines(f"[1] 2026/11/26 00:40:0{at}.234680 [ERR] {line}\n" for at, line in enumerate(lines))
    journal = folder / "journal.json"
    message = f"[ERR] Error trying to connect to route: nats-route://x:{canaries.password('a journal')}@192.0.2.8:1: no"
    journal.write_text(json.dumps({"__REALTIME_TIMESTAMP": "1795630000000000", "MESSAGE": message}) + "\n")
    return ["--log", f"{lab.nodes[1].directory.name}={journal}"]


def in_load_balancers(folder: Path, canaries: Canaries) -> list[str]:
    """Headers, users and URLs with passwords in the configurations of nginx and HAProxy."""
    nginx = folder / "nginx.conf"
    basic = base64.b64encode(f"u:{canaries.password('nginx, Basic')}".encode()).decode()
    nginx.write_text(
        f'events {{}}\nhttp {{ proxy_set_header Authorization "Basic {basic}";\n'
        f'proxy_set_header X-Api-Key "{canaries.random("nginx")}";\nupstream ui {{ server 127.0.0.1:8080; }}\n'
        "server { listen 80; location / { proxy_pass http://ui; } } }\n"
    )
    haproxy = folder / "haproxy.cfg"
    haproxy.write_text(
        f"userlist u\n    user admin insecure-password {canaries.password('haproxy')}\n"
        "defaults\n    mode http\nbackend ui\n    server n1 127.0.0.1:8080 check\n"
    )
    return ["--load-balancer", str(nginx), "--load-balancer", str(haproxy)]


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_reports(format_: str, planted: Planted, tmp_path: Path) -> None:
    planted.run("run", *planted.arguments, "--format", format_, "-vv")
    planted.run("run", *planted.arguments, "--format", format_, "--output", tmp_path / "report")
    assert planted.canaries.found_below(tmp_path) == []


@pytest.mark.parametrize("more", [["--anonymize"], ["--since", "240000h"], ["--offline"]], ids=lambda more: more[0])
def test_bundles(more: list[str], planted: Planted, tmp_path: Path) -> None:
    """Bundles of all kinds, what `inspect` and `verify` say of them, and the run on them."""
    path = tmp_path / "b.tar.gz"
    arguments = [each for each in planted.arguments if each not in {"--creds", str(planted.lab.system_credentials)}]
    given = arguments if "--offline" in more else planted.arguments
    made = planted.run("bundle", "collect", *given, *more, "--interval", "200ms", "--output", path)
    assert made.status == 0, made.err
    assert planted.canaries.found_below(tmp_path) == []
    assert planted.run("bundle", "inspect", path).status == 0
    verified = planted.run("bundle", "verify", path)
    assert verified.status == 0, verified.out
    planted.run("run", "--bundle", path, "--format", "json")


def test_the_report_of_what_was_masked_names_every_kind(planted: Planted, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    planted.run("bundle", "collect", *planted.arguments, "--interval", "200ms", "--output", path)
    report = json.loads(unpacked(path)["redaction.json"])
    assert set(report["secrets_by_kind"]) >= {"seed", "password", "password hash", "private key", "token"}
    places = {place for secret in report["secrets"] for place in secret["places"]}
    assert any(re.fullmatch(r"nodes/node1/log-tail\.txt:\d+", place) for place in places)
    assert any(place.startswith("answers/") for place in places)


def test_the_files_hold_what_was_read(planted: Planted, tmp_path: Path) -> None:
    """The search is not in vain: the fields and lines with the secrets are there, masked."""
    path = tmp_path / "b.tar.gz"
    planted.run("bundle", "collect", *planted.arguments, "--interval", "200ms", "--output", path)
    files = unpacked(path)
    assert b"clientsecret = secret:" in files["nodes/node1/symphony.config.txt"]
    # its value is that of a variable of the environment
    assert re.search(rb"authorization\.token = secret:", files["nodes/node1/nats.config.txt"])
    assert b"KV_ext_canary" in b"".join(content for name, content in files.items() if name.endswith("JSZ.json"))
    assert b"could not store" in files["nodes/node1/log-tail.txt"]


def test_plans_and_journals_of_repairs(planted: Planted) -> None:
    planted.run("fix", *planted.arguments[:-6], "--dry-run")
    assert planted.canaries.found_below(Path(planted.environment["XDG_STATE_HOME"])) == []


def test_error_paths(planted: Planted, tmp_path: Path) -> None:
    """What is refused is not repeated: command lines, credentials, contexts and bundles with secrets in them."""
    canaries = planted.canaries
    creds = tmp_path / "broken.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{canaries.user_jwt('creds')}\n{canaries.seed('creds', Kind.USER)}\n"
    )
    context = tmp_path / "nats" / "context" / "lab.json"
    context.parent.mkdir(parents=True)
    url = planted.lab.urls()[0]
    context.write_text(json.dumps({"url": url, "user": "u", "password": canaries.password("a context")}))
    planted.environment["XDG_CONFIG_HOME"] = str(tmp_path)
    bundle = tmp_path / f"{canaries.random('a file name')[:20]}.tar.gz"
    bundle.write_bytes(canaries.all_of("a bundle").encode())
    failures = [
        planted.run("run", "--server", url, "--creds", creds),
        planted.run("run", "--server", url, "--context", "lab"),
        planted.run("run", "--server", f"nats://u:{canaries.password('--server')}@127.0.0.1:1"),
        planted.run("bundle", "collect", "--server", f"nats://{canaries.random('--server, token')}@127.0.0.1:1"),
    ]
    assert all(done.status != 0 for done in failures)
    done = doctor("run", "--bundle", bundle)
    assert done.status == 2
    assert canaries.found_in("a refused bundle", (done.out + done.err).replace(bundle.name, "").encode()) == []
