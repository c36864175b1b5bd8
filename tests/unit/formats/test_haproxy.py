"""Configurations of HAProxy: sections, words, places, and whatever is none."""

from __future__ import annotations

import pytest

from symphony_doctor.formats.haproxy import parse
from symphony_doctor.formats.haproxy_sections import is_haproxy, parse_sections
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.load_balancer import Balancing, Layer


def read(text: str) -> Balancing:
    return parse(text.encode(), "haproxy.cfg", str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# c\n\nglobal\n  daemon\n", True),
        ("frontend a # x\n", True),
        ("  defaults\n", True),
        ("listen 443 ssl;\n", False),
        ("http {\n", False),
        ("upstream a {\n", False),
        ("", False),
        ("\xff\xfe", False),
    ],
)
def test_told_from_nginx_by_content(text: str, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    assert is_haproxy(text.encode("latin-1")) is expected


def test_words_quotes_and_comments() -> None:
    (section,), _ = parse_sections(b"backend a # b\n  server 'n 1' h:1 check # c\n\n  http-request deny\\ x\n", "h")
    assert [(line.words, line.where) for line in section.lines] == [
        (("server", "n 1", "h:1", "check"), "h:2"),
        (("http-request", "deny x"), "h:4"),
    ]


def test_servers_and_their_places() -> None:
    (pool,) = read(
        "backend a\n server n1 10.0.0.1:80\n server n2 [::1]:81 backup\n server n3 ipv4@n3:82 disabled\n"
        " server n4 unix@/run/a.sock\n server n5 n5.example.com\n server n6 n6:83 weight 0\n"
    ).pools
    assert [(each.host, each.port, each.where) for each in pool.servers] == [
        ("10.0.0.1", 80, "haproxy.cfg:2"),
        ("::1", 81, "haproxy.cfg:3"),
        ("n3", 82, "haproxy.cfg:4"),
        (None, None, "haproxy.cfg:5"),
        ("n5.example.com", None, "haproxy.cfg:6"),
        ("n6", 83, "haproxy.cfg:7"),
    ]
    assert [each.unused for each in pool.servers] == ["", "", "disabled", "", "", "weight 0"]


def test_defaults_hold_for_the_sections_after_them() -> None:
    text = (
        "defaults\n mode http\n balance source\nbackend a\n server n h:1\n"
        "defaults other\n mode tcp\nbackend b\n server n h:2\nbackend c from other\n server n h:3\n"
    )
    pools = read(text + "frontend f\n default_backend a\n use_backend b if { always_true }\n use_backend c\n").pools
    assert {pool.title: pool.used_by[0].layer for pool in pools} == {
        "backend a": Layer.HTTP,
        "backend b": Layer.TCP,
        "backend c": Layer.TCP,
    }
    assert [isinstance(pool.affinity, Seen) for pool in pools] == [True, False, False]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("balance source", "balance source"),
        ("balance hdr(X-Forwarded-For)", "balance hdr(X-Forwarded-For)"),
        ("balance hash src", "balance hash src"),
        ("stick-table type ip size 1k\n stick on src", "stick on src"),
        ("cookie S insert dynamic\n dynamic-cookie-key k", "cookie S"),
        ("balance roundrobin", None),
        ("stick-table type ip size 1k", None),
        ("cookie S insert", None),
    ],
)
def test_affinity(lines: str, expected: str | None) -> None:
    (pool,) = read(f"backend a\n mode http\n {lines}\n server n1 h:1\n server n2 h:2\n").pools
    assert (pool.affinity.value if isinstance(pool.affinity, Seen) else None) == expected
    if expected is None:
        assert isinstance(pool.affinity, Missing)
        assert pool.affinity.is_absence


def test_a_balance_that_depends_on_the_request_is_undecided() -> None:
    (pool,) = read("backend a\n mode http\n balance url_param id\n server n1 h:1\n").pools
    assert isinstance(pool.affinity, Missing)
    assert not pool.affinity.is_absence


def test_conditional_blocks_are_undecided() -> None:
    balancing = read(".if defined(TEST)\nbackend a\n server n h:1\n.endif\n")
    assert [missing.where for missing in balancing.undecided] == ["haproxy.cfg:1", "haproxy.cfg:4"]


def test_servers_of_other_sections_are_none() -> None:
    text = "peers p\n server a h:1\nring r\n server b h:2\nresolvers d\n nameserver n h:53\nbackend c\n server d h:3\n"
    assert [pool.title for pool in read(text).pools] == ["backend c"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("server a b:1\n", 1, "a section such as global"),
        ("global\n x 'y\n", 2, "no closing quotation"),
        ("global\n x y\\", 2, "no escaped character"),
        ("global\n\n x\0\n", 3, "NUL"),
    ],
)
def test_what_is_no_configuration_says_where_and_what_was_expected(text: str, line: int, what: str) -> None:
    with pytest.raises(FormatError) as raised:
        parse(text.encode(), "haproxy.cfg", str)
    assert raised.value.position.line == line
    assert what in str(raised.value)


@pytest.mark.parametrize(
    "text", ["backend", "backend a\n server\n server n\n mode\n balance\n cookie\n", "frontend a from"]
)
def test_lines_without_their_words_do_not_break_the_parser(text: str) -> None:
    assert read(text).pools == ()


def test_values_go_through_the_masking_function() -> None:
    text = (
        "listen secret1\n mode http\n balance secret2(x)\n server a secret3:1\n"
        " http-request set-header Upgrade secret4\n use_backend %[secret5]\n"
    )
    balancing = parse(text.encode(), "haproxy.cfg", lambda shown: shown.replace("secret", "masked"))
    assert balancing.pools
    assert "secret" not in repr(balancing).replace("host='secret3'", "")
