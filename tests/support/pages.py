# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project's pages tell a reader to type: the blocks of a page, and a shell that runs them as printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import yaml

from tests.support.module_server import served
from tests.support.playbooks import CALLBACKS, FASTER, PROGRAMS
from tests.support.programs import FORKED
from tests.support.project_files import ROOT, project_files

NAMES = ROOT / "tests" / "support" / "names"
_BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CONTINUED = re.compile(r"\\\n\s*")

_README = "tests/integration/pages/test_readme.py"
_DOCS = "tests/integration/pages/test_docs.py"
_REHEARSALS = "tests/integration/pages/test_rehearse.py"
_FIRST_HOUR = "tests/integration/pages/test_getting_started.py"
RUN_BY = {
    "CONTRIBUTING.md": (_README,),
    "README.md": (_README,),
    "docs/bulk-jobs.md": ("tests/integration/pages/test_bulk_jobs.py",),
    "docs/busy-servers.md": (_DOCS,),
    # Its commands, of which the first is that of a rehearsal too, and its plays.
    "docs/certificates.md": (_DOCS, _REHEARSALS, "tests/integration/playbooks/test_exchange_root.py"),
    "docs/console.md": ("tests/integration/pages/test_console.py",),
    "docs/drift.md": (_DOCS,),
    "docs/exchange-online.md": ("tests/integration/pages/test_exchange_online.py",),
    "docs/exchange.md": ("tests/integration/pages/test_exchange.py",),
    "docs/export.md": (_DOCS,),
    "docs/fleet.md": ("tests/integration/pages/test_fleet.py",),
    "docs/getting-started.md": (_FIRST_HOUR,),
    "docs/high-availability.md": ("tests/integration/pages/test_high_availability.py",),
    "docs/own-playbook.md": (_FIRST_HOUR,),
    "docs/preflight.md": (_DOCS,),
    "docs/maintenance-window.md": ("tests/integration/playbooks/test_site.py",),
    "docs/presence-web-service.md": ("tests/integration/pages/test_presence_web_service.py",),
    "docs/presence.md": ("tests/integration/pages/test_presence.py",),
    "docs/rehearse.md": (_REHEARSALS,),
    "docs/restarts.md": (_DOCS,),
    # Its commands, and its play.
    "docs/rollback.md": (
        "tests/integration/playbooks/test_rollback.py",
        "tests/integration/playbooks/test_examples.py",
    ),
    "docs/runbook.md": ("tests/integration/pages/test_runbook.py",),
    "docs/testing-roles.md": (_DOCS,),
    "docs/troubleshooting.md": (_FIRST_HOUR,),
    # It goes on where the page of the export ends.
    "docs/twin.md": (_DOCS,),
    "docs/user-files.md": ("tests/integration/pages/test_user_files.py",),
    "docs/variables.md": (_DOCS, "tests/integration/playbooks/test_twin.py"),
    "docs/walkthrough.md": ("tests/integration/pages/test_walkthrough.py",),
    "docs/what-a-parameter-does.md": ("tests/integration/pages/test_what_a_parameter_does.py",),
    "emulator/README.md": (_DOCS,),
    "roles/*/README.md": ("tests/integration/playbooks/test_examples.py",),
}
"""The tests that run every console block and play of a page, in the page's order."""


@dataclass(frozen=True)
class Block:
    """A block of code: its language, and its text as printed."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands of a console block; one that goes on in the next line is one."""
        return [line for line in _CONTINUED.sub("", self.text).splitlines() if line and not line.startswith("#")]

    @property
    def is_play(self) -> bool:
        """Whether it is a whole playbook."""
        if self.language != "yaml":
            return False
        content = yaml.safe_load(self.text)
        return isinstance(content, list) and all("hosts" in play for play in content)


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page (a path from the root of the repository), in its order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(language, dedent(printed)) for language, printed in _BLOCK.findall(text)]


def commands(page: str) -> list[str]:
    """Return every command that a page prints."""
    return [command for block in blocks(page) if block.language == "console" for command in block.commands]


def pages() -> list[str]:
    """Return the pages with a console block or a play."""
    found = [str(path) for path in project_files("*.md") if path.parts[0] not in {"changelogs", "CHANGELOG.md"}]
    return [page for page in found if any(block.language == "console" or block.is_play for block in blocks(page))]


@dataclass
class Shell:
    """The terminal of a reader: a folder, a home, this virtual environment's programs, and nothing of our own settings.

    What ansible packs of the modules is shared with other runs, it and modules run in processes that have done their
    imports, and it asks its workers less often for results, which saves time and which a reader cannot see.
    ``hosts`` are the servers that the reader's DNS knows, see ``tests/support/names``; ``more`` is set besides.
    """

    folder: Path
    hosts: Mapping[str, Mapping[str, tuple[str, int]]] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the environment of each command."""
        ours = ("ANSIBLE_", "COV_", "IMP_EMULATOR_", "MAKE", "MFLAGS", "MOLECULE_", "PYTEST_", "PYTHONPATH", "UCOPS_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            **inherited,
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_NOCOLOR": "true",
            "HOME": str(home),
            "IMP_EMULATOR_PYTHON": str(FORKED / "emulator-python"),
            "HOSTS_OF_THE_TEST": json.dumps(self.hosts),
            "LC_ALL": "C.UTF-8",
            "PATH": os.pathsep.join([str(FORKED), str(PROGRAMS), os.environ["PATH"]]),
            "PYTHONPATH": str(NAMES),
            "VIRTUAL_ENV": sys.prefix,
            **FASTER,
        }
        return {**served(environment), **self.more}

    def run(self, *lines: str, expected: int = 0, folder: Path | None = None) -> str:
        """Run commands in one shell, as they are printed, and return what they print.

        The shell ends with the first command that fails; its status must be the expected one.
        """
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=folder or self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == expected, f"{lines} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout
