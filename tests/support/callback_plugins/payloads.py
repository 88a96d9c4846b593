# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the playbooks of one test run share what ansible packs of a module before it runs it.

ansible collects a module and all that it imports into an archive, once in each ``ansible-playbook``. That takes a
third of a second of processor time for each module, several times a run, and always yields the same.
Python does not keep what it compiles of an archive, so each call of a module compiles all of it anew, a sixth of its
processor time. What is shared therefore holds the compiled code beside the source; another Python than the controller's
takes the source.
"""

from __future__ import annotations

import marshal
import os
import zipfile
from hashlib import sha256
from importlib.util import MAGIC_NUMBER, source_hash
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
    ansible-core and each list of collection paths. Without it nothing is shared.
"""


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
        zipfile.ZipFile.writestr = _write_compiled_too  # type: ignore[method-assign, assignment]


_UNCHECKED = (1).to_bytes(4, "little")
"""The flags of compiled code that is not compared with its source (PEP 552): here both are written at once."""
_write = zipfile.ZipFile.writestr


def _write_compiled_too(archive: zipfile.ZipFile, member: zipfile.ZipInfo | str, data: bytes | str, *more: Any) -> None:
    """Write a member of an archive and, when it is a Python module, what it compiles to."""
    _write(archive, member, data, *more)
    name = member if isinstance(member, str) else member.filename
    if name.endswith(".py"):
        source = data.encode() if isinstance(data, str) else data
        code = marshal.dumps(compile(source, name, "exec", dont_inherit=True))
        _write(archive, f"{name}c", MAGIC_NUMBER + _UNCHECKED + source_hash(source) + code)
