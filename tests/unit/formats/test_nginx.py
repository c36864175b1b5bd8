"""nginx configurations: places, includes, and whatever is no nginx configuration."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from symphony_doctor.formats.nginx import parse
from symphony_doctor.formats.nginx_tree import MOST_DIRECTIVES, parse_tree
from symphony_doctor.formats.nginx_variables import Maps, is_of_the_client
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.load_balancer import Balancing, Layer


def no_include(pattern: str) -> Iterable[tuple[str, bytes]]:
    raise OSError(f"{pattern} does not exist")


def read(text: str, files: dict[str, str] | None = None) -> Balancing:
    found = files or {}
    return parse(text.encode(), "nginx.conf", lambda name: [(name, found[name].encode())], str)


def test_places_are_those_of_the_file_that_a_directive_stands_in() -> None:
    balancing = read(
        "http {\n  include a.conf;\n  server {\n    location / {\n      proxy_pass http://a;\n    }\n  }\n}\n",
        {"a.conf": "# the nodes\nupstream a {\n  server n1:80;\n\n  server [::1]:81 backup;\n}\n"},
    )
    (pool,) = balancing.pools
    assert (pool.title, pool.where) == ("upstream a", "a.conf:2")
    assert [(each.host, each.port, each.where, each.backup) for each in pool.servers] == [
        ("n1", 80, "a.conf:3", False),
        ("::1", 81, "a.conf:5", True),
    ]
    assert [each.where for each in pool.used_by] == ["nginx.conf:5"]


def test_http_and_stream_have_upstreams_of_their_own() -> None:
    text = (
        "http { upstream a { server h:1; } server { location / { proxy_pass http://a; } } }"
        "stream { upstream a { server s:1; } server { listen 1; proxy_pass a; } }"
    )
    pools = read(text).pools
    assert [(pool.servers[0].host, pool.used_by[0].layer) for pool in pools] == [("h", Layer.HTTP), ("s", Layer.TCP)]


def test_ports_that_are_not_written() -> None:
    text = (
        "server { location /a { proxy_pass http://a.example.com/x; } location /b { proxy_pass https://b.example.com; }"
        " location /c { proxy_pass $scheme://c.example.com:8; } }"
    )
    assert [(pool.servers[0].host, pool.servers[0].port) for pool in read(text).pools] == [
        ("a.example.com", 80),
        ("b.example.com", 443),
        ("c.example.com", 8),
    ]


@pytest.mark.parametrize(
    "target",
    ["http://$backend", "http://$host:9222", "$target", "http://node$number:9222", "http://${region}.example.com"],
)
def test_variables_are_undecided(target: str) -> None:
    balancing = read(f"server {{ location / {{\nproxy_pass {target};\n}} }}")
    assert balancing.pools == ()
    (missing,) = balancing.undecided
    assert missing.where == "nginx.conf:2"
    assert "cannot be decided" in missing.why


def test_an_upstream_with_a_state_file_is_open_ended() -> None:
    (pool,) = read("upstream a { zone a 64k;\nstate /var/lib/a.state; }").pools
    assert pool.open_ended.startswith("nginx.conf:2")


def test_a_block_of_lua_is_passed_over() -> None:
    text = "server { location / { content_by_lua_block { local a = { 1 } } } location /b { proxy_pass http://b; } }"
    assert [pool.servers[0].host for pool in read(text).pools] == ["b"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "an nginx or HAProxy configuration"),
        ("# only a comment\n", 1, "an nginx or HAProxy configuration"),
        ("events { }\nuser www;\n", 1, "an nginx or HAProxy configuration"),
        ("garbage", 1, '";"'),
        ("a b;\nc d\n", 2, '";"'),
        ("http {\n server {\n  listen 1\n }\n}\n", 4, '";"'),
        ("http {\n", 1, "end of file"),
        ("http { }\n}\n", 2, 'unexpected "}"'),
        ("a;\n;\n", 2, "a directive"),
        ('{"json": true}', 1, "a directive"),
        ("a;\nb\0;\n", 2, "NUL"),
        ("upstream { server a; }", 1, "upstream NAME"),
        ("upstream a {\nserver;\n}", 2, "server ADDRESS"),
        ("server {\nlocation / {\nproxy_pass;\n}\n}", 3, "proxy_pass with one target"),
        ("server {\nproxy_set_header Upgrade;\n}", 2, "proxy_set_header with 2 arguments"),
        ("server { proxy_pass http://a }\n", 1, '";"'),
        ("a {" * 200 + "}" * 200, 1, "within each other"),
        ("a {" * 5000 + "}" * 5000, 1, "nested too deep"),
        ("server { }\ninclude none.conf;", 2, "none.conf does not exist"),
        ("include a b;", 1, "include with one file"),
    ],
)
def test_what_is_no_configuration_says_where_and_what_was_expected(text: str, line: int, what: str) -> None:
    with pytest.raises(FormatError) as raised:
        parse(text.encode(), "nginx.conf", no_include, str)
    assert raised.value.position.line == line
    assert what in str(raised.value)


def test_bytes_that_are_no_text_do_not_break_the_parser() -> None:
    with pytest.raises(FormatError):
        parse(bytes(range(1, 256)), "nginx.conf", no_include, str)


def test_an_include_of_itself_is_refused() -> None:
    files = {"a": "x;\ninclude b;", "b": "include a;"}
    with pytest.raises(FormatError, match=r"b:1:1: .* a includes itself"):
        parse_tree(b"include a;", "nginx.conf", lambda name: [(name, files[name].encode())])


def test_includes_that_multiply_are_bounded() -> None:
    files = {str(at): f"include {at + 1};" * 10 for at in range(10)} | {"10": "x;"}
    with pytest.raises(FormatError, match=f"at most {MOST_DIRECTIVES:,} directives"):
        parse_tree(b"include 0;", "nginx.conf", lambda name: [(name, files[name].encode())])


def test_values_go_through_the_masking_function() -> None:
    text = (
        "upstream a { server secret1:1; hash secret2$remote_addr; }"
        "server { location /secret3 { proxy_pass http://a; proxy_http_version 1.1;"
        " proxy_set_header Upgrade secret4; proxy_set_header Connection secret5; } }"
    )
    balancing = parse(text.encode(), "nginx.conf", no_include, lambda shown: shown.replace("secret", "masked"))
    assert "secret" not in repr([replace_host(pool) for pool in balancing.pools])


def replace_host(pool: object) -> str:
    """Leave out the host: it is compared, and shown as the address alone."""
    return repr(pool).replace("host='secret1'", "")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("$remote_addr", True),
        ("${binary_remote_addr}", True),
        ("$cookie_session$host", True),
        ("$remote_addr$request_id", False),
        ("$connection", False),
        ("$request_uri", None),
        ("$session", None),
        ("constant", None),
    ],
)
def test_keys_of_a_hash(key: str, expected: bool | None) -> None:  # noqa: FBT001 - a table of cases
    assert is_of_the_client(key) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("default upgrade; '' close;", "upgrade"),
        ("'' close; websocket upgrade;", "upgrade"),
        ("'' close;", ""),
        ("~*^web upgrade; default close;", "upgrade"),
        ("~^WEB upgrade; default close;", "close"),
        ("default $other;", None),
        ("default $http_connection;", "Upgrade"),
        ("volatile; default upgrade;", "upgrade"),
        ("~(( upgrade;", None),
        ("default $value;", None),
    ],
)
def test_maps_are_worked_out_for_a_handshake(entries: str, expected: str | None) -> None:
    tree = parse_tree(f"map $http_upgrade $value {{ {entries} }}".encode(), "nginx.conf", no_include)
    assert Maps(tree).in_handshake("$value") == expected


def test_the_hash_of_something_unknown_is_undecided() -> None:
    (pool,) = read("upstream a { hash $session; server a; }").pools
    assert isinstance(pool.affinity, Missing)
    assert not pool.affinity.is_absence


def test_headers_of_the_outer_block_hold_until_a_block_has_its_own() -> None:
    headers = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
    text = (
        f"http {{ proxy_http_version 1.1; {headers} server {{ location /a {{ proxy_pass http://a; }}"
        " location /b { proxy_set_header Host x; proxy_pass http://b; location /b/c { proxy_pass http://c; } } } }"
    )
    flaws = {
        pool.servers[0].host: len(pool.used_by[0].obstacles.get())
        for pool in read(text).pools
        if isinstance(pool.used_by[0].obstacles, Seen)
    }
    assert flaws == {"a": 0, "b": 2, "c": 2}
