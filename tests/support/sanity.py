# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on what the collection consists of, without containers and without downloads of scripts.

By default with the ansible-core that is installed beside this Python; with ``--all`` also with every release in
``CORES`` for which an interpreter is found. Says what is run and what is skipped.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.collection_tree import ENTRIES
from tests.support.environments import CORES, core_environment, left_to_the_matrix
from tests.support.interpreters import find_interpreter
from tests.support.project_files import ROOT, copy_project

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Every Python that ansible-test may want to compile and import the plugins with."""

CONSTANTS = "ansible_test._util.target.common.constants"
"""Where ansible-test says which Pythons it knows."""

TEST_SETTINGS = ("tests/config.yml", "tests/sanity")
"""Files that ansible-test reads and that are no part of the built collection."""

PIP_STUB = '''"""Stands in for the get-pip script that ansible-test would download: Python brings its own pip.

ansible-test makes some fifteen environments; those of one Python share one pip.
"""
import subprocess
import sys
import sysconfig
from pathlib import Path

mine = sysconfig.get_path("purelib")
root = Path(__file__).parent / "pip-{}.{}".format(*sys.version_info)
shared = root / "site-packages.txt"
if not shared.exists():
    command = [sys.executable, "-m", "ensurepip", "--default-pip", f"--root={root}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shared.write_text(f"{root}{mine}", encoding="utf-8")
Path(mine, "shared_pip.pth").write_text(shared.read_text(encoding="utf-8"), encoding="utf-8")
'''


PIP_SETTINGS = """[global]
quiet = 2
[install]
# Means: compile nothing. Of this option pip reads the negation; what a test imports, Python compiles.
no-compile = no
"""


def say(text: str) -> None:
    """Print one line at once, so that it stands before the output of the tool that it announces."""
    sys.stdout.write(f"sanity: {text}\n")
    sys.stdout.flush()


def copy_collection(target: Path) -> None:
    """Copy the collection to ``target``: ansible-test refuses links, and would check caches and build results too."""
    copy_project(target, *ENTRIES, *TEST_SETTINGS)


def prepare_home(home: Path, site_packages: Path) -> None:
    """Fill the home directory that ansible-test gets: its caches stay in the checkout, away from the user's own.

    ansible-test bootstraps pip with a script of a fixed version, which its own source names; a stub in the cache under
    that name saves the download. pip's personal settings (mirror, certificates) stay in force.
    """
    source = (site_packages / "ansible_test/_internal/python_requirements.py").read_text(encoding="utf-8")
    cache = home / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"\bpip='([\d.]+)'", source):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(PIP_STUB, encoding="utf-8")
    # Of pip's two places for personal settings one carries the user's own, the other takes ours.
    (home / ".pip").mkdir(exist_ok=True)
    (home / ".pip" / "pip.conf").write_text(PIP_SETTINGS, encoding="utf-8")
    mine, theirs = Path.home() / ".config", home / ".config"
    if mine.is_dir() and not theirs.is_symlink():
        theirs.symlink_to(mine)


def link_interpreters(folder: Path, known: Collection[str] | None = None) -> list[str]:
    """Put the interpreters that are found into ``folder`` under their plain names, and say which are left out.

    With ``known``, what the only release of ansible-test knows, these are the oldest and the newest: what the one has
    and the other has not lost, those between have too, and each costs the import test half a minute. Returns them.
    """
    folder.mkdir()
    found = {version: path for version in PYTHONS if (path := find_interpreter(version)) is not None}
    checked = list(found) if known is None else [version for version in found if version in known]
    if known is not None:
        checked = [*checked[:1], *checked[1:][-1:]]
    for version in checked:
        (folder / f"python{version}").symlink_to(found[version])
    say(f"Python found: {', '.join(found) or 'none'}")
    say(f"Python not found, so not checked: {', '.join(v for v in PYTHONS if v not in found) or 'none'}")
    if left := [version for version in found if version not in checked]:
        say(f"Python left to make sanity-all: {', '.join(left)}")
    return checked


def run_sanity(core: str, python: str, venv: Path, workspace: Path, targets: Iterable[str] = ()) -> tuple[bool, str]:
    """Run the whole of ``ansible-test sanity`` with the ansible-core of ``venv``.

    Without ``targets`` the plugins are compiled and imported with every Python that it finds.

    Returns whether all of it passed, and the output. That is also shown, in one piece at the end, because releases are
    checked side by side.
    """
    home = ROOT / ".build" / "home" / core
    prepare_home(home, next(venv.glob("lib/python3.*/site-packages")))
    # A short path of our own: no shims, and no other ansible than the one under test.
    path = [workspace / "bin", venv / "bin", *os.defpath.split(os.pathsep)]
    environment = {"HOME": str(home), "PATH": os.pathsep.join(map(str, path)), "LC_ALL": "C.UTF-8"}
    # ansible-test writes its results into the collection, so each release gets a copy of its own.
    collection = workspace / core / "ansible_collections" / "ucops" / "imp"
    copy_collection(collection)
    # The changelog is what make changelog-lint looks at, in the same way.
    command = [str(venv / "bin" / "ansible-test"), "sanity", "--color", "no", "--skip-test", "changelog"]
    command += [option for version in targets for option in ("--target-python", version)] or ["--local"]
    say(f"ansible-core {core} on Python {python} is being checked")
    result = subprocess.run(
        command,
        cwd=collection,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    passed = result.returncode == 0
    say(f"ansible-core {core} on Python {python} {'passed' if passed else 'failed'}:\n{result.stdout}")
    return passed, result.stdout


def check_release(core: str, python: str, workspace: Path) -> bool:
    """Check with one further release; return False when it failed, True also when there is no interpreter for it."""
    venv = core_environment(core, python)
    if venv is None:
        say(f"ansible-core {core} skipped: Python {python} is not found")
        return True
    return run_sanity(core, python, venv, workspace)[0]


def main() -> int:
    """Check with one or with all releases of ansible-core; the exit status is 1 when any check failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also make environments for the other supported releases")
    everything = parser.parse_args().all
    installed = ".".join(importlib.metadata.version("ansible-core").split(".")[:2])
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    further = [(core, python) for core, python in CORES if core != installed]
    with tempfile.TemporaryDirectory(prefix="ucops-sanity-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        workspace = Path(folder)
        constants = importlib.import_module(CONSTANTS)
        known = constants.REMOTE_ONLY_PYTHON_VERSIONS + constants.CONTROLLER_PYTHON_VERSIONS
        checked = link_interpreters(workspace / "bin", None if everything else known)
        targets = () if everything else checked
        installed_check = pool.submit(run_sanity, installed, running, Path(sys.prefix), workspace, targets)
        further_checks = [pool.submit(check_release, *release, workspace) for release in further if everything]
        passed = all([installed_check.result()[0], *(check.result() for check in further_checks)])
    if not everything:
        for text in left_to_the_matrix():
            say(text)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
