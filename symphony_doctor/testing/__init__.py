"""For tests of rules: a healthy snapshot to change, one rule by its code, evidence taken away.

A test of a rule is: take ``healthy()``, change one thing with ``changed()``, ``judge()`` the rule::

    cluster = changed(healthy(), "node3", cluster_name=Seen("other", "VARZ"))
    assert [f.nodes for f in judge("RT001", cluster).findings] == [("node3",)]
"""

from symphony_doctor.testing.healthy import healthy
from symphony_doctor.testing.judging import TAKEN, changed, installed_checks, judge, rebuilt, without
from symphony_doctor.testing.parts import NOW, OPERATOR, SYMPHONY, SYSTEM, USER, log, stream_state, token

__all__ = [
    "NOW",
    "OPERATOR",
    "SYMPHONY",
    "SYSTEM",
    "TAKEN",
    "USER",
    "changed",
    "healthy",
    "installed_checks",
    "judge",
    "log",
    "rebuilt",
    "stream_state",
    "token",
    "without",
]
