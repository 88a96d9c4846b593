# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the playbooks of one test run share what ansible packs of a module before it runs it.

ansible collects a module and all that it imports into an archive, once in each ``ansible-playbook``. That takes a
third of a second of processor time for each module, several times a run, and always yields the same. Python then
compiles the archive's content in each module's process, which is a third of what a module takes; here the archive
holds the bytecode too. An interpreter that does not know it takes the source beside it.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible import constants, release
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: payloads
type: aggregate
short_description: Share the packed modules of several runs
description:
  - Keeps the packed modules in a folder of the folder that E(PAYLOADS_FOLDER) names, one for each release of
    ansible-core and each list of collection paths, with their bytecode. Without it nothing is shared.
"""

_UNCHECKED = (1).to_bytes(4, "little")
"""The flags of bytecode that belongs to its source without a look at the source (PEP 552)."""


def _bytecode(source: bytes, name: str) -> bytes:
    """Return the content of a ``.pyc`` file."""
    code = compile(source, name, "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)


class _WithBytecode(zipfile.ZipFile):
    """An archive that gets the bytecode of each source."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *arguments: Any, **named: Any) -> None:
        super().writestr(zinfo_or_arcname, data, *arguments, **named)
        name = str(getattr(zinfo_or_arcname, "filename", zinfo_or_arcname))
        if name.endswith(".py"):
            source = data.encode() if isinstance(data, str) else data
            super().writestr(f"{name}c", _bytecode(source, name), *arguments, **named)


class CallbackModule(CallbackBase):
    """Puts the shared folder in the place of the run's own, before the first module is packed."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "payloads"

    def v2_playbook_on_start(self, playbook: object) -> None:
        shared = os.environ.get("PAYLOADS_FOLDER")
        if not shared:
            return
        packed_of = f"{release.__version__}:{constants.COLLECTIONS_PATHS}"
        folder = Path(shared, sha256(packed_of.encode()).hexdigest()[:16])
        folder.mkdir(parents=True, exist_ok=True)
        # ansible locks what it writes there, and at its end removes the link and not what it leads to.
        Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(folder)
        # This process packs nothing else.
        zipfile.ZipFile = _WithBytecode  # type: ignore[misc]
