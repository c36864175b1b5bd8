from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.finding import EvidenceEntry, Remedy, Risk, Severity, Subject
from symphony_doctor.model.overview import Copy, CopyState, Placement
from symphony_doctor.model.report import NodeCoverage, Report
from symphony_doctor.model.server import Running
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports._summary import verdict
from symphony_doctor.reports.html_page import to_html
from symphony_doctor.testing import changed, healthy

from . import builder, page, scenes
from .page import has
from .strategies import reports

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{ 7*7 }} javascript:alert(1)"
EVERY = [
    scenes.healthy(),
    scenes.skipped(),
    scenes.crashed(),
    scenes.hostile(),
    page.with_overview(builder.report(*builder.wizard(), scenes.note())),
    page.with_overview(builder.report(*scenes.one_replica("a", "b", "c"))),
    page.of(healthy()),
    page.of(healthy(1)),
    page.of(changed(healthy(5), "node2", running=Seen(Running(up=False, how="refuses connections"), "node2:4222"))),
]


def evil() -> Report:
    """Give a report in which everything that is from elsewhere is markup."""
    subject = Subject("stream", EVIL, EVIL)
    remedy = Remedy(EVIL, (EVIL, f"# {EVIL}"), Risk.DESTRUCTIVE)
    entry = EvidenceEntry(EVIL, EVIL, EVIL, EVIL)
    root = builder.found(
        "XX001", EVIL, EVIL, subject=subject, nodes=(EVIL,), detail=EVIL, evidence=(entry,) * 9, remedies=(remedy,)
    )
    more = builder.found("XX002", EVIL, EVIL, subject=subject, nodes=(EVIL,), evidence=(entry,), cause=root)
    found = builder.report(
        root, more, nodes=(NodeCoverage(EVIL, ("files", EVIL), (EVIL,)),), problems=(EVIL,), name=EVIL
    )
    return page.with_overview(found, page.overview(page.placement(EVIL), names=(EVIL, "node2", "node3")))


@pytest.mark.parametrize("report", EVERY)
def test_the_headline_is_that_of_the_terminal(report: Report) -> None:
    read = page.read(report)

    (headline,) = page.texts(read, "//h1")
    assert headline.partition(" ")[2] == " ".join(verdict(report).text.split())
    assert verdict(report).text.split()[0] in read.findtext(".//title")


@pytest.mark.parametrize(
    ("report", "mark", "look"),
    [
        (scenes.healthy(), "✔", "healthy"),
        (scenes.skipped(), "?", "unproven"),
        (scenes.crashed(), "?", "unproven"),
        (builder.report(*builder.wizard()), "✖", "critical"),
    ],
)
def test_the_headline_looks_like_what_it_says(report: Report, mark: str, look: str) -> None:
    (headline,) = page.read(report).xpath("//h1")

    assert page.words(headline).startswith(mark)
    assert headline.get("class") == f"verdict {look}"


def test_what_takes_something_from_the_verdict_stands_beneath_it() -> None:
    assert page.texts(page.read(scenes.crashed()), f"//ul[{has('doubts')}]/li")[0].startswith("CRASHED XX001")
    assert any(
        "did not answer" in line for line in page.texts(page.read(scenes.skipped()), f"//ul[{has('doubts')}]/li")
    )
    assert page.read(scenes.healthy()).xpath(f"//ul[{has('doubts')}]") == []


def test_root_causes_come_in_the_order_of_the_report_with_what_they_explain_beneath() -> None:
    read = page.read(builder.report(*builder.wizard(), builder.account_missing(), scenes.note()))

    assert page.texts(read, f"//article//h3/span[{has('code')}]") == ["ID004", "AC001", "CF005"]
    (first, *_) = read.xpath("//article")
    assert page.texts(first, ".//details/summary/span[@class='code']") == ["ID001", "JS003", "RT006"]
    assert len(first.xpath(".//li[@data-finding]")) == 6
    assert page.texts(first, ".//h4")[-1] == "Explains 6 more findings"


def test_every_finding_is_there_once_whatever_it_is_folded_under() -> None:
    report = builder.report(*builder.wizard(), *scenes.one_replica("a", "b", "c"), scenes.note())

    assert len(page.read(report).xpath("//*[@data-finding]")) == len(report.findings)


