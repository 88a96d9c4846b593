# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make release`` in short: the tarball holds the collection alone, and what it installs configures a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import release, tarball
from tests.support.emulator import Emulator
from tests.support.playbooks import PROGRAMS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tarball.build(tmp_path_factory.mktemp("tarball"))


def test_the_tarball_holds_the_collection_and_nothing_else(built: Path) -> None:
    assert tarball.problems(built) == []


def test_the_installed_collection_works_with_its_own_folders_only(
    built: Path, environment: Emulator, tmp_path: Path
) -> None:
    collection = release.install(built, tmp_path, PROGRAMS)
    assert {entry.name for entry in collection.iterdir()} == set(tarball.NEEDED)

    played = release.run_site(environment, tmp_path, PROGRAMS)

    assert played.status == 0, played.output
    assert played.recap["imp-pub.dc1"].changed > 0
    assert environment.journal(writes=True)
