"""Hooks of mkdocs: the pages of the rules are made when the site is built."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.append(str(Path(__file__).parents[1]))  # last: the installed package stands before the tree
from tools.make_docs import builtin_checks
from tools.rule_pages import rule_pages


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add a page for each rule."""
    for path, text in rule_pages(builtin_checks()).items():
        files.append(File.generated(config, path, content=text))
    return files
