# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make release``: build the tarball of a committed version and prove that it works by itself. Nothing is uploaded.

It is installed into an environment that has ansible-core, cryptography and requests and nothing else, cut down to the
folders that the collection works with, and runs ``ucops.imp.site`` against the emulator: the first run changes, the
second does not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.version import Version

from imp_emulator.testing import Emulator, running
from tests.support import changelog, tarball
from tests.support.environments import requirements
from tests.support.playbooks import INVENTORY, Played, play
from tests.support.project_files import ROOT

FOLDER = ROOT / ".build" / "release"
PACKAGES = ("ansible-core", "cryptography", "requests")
SITE = "ucops.imp.site"


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"release: {text}\n")
    sys.stdout.flush()


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def obstacles(root: Path) -> list[str]:
    """Return, in words, why the project at ``root`` is not fit to be released."""
    found = []
    version = changelog.version(root)
    if changed := _git(root, "status", "--porcelain"):
        found.append(f"the working copy is not what is committed:\n{changed}")
    found += [
        f"the tag {tag} is on another commit: {version} is released already, raise it in galaxy.yml"
        for tag in _git(root, "tag", "--list", version, f"v{version}").splitlines()
        if _git(root, "rev-list", "-n", "1", tag) != _git(root, "rev-parse", "HEAD")
    ]
    newest = max(changelog.releases(root), key=Version)
    if newest != version:
        found.append(f"galaxy.yml says {version}, the newest release in the changelog is {newest}: run make changelog")
    elif not changelog.is_current(root):
        found.append("the changelog is not what its fragments and the plugins make: run make changelog")
    return found


def user_environment(home: Path) -> dict[str, str]:
    """Return what keeps the working copy, its Python packages and this user's settings away from a run in ``home``."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(home / "collections"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "HOME": str(home),
        "PYTHONPATH": "",
    }


def install(built: Path, home: Path, programs: Path) -> Path:
    """Install a tarball for the user of ``home`` with the ansible in ``programs``; return the collection's folder.

    Only the folders that the collection works with are kept.
    """
    collections = home / "collections"
    arguments = ["collection", "install", "--offline", "--collections-path", str(collections), str(built)]
    environment = os.environ | user_environment(home)
    subprocess.run([programs / "ansible-galaxy", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    collection = collections / "ansible_collections" / "ucops" / "imp"
    for entry in collection.iterdir():
        if entry.is_file():
            entry.unlink()
        elif entry.name not in tarball.NEEDED:
            shutil.rmtree(entry)
    return collection


def run_site(emulator: Emulator, home: Path, programs: Path) -> Played:
    """Run the installed collection's main playbook as its user does, with a copy of the emulator's inventory."""
    inventory = home / "inventory"
    shutil.copytree(INVENTORY, inventory, dirs_exist_ok=True)
    return play(
        emulator.ready_file, home, SITE, inventory=inventory, programs=programs, environment=user_environment(home)
    )


def converges(emulator: Emulator, home: Path, programs: Path) -> str:
    """Run the main playbook twice; return what is wrong, in words, or an empty text."""
    first = run_site(emulator, home, programs)
    if first.status or not any(host.changed for host in first.recap.values()):
        return f"the first run fails or changes nothing:\n{first.output}"
    last = emulator.control.last_journal_id()
    second = run_site(emulator, home, programs)
    writes = emulator.journal(writes=True, after=last)
    if second.status or writes or any(host.changed for host in second.recap.values()):
        return f"the second run fails or changes something again ({len(writes)} writes):\n{second.output}"
    return ""


def _empty_environment(venv: Path) -> Path:
    """Make a virtual environment with nothing but what the collection requires; return the folder of its programs."""
    packages = requirements(ROOT / "tests" / "requirements.txt", PACKAGES)
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run([venv / "bin" / "python", *install], check=True)
    return venv / "bin"


def check(built: Path, home: Path) -> list[str]:
    """Return, in words, what is wrong with a tarball; ``home`` is an empty folder that may be written to."""
    if found := tarball.problems(built):
        return found
    say(f"{built.name} holds what it should; an environment with {' and '.join(PACKAGES)} alone is made")
    programs = _empty_environment(home / "environment")
    collection = install(built, home, programs)
    say(f"installed; kept of it: {', '.join(sorted(entry.name for entry in collection.iterdir()))}")
    with running(folder=home / "emulator") as emulator:
        wrong = converges(emulator, home, programs)
    return [wrong] if wrong else []


def main() -> int:
    """Build and check; the exit status is 1 when the project or its tarball is not fit to be released."""
    found = obstacles(ROOT)
    if not found:
        built = tarball.build(FOLDER)
        with tempfile.TemporaryDirectory(prefix="ucops-release-") as folder:
            found = check(built, Path(folder))
        if found:
            built.unlink()
        else:
            say(f"{SITE} changed the emulated cluster, and a second run changed nothing")
            say(f"ready, and not uploaded: {built}")
    for text in found:
        say(f"refused: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