@pytest.mark.parametrize("report", EVERY)
def test_commands_are_exactly_what_is_to_be_typed(report: Report) -> None:
    read = page.read(report)
    shown = [code.text_content() for code in read.xpath(f"//div[{has('commands')}]//code")]

    wanted = [command for root in report.roots for remedy in root.finding.remedies for command in remedy.commands]
    assert {command for command in wanted if not CONTROLS.search(command)} <= set(shown)


def test_a_command_of_several_lines_is_one_command() -> None:
    text = "cat > x <<'EOF'\n  a\tb && \"c\"\n\nEOF"
    read = page.read(builder.report(builder.found("XX001", "x", "X", remedies=(Remedy("Write", (text,)),))))

    (command,) = read.xpath(f"//div[{has('command')}]")
    assert command.xpath(".//code")[0].text_content() == text
    assert command.xpath("./button")[0].get("aria-label") == f"Copy command: {text}"


def test_evidence_is_a_table_of_its_four_parts() -> None:
    read = page.read(builder.report(builder.account_missing()))

    rows = [page.texts(row, "./td") for row in read.xpath(f"//table[{has('evidence')}]/tbody/tr")]
    assert rows[2] == ["node3", f"{builder.ACCOUNT}.jwt", "not there", "/srv/node3/accounts"]


def test_since_when_is_said_where_a_log_tells() -> None:
    entry = EvidenceEntry("node1", "/srv/node1/nats.log:7", "silence", "12 times")
    found = builder.found("LG001", "log-quorum-wait", "node1 waits", nodes=("node1",), evidence=(entry,))
    read = page.read(page.with_overview(builder.report(found)))

    assert page.texts(read, f"//span[{has('since')}]") == ["Since 2026-01-02 02:54:05 UTC, 10 min before this report"]


def test_a_lost_node_is_said_to_be_last_heard() -> None:
    down = EvidenceEntry("node3", "node3:4222", "up", "down: refuses connections")
    found = builder.found("QU002", "quorum-at-risk", "node3 is down", evidence=(down,))
    other = builder.found("CF008", "config-drift", "node3 differs", evidence=(EvidenceEntry("node3", "x", "a", "b"),))
    read = page.read(page.with_overview(builder.report(found, other)))

    assert page.texts(read, f"//span[{has('since')}]") == [
        "node3 last heard 2026-01-02 02:59:05 UTC, 5 min before this report"
    ]


def test_the_drawing_marks_a_broken_route_and_says_it_in_words() -> None:
    read = page.read(page.with_overview(builder.report()))

    assert len(read.xpath(f"//g[{has('route')} and {has('broken')}]/circle")) == 1
    assert len(read.xpath(f"//g[{has('node')} and {has('down')}]")) == 1
    assert page.texts(read, f"//ul[{has('faults')}]/li")[0] == (
        "node1 and node2: both are up, and neither has a route to the other"
    )
    assert page.texts(read, "//figcaption") == ["2 of 3 nodes up, 1 of 3 nodes down, 1 route broken, 2 routes down"]


def test_the_matrix_says_what_each_node_has_of_a_stream() -> None:
    read = page.read(page.with_overview(builder.report()))

    (row,) = read.xpath("//*[@id='streams-rows']/tr")
    assert page.texts(row, "./td") == ["★ leader", "◐ 12,345 behind", "✖ absent"]
    assert [cell.get("class") for cell in row.xpath("./td")] == ["leader", "lagging", "absent"]
    assert page.texts(read, f"//table[{has('matrix')}]//th[@role='columnheader']") == [
        "Stream", "node1", "node2", "node3",
    ]  # fmt: skip


def test_of_very_many_streams_those_of_an_account_that_lie_alike_share_a_row() -> None:
    read = page.read(page.with_overview(builder.report(), page.overview(*many(5_001))))

    rows = read.xpath("//*[@id='streams-rows']/tr")
    assert [(row.get("class"), row.get("data-streams")) for row in rows] == [("faulty", None), (None, "5000")]
    assert page.texts(rows[0], "./th")[0].startswith("KV_jobs alice")
    shared = page.texts(rows[1], "./th")[0]
    assert shared.startswith("5000 streams S0, S1, S2, ")
    assert shared.endswith(", S4999 alice, R3 file")
    assert page.texts(rows[1], "./td") == ["★ leader", "● replica", "● replica"]
    said = page.texts(read, "//*[@id='streams']//p")[0]
    assert said == ("5001 streams, 1 of them lacks a leader or a copy. Those of an account that lie alike share a row.")


