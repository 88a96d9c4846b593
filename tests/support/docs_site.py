# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make docs-site``: the pages of every plugin and role and those in ``docs/`` as one HTML site, without a warning."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.collection_tree import ensure_collection_tree
from tests.support.environments import tool_environment
from tests.support.project_files import ROOT, project_files

SITE = ROOT / ".build" / "site"
HTML = SITE / "html"
SETTINGS = ROOT / "docs" / "site"
PAGES = ("docs/*.md", "docs/decisions/*.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")
REPOSITORY = "https://github.com/ucops/ucops.imp/blob/main"
_OUT_OF_DOCS = re.compile(r"\]\(\.\./(?!(?:CHANGELOG|CODE_OF_CONDUCT|CONTRIBUTING)\.md)")


def moved(text: str) -> str:
    """Return a page of ``docs/`` or the root with links that hold on the site, where all pages lie in one folder.

    What is no page of the site is taken from the repository.
    """
    text = _OUT_OF_DOCS.sub(f"]({REPOSITORY}/", text)
    return text.replace("](../", "](").replace("](docs/", "](").replace("](decisions/", "](")


def copy_pages(target: Path) -> None:
    """Copy the Markdown pages into one folder, and their pictures beside."""
    shutil.copytree(ROOT / "docs" / "images", target / "images")
    for name in project_files(*(f":(glob){page}" for page in PAGES)):
        text = (ROOT / name).read_text(encoding="utf-8")
        (target / name.name).write_text(moved(text), encoding="utf-8")
    start = (SETTINGS / "index.md").read_text(encoding="utf-8")
    (target / "index.md").write_text(start.replace("](../../", "](").replace("](../", "]("), encoding="utf-8")


def main() -> int:
    """Build the site anew; the exit status is 1 when a plugin's documentation or a page gives a warning."""
    programs = tool_environment("site") / "bin"
    # What was removed from the project must not stay on the site.
    shutil.rmtree(SITE, ignore_errors=True)
    source, home = SITE / "source", SITE / "home"
    (source / "plugins").mkdir(parents=True)
    home.mkdir()
    copy_pages(source)
    environment = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)),
        "ANSIBLE_HOME": str(home),
        "DOCS_SITE_FOLDER": str(SITE),
        # antsibull-docs writes a log into the home directory, and starts ansible-doc by name.
        "HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    plugins = ["collection", "--use-current", "--squash-hierarchy", "--cleanup", "everything", "--fail-on-error"]
    plugins += ["--no-add-antsibull-docs-version", "--dest-dir", str(source / "plugins"), "ucops.imp"]
    sphinx = ["--builder", "html", "--fail-on-warning", "--keep-going", "--quiet", "--conf-dir", str(SETTINGS)]
    for program, arguments in (("antsibull-docs", plugins), ("sphinx-build", [*sphinx, str(source), str(HTML)])):
        if subprocess.run([programs / program, *arguments], env=environment, check=False).returncode:
            return 1
    sys.stdout.write(f"docs-site: {HTML / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
