"""Actions of other people come by the way that rules come."""

from __future__ import annotations

from pathlib import Path

from symphony_doctor.engine.load import Provider, directory_provider, load_actions

BUILTIN = Provider("symphony_doctor.remedies.actions", "here")

ACTION = """
from symphony_doctor.api import Action, Refusal


def plan(parameters, cluster):
    return Refusal("not today")


async def apply(step, hands):
    return "done"


mine = Action("{name}", "Does it", plan, apply, why_no_undo="there is nothing to put back")
"""


def test_an_action_beside_a_rule_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ACTION.replace("{name}", "my.action"))
    loaded = load_actions([BUILTIN, directory_provider(tmp_path)])
    assert loaded.broken == ()
    assert loaded.actions["my.action"].origin == str(tmp_path)
    assert loaded.actions["stream.resubmit"].origin == "here"


def test_a_name_that_is_taken_stays_with_the_first(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(ACTION.replace("{name}", "meta.rescue"))
    loaded = load_actions([BUILTIN, directory_provider(tmp_path)])
    assert loaded.actions["meta.rescue"].origin == "here"
    (broken,) = loaded.broken
    assert "action meta.rescue is already one of here" in broken.error


def test_a_module_that_fails_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise RuntimeError('no')\n")
    (tmp_path / "good.py").write_text(ACTION.replace("{name}", "good.action"))
    loaded = load_actions([BUILTIN, directory_provider(tmp_path)])
    assert "good.action" in loaded.actions
    assert len(loaded.broken) == 1