def test_fewer_streams_have_a_row_each() -> None:
    read = page.read(page.with_overview(builder.report(), page.overview(*many(5_000))))

    assert len(read.xpath("//*[@id='streams-rows']/tr")) == 5_000
    assert "share a row" not in page.texts(read, "//*[@id='streams']//p")[0]


def many(count: int) -> tuple[Placement, ...]:
    """Return so many streams of an account, all but the first healthy and alike."""
    copies = (Copy(CopyState.LEADER), Copy(CopyState.REPLICA), Copy(CopyState.REPLICA))
    healthy = (replace(page.placement(f"S{number}"), copies=copies) for number in range(count - 1))
    return page.placement("KV_jobs"), *healthy


def test_the_timeline_is_in_the_order_of_time_with_a_lane_for_each_node() -> None:
    read = page.read(page.with_overview(builder.report()))

    rows = read.xpath(f"//table[{has('timeline')}]/tbody/tr")
    assert [page.texts(row, "./th") for row in rows] == [
        ["2026-01-02 01:04:05"], ["2026-01-02 02:54:05"], ["2026-01-02 03:04:05"],
    ]  # fmt: skip
    assert page.texts(rows[1], "./td")[:2] == ["10 min", "◆ node1"]
    assert page.texts(rows[1], "./td")[-1].startswith("waits for quorum 12 lines until 2026-01-02 03:03:05")


def test_a_healthy_cluster_of_five_is_drawn_whole() -> None:
    read = page.read(page.of(healthy(5)))

    assert len(read.xpath(f"//g[{has('route')} and {has('open')}]")) == 10
    assert len(read.xpath(f"//g[{has('node')} and {has('up')}]")) == 5
    assert read.xpath(f"//tr[{has('faulty')}]") == []


def test_without_any_evidence_the_page_says_so() -> None:
    bare = changed(healthy(1), "node1", log=Missing(State.DENIED, "not permitted"))
    assert to_html(page.of(bare))

    read = page.read(Report("0.1.0", 0.0, "", (), (), (), ()))
    assert page.texts(read, "//h1") == ["? Nothing is proven: no node is known"]
    assert page.texts(read, "//section[@id='topology']/p") == ["Nothing is known of its nodes."]


def test_markup_in_any_value_is_text() -> None:
    document = to_html(evil())
    read = page.read(evil())

    assert len(read.xpath("//script")) == 1
    assert read.xpath("//img") == []
    assert "alert(1)" not in read.xpath("//script")[0].text_content()
    assert not re.search(r"<(?:script>alert|img)", document)
    assert "49" not in page.texts(read, "//h1")[0]
    for element in read.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in {"href", "src", "action", "formaction", "style"} or value.startswith("#")
    assert read.xpath("//article/h3")[0].text_content().endswith(" ".join(EVIL.split()))
    assert read.xpath("//*[@id='streams-rows']//th")[0].text_content().startswith(EVIL)


@pytest.mark.parametrize("report", [*EVERY, evil()])
def test_nothing_outside_of_the_page_is_asked_for(report: Report) -> None:
    document = to_html(report)
    read = page.read(report)

    assert (
        read.xpath("//link | //iframe | //object | //embed | //base | //img | //*[@src] | //use | //form[@action]")
        == []
    )
    assert all(link.get("href").startswith("#") for link in read.xpath("//*[@href]"))
    (style,) = read.xpath("//style")
    assert not re.search(r"@import|url\(", style.text_content())
    assert not re.search(
        r"\b(?:fetch|XMLHttpRequest|WebSocket|import|eval|innerHTML)\b", read.xpath("//script")[0].text
    )
    assert "http-equiv" in document


def test_the_policy_lets_in_this_style_and_this_script_alone() -> None:
    read = page.read(scenes.healthy())
    (policy,) = read.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")

    for name in ("style", "script"):
        text = read.xpath(f"//{name}")[0].text
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert read.xpath("//*[@style]") == []


