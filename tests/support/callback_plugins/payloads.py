# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the playbooks of one test run share what ansible packs of a module, and compiles of a template.

ansible collects a module and all that it imports into an archive, once in each ``ansible-playbook``. That takes a
third of a second of processor time for each module, several times a run, and always yields the same. Python then
compiles the archive's content in each module's process, which is a third of what a module takes; here the archive
holds the bytecode too. An interpreter that does not know it takes the source beside it.

Each task is a process that compiles its templates, and those of the variables that they name, anew: a sixth of what a
run takes. What Jinja makes of a template depends on its text and the environment's settings alone, because ansible has
switched off the evaluation of constants.

Nor does ansible collect garbage, which is a fourteenth of what a run takes.
"""

from __future__ import annotations

import gc
import importlib.util
import marshal
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any, cast

from ansible import constants, release
from ansible.plugins.callback import CallbackBase
from jinja2.environment import TemplateExpression

try:
    from ansible._internal._templating import _jinja_bits as templating
except ImportError:  # up to core 2.18
    templating = None

DOCUMENTATION = """
name: payloads
type: aggregate
short_description: Share the packed modules of several runs
description:
  - Keeps the packed modules in a folder of the folder that E(PAYLOADS_FOLDER) names, one for each release of
    ansible-core and each list of collection paths, with their bytecode, and the compiled templates beside them. Without
    it nothing is shared.
"""

_SETTINGS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
)
"""What of Jinja's environment makes a difference to what a template is compiled to."""
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


class _Templates:
    """Compiled templates and expressions, by what they are made from, in memory and in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, CodeType] = {}

    def code(self, kind: str, environment: Any, source: str, compiled: Callable[[], CodeType]) -> CodeType:
        """Return what a source is compiled to; what cannot be compiled is refused anew each time."""
        context = templating._TemplateCompileContext.current(optional=True)
        settings = [getattr(environment, name) for name in _SETTINGS]
        made_from = repr((kind, str(source), settings, getattr(context, "escape_backslashes", None)))
        name = sha256(made_from.encode("utf-8", "surrogatepass")).hexdigest()
        if name not in self._known:
            self._known[name] = self._stored(name) or self._store(name, compiled())
        return self._known[name]

    def _stored(self, name: str) -> CodeType | None:
        try:
            return cast("CodeType", marshal.loads((self._folder / name).read_bytes()))
        except FileNotFoundError:
            return None

    def _store(self, name: str, code: CodeType) -> CodeType:
        fresh = self._folder / f"{name}.{os.getpid()}"
        fresh.write_bytes(marshal.dumps(code))
        fresh.replace(self._folder / name)
        return code


def _share_templates(folder: Path) -> None:
    """Have ansible take what was compiled before from a folder."""
    folder.mkdir(exist_ok=True)
    environment_class = templating.AnsibleEnvironment
    templates = _Templates(folder)
    plain, plain_expression = environment_class.compile, environment_class.compile_expression

    def compile_once(self: Any, source: Any, *arguments: Any, **named: Any) -> Any:
        if arguments or named or not isinstance(source, str):
            return plain(self, source, *arguments, **named)
        return templates.code("template", self, source, lambda: plain(self, source))

    def compile_expression_once(self: Any, source: str, undefined_to_none: bool = True) -> TemplateExpression:
        def compiled() -> CodeType:
            made: list[CodeType] = []

            def keep(text: str, filename: str) -> CodeType:
                made.append(environment_class._compile(self, text, filename))
                return made[-1]

            self._compile = keep
            try:
                plain_expression(self, source, undefined_to_none)
            finally:
                del self._compile
            return made[-1]

        code = templates.code("expression", self, source, compiled)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        return TemplateExpression(template, undefined_to_none)

    environment_class.compile = compile_once
    environment_class.compile_expression = compile_expression_once


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
        # Each task is a fork of this process. Looking for garbage writes to all that they share, and finds little.
        gc.collect()
        gc.freeze()
        gc.disable()
        # This process packs nothing else.
        zipfile.ZipFile = _WithBytecode  # type: ignore[misc]
        if templating is not None:
            _share_templates(Path(shared, f"templates-{release.__version__}"))
