"""The page in a real browser: it runs, filters, copies and fits; left out where there is no Chromium."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.model.report import Report
from symphony_doctor.reports.html_page import to_html

from . import builder, page, scenes
from .test_html_page import evil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

# The page is in a frame of its own, which has the width of a window and the policy of the page.
HARNESS = """<!DOCTYPE html>
<meta charset="utf-8">
<iframe id="frame" width="WIDTH" height="900"></iframe>
<pre id="result"></pre>
<script>
const frame = document.getElementById("frame");
const say = (value) => { document.getElementById("result").textContent = JSON.stringify(value); };
const change = (element, values) => {
  Object.assign(element, values);
  element.dispatchEvent(new Event("input", { bubbles: true }));
};
const seen = (root, path) => Array.from(root.querySelectorAll(path)).filter((each) => each.checkVisibility()).length;
frame.onload = async () => {
  const page = frame.contentDocument;
  try { say(await (STEPS)(page, frame.contentWindow)); } catch (error) { say({ error: String(error) }); }
};
frame.srcdoc = PAGE;
</script>
"""


def steps(directory: Path, report: Report, script: str, width: int = 1200) -> Any:  # noqa: ANN401 - as JSON has it
    """Run the body of a function of ``page`` and ``view`` in the page, and return what it returns."""
    document = json.dumps(to_html(report)).replace("<", "\\u003c")
    harness = HARNESS.replace("WIDTH", str(width)).replace("STEPS", f"async (page, view) => {{{script}}}")
    file = directory / "harness.html"
    file.write_text(harness.replace("PAGE", document), encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={directory / 'profile'}",
         *(["--no-sandbox"] if os.geteuid() == 0 else []), "--virtual-time-budget=20000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2000:]
    said = json.loads(html.unescape(found[1]))
    assert not (isinstance(said, dict) and "error" in said), said
    return said


def large() -> Report:
    """Give 3,000 streams on three nodes, each of which lacks something, and as many findings."""
    names = [f"bucket{number:04}" for number in range(3000)]
    streams = tuple(page.placement(f"KV_{name}") for name in names)
    return page.with_overview(builder.report(*scenes.one_replica(*names)), page.overview(*streams))


def test_the_style_and_the_script_are_let_in_by_the_policy(tmp_path: Path) -> None:
    said = steps(tmp_path, page.with_overview(builder.report(*builder.wizard())), """
        return {
          filters: seen(page, "#filters"), copies: seen(page, "button.copy"),
          border: view.getComputedStyle(page.querySelector(".card")).borderLeftWidth,
        };
    """)  # fmt: skip

    assert said == {"filters": 1, "copies": 4, "border": "4px"}


def test_findings_are_filtered_by_severity_node_and_rule(tmp_path: Path) -> None:
    findings = (*builder.wizard(), builder.account_missing(), *scenes.one_replica("a", "b", "c"), scenes.note())
    said = steps(tmp_path, builder.report(*findings), """
        const form = page.getElementById("filters");
        const counts = [];
        const count = () => counts.push([seen(page, ".card"), page.getElementById("shown").value]);
        count();
        for (const box of form.elements.severity) if (box.value !== "warning") change(box, { checked: false });
        count();
        for (const box of form.elements.severity) change(box, { checked: true });
        change(form.elements.node, { value: [...form.elements.node.options].find((o) => o.text === "node1").value });
        count();
        change(form.elements.rule, { value: "AC001" });
        count();
        const nothing = seen(page, "#none-left");
        form.reset();
        await new Promise((done) => setTimeout(done, 50));
        count();
        return { counts, nothing };
    """)  # fmt: skip

    assert said == {
        "counts": [
            [4, "12 of 12 findings"],
            [1, "1 of 12 findings"],
            [1, "3 of 12 findings"],
            [0, "0 of 12 findings"],
            [4, "12 of 12 findings"],
        ],
        "nothing": 1,
    }


def test_a_button_copies_the_command_as_it_is(tmp_path: Path) -> None:
    said = steps(tmp_path, builder.report(*builder.wizard()), """
        const copied = [];
        Object.defineProperty(view.navigator, "clipboard", { value: { writeText: async (text) => copied.push(text) } });
        const buttons = page.querySelectorAll("button.copy");
        for (const button of [buttons[0], buttons[1]]) button.click();
        await new Promise((done) => setTimeout(done, 50));
        return { copied, label: buttons[1].textContent, said: page.getElementById("announcement").textContent };
    """)  # fmt: skip

    commands = builder.wizard()[0].finding.remedies[0].commands
    assert said == {"copied": ["\n".join(commands), commands[0]], "label": "Copied", "said": "Copied"}


def test_three_thousand_streams_can_be_searched(tmp_path: Path) -> None:
    said = steps(tmp_path, large(), """
        const form = page.getElementById("stream-filter");
        const rows = () => page.querySelectorAll("#streams-rows > tr:not([hidden])").length;
        const shown = () => [page.getElementById("streams-shown").value, rows()];
        change(form.elements.text, { value: "BUCKET0042" });
        const one = shown();
        change(form.elements.text, { value: "" });
        change(form.elements.faulty, { checked: true });
        return { one, all: shown() };
    """)  # fmt: skip

    assert said == {"one": ["1 of 3000 streams", 1], "all": ["3000 of 3000 streams", 3000]}


@pytest.mark.parametrize("width", [400, 768, 1280])
@pytest.mark.parametrize("report", [page.with_overview(builder.report(*builder.wizard())), evil()])
def test_the_page_is_no_wider_than_its_window(tmp_path: Path, report: Report, width: int) -> None:
    said = steps(tmp_path, report, "return page.documentElement.scrollWidth;", width)

    assert said <= width


def test_markup_in_any_value_runs_nowhere(tmp_path: Path) -> None:
    said = steps(tmp_path, evil(), """
        for (const button of page.querySelectorAll("button.copy")) button.click();
        for (const details of page.querySelectorAll("details")) details.open = true;
        return { scripts: page.scripts.length, images: page.images.length, title: page.title.includes("<script>") };
    """)  # fmt: skip

    assert said == {"scripts": 1, "images": 0, "title": True}


def test_everything_that_can_be_operated_is_reached_by_the_keyboard(tmp_path: Path) -> None:
    said = steps(tmp_path, page.with_overview(builder.report(*builder.wizard())), """
        const controls = page.querySelectorAll("a, button, select, input, summary, [tabindex]");
        return Array.from(controls).filter((each) => each.checkVisibility() && each.tabIndex < 0).length;
    """)  # fmt: skip

    assert said == 0