@pytest.mark.parametrize("report", [*EVERY, evil()])
def test_every_control_has_a_name(report: Report) -> None:
    read = page.read(report)
    controls = read.xpath(
        "//button | //select | //input | //a | //summary | //*[@tabindex] | //form | //*[@role='img']"
    )

    assert controls
    for control in controls:
        labels = control.xpath("./ancestor::label")
        by = control.get("aria-labelledby", "").split()
        named = [page.words(read.get_element_by_id(name)) for name in by]
        said = control.get("aria-label") or " ".join(named) or page.words(labels[0] if labels else control)
        assert said.strip(), control.tag


@pytest.mark.parametrize("report", EVERY)
def test_names_within_the_page_are_unique_and_lead_somewhere(report: Report) -> None:
    read = page.read(report)
    names = read.xpath("//@id")

    assert len(names) == len(set(names))
    for reference in read.xpath("//@aria-labelledby | //@href"):
        assert {name.lstrip("#") for name in reference.split()} <= set(names)


def test_what_needs_the_script_is_hidden_until_it_runs() -> None:
    read = page.read(page.with_overview(builder.report(*builder.wizard())))

    assert read.xpath("//form[not(@hidden)] | //button[not(@hidden) and not(ancestor::form)]") == []
    assert len(read.xpath(f"//button[{has('copy')}]")) == 4


def test_the_choices_are_what_occurs() -> None:
    read = page.read(builder.report(*builder.wizard()))

    assert read.xpath("//input[@name='severity']/@value") == ["critical", "error", "warning"]
    assert page.texts(read, "//select[@name='node']/option") == ["all", "node3"]
    assert [text.split()[0] for text in page.texts(read, "//select[@name='rule']/option")] == [
        "all", "ID001", "ID004", "JS003", "RT006",
    ]  # fmt: skip


def test_many_commands_of_one_repair_have_one_button() -> None:
    names = [f"bucket{number}" for number in range(50)]
    read = page.read(builder.report(*scenes.one_replica(*names)))

    assert len(read.xpath(f"//button[{has('copy')}]")) == 1
    assert len(read.xpath(f"//div[{has('long')}]//code")) == 50


def test_the_search_for_secrets_finds_one_in_the_page() -> None:
    secret = "s3cr<t&\"quoted'-0123456789"
    known = Secrets(bytes(32))
    known.fingerprint(secret)

    assert known.leaks(to_html(builder.report(builder.found("XX001", "x", f"It is {secret}"))))
    assert not known.leaks(to_html(builder.report(builder.found("XX001", "x", "It is not there"))))


@pytest.mark.parametrize("report", EVERY)
def test_the_same_report_gives_the_same_bytes_however_it_is_asked_for(report: Report) -> None:
    assert FORMATS["html"](report, verbosity=-1, width=40, color=True, terminal=True) == to_html(report)


def luminance(color: str) -> float:
    """Return the relative luminance of #rrggbb, from 0 to 1 (WCAG 2)."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_every_colour_of_text_can_be_read_on_every_ground(scheme: int) -> None:
    style = page.read(scenes.healthy()).xpath("//style")[0].text
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]))

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(colors[one]), luminance(colors[other])))
        return (high + 0.05) / (low + 0.05)

    for ground in ("ground", "surface", "sunken"):
        for text in colors.keys() & {"text", "quiet", "accent", "critical", "error", "warning", "info", "healthy"}:
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast("on-critical", "critical") >= 4.5


@given(reports)
@settings(max_examples=60, deadline=None)
def test_any_report_becomes_a_page_with_every_finding_and_no_control(report: Report) -> None:
    document = to_html(report)

    assert not CONTROLS.search(document)
    assert document.startswith("<!DOCTYPE html>")
    assert document.endswith("</html>\n")
    read = page.read(report)
    assert len(read.xpath("//*[@data-finding]")) == len(report.findings)
    shown = {code.text_content() for code in read.xpath(f"//div[{has('commands')}]//code")}
    assert {
        command for root in report.roots for remedy in root.finding.remedies for command in remedy.commands
    } <= shown
    assert all(Severity[value.upper()] for value in read.xpath("//@data-severity"))
