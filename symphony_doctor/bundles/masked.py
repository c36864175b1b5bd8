"""The report of what was masked in a bundle: of each secret its kind, its fingerprint and where it stood."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.manifest import REDACTION
from symphony_doctor.formats.secret_values import FINGERPRINT

_MOST_PLACES: Final = 50
"""Places of one secret that are named; the others are counted."""


def masked(files: Iterable[BundleFile], kind_of: Callable[[str], str]) -> BundleFile:
    """Return the file that lists what was masked in the others, by kind and place.

    ``kind_of`` tells the kind of the secret that a fingerprint stands for.
    """
    places: dict[str, list[str]] = {}
    for file in files:
        text = file.content.decode("utf-8", "replace")
        if "secret:" not in text:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for mark in dict.fromkeys(FINGERPRINT.findall(line)):
                places.setdefault(mark, []).append(f"{file.name}:{number}")
    secrets = [
        {
            "fingerprint": mark,
            "kind": kind_of(mark),
            "places": where[:_MOST_PLACES],
            "further_places": max(0, len(where) - _MOST_PLACES),
        }
        for mark, where in sorted(places.items())
        if mark != "secret:empty"
    ]
    kinds = Counter(str(each["kind"]) for each in secrets)
    document = {"secrets_by_kind": dict(sorted(kinds.items())), "secrets": secrets}
    return BundleFile(REDACTION, json.dumps(document, indent=1).encode())
