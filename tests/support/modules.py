# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's ``main()`` in this process, exactly as ansible would, and read what it prints.

Ten times faster than a playbook, with the same argument handling, masking and JSON output, on every ansible-core from
2.16 to 2.21. Every result is held against what the module documents in RETURN. ``assert_four_steps`` proves the
contract of the state modules: check, do, check, do.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as module_warnings
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import LONGEST_DIFF

from tests.support.plugin_files import PACKAGE, module_text

RESULT_KEYS = {"changed", "diff", "changes", "current", "failures", "restart_required"}
"""What every state module returns, also when items failed."""

COMMON_KEYS = {"changed", "failed", "msg", "diff", "warnings", "deprecations", "invocation"}
"""Ansible's own, which no module documents."""
ERROR_KEYS = {"code", "details", "exception"}
"""What only a failed module returns; a module documents it where it says more than every other."""


@dataclass(frozen=True)
class ModuleResult:
    """What a module printed: ``data`` is the decoded result, ``output`` all of its standard output."""

    data: dict[str, Any]
    output: str

    @property
    def failed(self) -> bool:
        return bool(self.data.get("failed", False))

    @property
    def changed(self) -> bool:
        return bool(self.data.get("changed", False))

    @property
    def msg(self) -> str:
        return str(self.data.get("msg", ""))

    @property
    def warnings(self) -> list[str]:
        return [_warning_text(warning) for warning in self.data.get("warnings", [])]

    def __getitem__(self, name: str) -> Any:
        return self.data[name]


def _warning_text(warning: Any) -> str:
    """Return a warning's text: plain up to core 2.18, an encoded summary from 2.19 on."""
    if isinstance(warning, str):
        return warning
    event = warning.get("event", warning)
    return str(event.get("msg", event))


@contextlib.contextmanager
def _arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Hand arguments to the next ``AnsibleModule``, in the way of the installed core."""
    try:
        testing = importlib.import_module("ansible.module_utils.testing")
    except ImportError:  # up to core 2.18
        encoded = json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}).encode()
        with mock.patch.object(basic, "_ANSIBLE_ARGS", encoded):
            yield
    else:
        with testing.patch_module_args(dict(arguments)):
            yield


@contextlib.contextmanager
def _as_a_module() -> Iterator[None]:
    """Let core take this process for a module's own, although a test of a callback or a filter was here before.

    Once such a plugin is imported, core 2.19 and later hands warnings to the controller's display instead.
    """
    try:
        internal = importlib.import_module("ansible.module_utils._internal")
    except ImportError:  # up to core 2.18
        yield
    else:
        with mock.patch.object(internal, "is_controller", False), _reading_as_a_module():
            yield


@contextlib.contextmanager
def _reading_as_a_module() -> Iterator[None]:
    """Let core decode arguments as a module does: a controller refuses text that is no UTF-8, and remembers that."""
    profiles = importlib.import_module("ansible.module_utils._internal._json._profiles")
    known = getattr(profiles, "_string_encoding_check_enabled", None)
    if known is None:
        yield
        return
    with mock.patch.object(profiles, known.__name__, return_value=False):
        yield


def run_module(name: str, options: Mapping[str, Any], *, check: bool = False, diff: bool = True) -> ModuleResult:
    """Run the collection's module ``name`` with these options and return its result."""
    main = importlib.import_module(f"{PACKAGE}.{name}").main
    result = run_main(main, options, check=check, diff=diff)
    assert_documented(name, result)
    return result


def run_main(
    main: Callable[[], None], options: Mapping[str, Any], *, check: bool = False, diff: bool = True
) -> ModuleResult:
    """Run a module's entry point; every module must end by printing one JSON document."""
    # Warnings live in the process, which in real life is one module's own.
    module_warnings._global_warnings.clear()
    printed = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
    with (
        _as_a_module(),
        _arguments(arguments),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        main()
    output = printed.getvalue()
    return ModuleResult(json.loads(output), output)


@dataclass(frozen=True)
class FourSteps:
    """The results of check, do, check, do."""

    predicted: ModuleResult
    done: ModuleResult
    checked: ModuleResult
    repeated: ModuleResult


def assert_four_steps(
    name: str, options: Mapping[str, Any], writes: Callable[[], Sequence[Any]], *, quiet: bool = False
) -> FourSteps:
    """Run a state module in check mode, for real, and both again; assert the contract of each step.

    ``writes`` returns the writes that the server has seen since the last reset, as its journal tells them.
    ``quiet=True`` is for options that already hold: then no step may change anything.
    """
    before = len(writes())
    predicted = run_module(name, options, check=True)
    assert_contract(predicted, changed=not quiet)
    assert len(writes()) == before, "check mode has written"

    done = run_module(name, options)
    assert_contract(done, changed=not quiet)
    assert (len(writes()) > before) is not quiet
    for key in ("changes", "diff", "restart_required"):
        assert done[key] == predicted[key], f"check mode predicted other {key}"
    after = len(writes())

    checked = run_module(name, options, check=True)
    assert_contract(checked, changed=False)
    repeated = run_module(name, options)
    assert_contract(repeated, changed=False)
    assert len(writes()) == after, "the second run has written"
    assert checked["current"] == repeated["current"] == done["current"]
    return FourSteps(predicted, done, checked, repeated)


def assert_contract(result: ModuleResult, *, changed: bool, failed: bool = False) -> None:
    """Assert the shape of a state module's result and what must always hold between its parts."""
    assert result.failed is failed, result.msg
    assert result.data.keys() >= RESULT_KEYS
    assert result.changed is changed
    assert bool(result["changes"]) is changed
    assert bool(result["failures"]) is failed
    assert result["diff"].keys() == ({"prepared"} if len(result["changes"]) > LONGEST_DIFF else {"before", "after"})
    for change in result["changes"]:
        assert change.keys() == {"kind", "id", "action", "fields"}
        for field in change["fields"]:
            assert field.keys() == {"name", "before", "after", "secret"}
    for failure in result["failures"]:
        assert failure.keys() == {"id", "code", "message"}
    if not changed:
        assert result["diff"]["before"] == result["diff"]["after"]
        assert result["restart_required"] == []


def assert_documented(name: str, result: ModuleResult) -> None:
    """Assert that a module's result is what its RETURN says: nothing else, and all that is always returned."""
    said: dict[str, Any] = module_text(name, "RETURN")
    data = {key: value for key, value in result.data.items() if key in said or key not in COMMON_KEYS}
    if result.failed:
        data = {key: value for key, value in data.items() if key in said or key not in ERROR_KEYS}
    else:
        always = {key for key, value in said.items() if value["returned"].startswith(("always", "success"))}
        assert always <= data.keys(), f"RETURN of {name} promises {always - data.keys()}"
    undocumented = sorted(_undocumented(data, said, name))
    assert not undocumented, f"RETURN does not tell of {undocumented}"


def _undocumented(value: Any, said: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield the keys of a value that ``contains`` of its documentation does not name, all the way down."""
    for item in value if isinstance(value, list) else [value]:
        for key, inner in item.items() if isinstance(item, dict) else ():
            if key not in said:
                yield f"{place}.{key}"
            elif "contains" in said[key]:
                yield from _undocumented(inner, said[key]["contains"], f"{place}.{key}")
