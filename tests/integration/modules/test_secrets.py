# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows, whatever shape the options have: every option of every module, at the highest verbosity."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import pytest
from ansible.module_utils.common import parameters
from ansible_collections.ucops.imp.plugins.module_utils import _run
from ansible_collections.ucops.imp.plugins.module_utils._errors import InvalidInput

from tests.support.modules import ModuleResult, run_main
from tests.support.odd_arguments import MARK, odd_arguments
from tests.support.plugin_files import MODULES, PACKAGE

VERBOSE: dict[str, Any] = {"_ansible_verbosity": 3}
if "inject_invocation" in parameters.PASS_VARS:  # from core 2.21 on
    VERBOSE["_ansible_inject_invocation"] = True


def run_verbosely(module: str, options: dict[str, Any]) -> ModuleResult:
    return run_main(importlib.import_module(f"{PACKAGE}.{module}").main, {**options, **VERBOSE})


@pytest.fixture
def nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop every module after all checks of its options."""
    check = _run._check_input

    def stop(context: _run.Context, problems: list[str]) -> None:
        check(context, problems)
        raise InvalidInput(["The test stops here."])

    monkeypatch.setattr(_run, "_check_input", stop)


def shows(result: ModuleResult) -> Iterable[str]:
    """Yield where a result holds the mark of the secrets."""
    at = result.output.find(MARK)
    while at >= 0:
        yield result.output[max(at - 150, 0) : at + 50]
        at = result.output.find(MARK, at + 1)


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("module", MODULES)
def test_no_secret_shows_whatever_shape_an_option_has(module: str) -> None:
    arguments = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS
    tried = 0
    for what, options in odd_arguments(arguments.spec):
        tried += 1
        try:
            result = run_verbosely(module, options)
        except Exception as error:
            raise AssertionError(f"{module}: {what}: a traceback for the user") from error
        assert result.failed, f"{module}: {what}"
        assert "bug in the collection" not in result.msg, f"{module}: {what}: {result.msg}"
        assert "invocation" in result.data
        assert not list(shows(result)), f"{module}: {what}: {list(shows(result))}"
    assert tried > 100
