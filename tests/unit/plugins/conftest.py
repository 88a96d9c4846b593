# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests of the collection's parts use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.loader import lookup_loader
from ansible_collections.ucops.imp.plugins.lookup.backup_folder import LookupModule as BackupFolder

from tests.support.https_server import ScriptedServer, scripted_server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ScriptedServer, Path]]:
    """An HTTPS server that answers as a test says, and the file with its CA."""
    with scripted_server(tmp_path_factory.mktemp("tls")) as served:
        yield served


@pytest.fixture(autouse=True)
def _lookup_of_the_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have templates find the lookup that defaults of roles take; no command has set up where collections are."""
    usual = lookup_loader.get

    def get(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "ucops.imp.backup_folder":
            return BackupFolder(*arguments, **options)
        return usual(name, *arguments, **options)

    monkeypatch.setattr(lookup_loader, "get", get)
