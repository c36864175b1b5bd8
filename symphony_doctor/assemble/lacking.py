"""Why something is not known of a node, where neither its server nor its files tell."""

from __future__ import annotations

from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State


def from_config(node: Node, absent: str) -> Missing:
    """Say why nats.config does not tell: the key is absent, or the file could not be read."""
    config = node.nats_config
    if isinstance(config, Seen):
        return Missing(State.ABSENT, absent, config.where)
    if config.is_absence:
        # a file that is not there tells nothing of what the node would be configured with
        return Missing(State.UNREADABLE, config.why, config.where)
    return config


def better_reason(live: Evidence[object], files: Missing) -> Missing:
    """Choose the reason that helps most: what was tried and failed before what was not asked for."""
    if not isinstance(live, Missing) or files.state is not State.NOT_ASKED:
        return files
    if live.state is not State.NOT_ASKED:
        return live
    return Missing(State.NOT_ASKED, ", and ".join(dict.fromkeys((files.why, live.why))))
