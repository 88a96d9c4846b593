# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows, whatever shape the options have: every option of every module, at the highest verbosity."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from ansible.module_utils.common import parameters
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import MASK
from ansible_collections.ucops.imp.plugins.module_utils._module import runner
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context

from tests.support.modules import ModuleResult, run_main
from tests.support.odd_arguments import MARK, odd_arguments, texts_in_place
from tests.support.plugin_files import MODULES, PACKAGE

COMPLETED: dict[str, dict[str, Any]] = {
    "adcs_certificate": {"csr_path": "/none"},
    "adcs_request": {"request_ids": [7]},
    "calendar_users": {"users": []},
    "presence_gateways": {"account": "a@example.com", "account_password": "canary-88bb", "gateways": []},
    "trust_certificates": {"certificates": [{"path": "/none"}]},
}
"""What ansible's check wants besides the required options."""
ACCEPTED = "The options are accepted."
VERBOSE: dict[str, Any] = {"_ansible_verbosity": 3}
if "inject_invocation" in parameters.PASS_VARS:  # from core 2.21 on
    VERBOSE["_ansible_inject_invocation"] = True


def run_verbosely(module: str, options: dict[str, Any]) -> ModuleResult:
    return run_main(importlib.import_module(f"{PACKAGE}.{module}").main, {**options, **VERBOSE})


def completed(module: str, options: dict[str, Any], tried: str) -> dict[str, Any]:
    """Return options that pass ansible's check; ``tried`` is the one that the test is about."""
    return {**options, **COMPLETED.get(module, {}), tried: options[tried]}


@pytest.fixture
def nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop every module after all checks of its options."""
    check = runner._check_input

    def stop(context: Context, problems: Callable[[], list[str]]) -> None:
        check(context, problems)
        raise InvalidInput([ACCEPTED])

    monkeypatch.setattr(runner, "_check_input", stop)


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


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("module", MODULES)
def test_no_option_takes_a_text_that_ansible_has_masked(module: str) -> None:
    spec = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec
    told: set[tuple[Any, ...]] = set()
    for secrets in (False, True):
        for path, options in texts_in_place(spec, f"{MASK} Presence Engine", secrets=secrets):
            result = run_verbosely(module, completed(module, options, path[0]))
            assert ACCEPTED not in result.msg, path
            if f"{path[-1]}: it holds {MASK}, with which ansible hides a secret" in result.msg:
                told.add(path)
    assert told >= {("hostname",), ("username",), ("password",), ("ca_path",)}


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("module", MODULES)
def test_what_is_no_text_and_what_is_no_path_is_told_with_its_option(module: str) -> None:
    spec = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec
    for secrets in (False, True):
        for path, options in texts_in_place(spec, f"{MARK}\udce4", secrets=secrets):
            result = run_verbosely(module, completed(module, options, path[0]))
            assert f"{path[-1]}: it has a byte that is no UTF-8 text" in result.msg, path
            assert result["code"] == "invalid-input"
            assert not secrets or not list(shows(result))
        for path, options in texts_in_place(spec, "/update.csv\x00", secrets=secrets):
            result = run_verbosely(module, completed(module, options, path[0]))
            assert "bug in the collection" not in result.msg, path
            if str(path[-1]).endswith("path"):
                assert f"{path[-1]}: it has the character U+0000, which no path can have." in result.msg
            assert result.failed


def test_a_password_of_the_environment_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UCOPS_CUCM_PASSWORD", f"{MARK}\udce4")
    result = run_verbosely("cluster_info", {"hostname": "cucm.example.com", "username": "axladmin"})
    assert (result.msg, result["code"]) == (
        "password: it has a byte that is no UTF-8 text. Look at where the value comes from.",
        "invalid-input",
    )
    assert not list(shows(result))


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"{MARK}\n", "it begins or ends with a line break"),
        (f"\r\n{MARK}", "it begins or ends with a line break"),
        (f"{MARK[:3]}\n{MARK}", "it has the control character U+000A"),
        (f"{MARK}\x00", "it has the control character U+0000"),
        (f"{MARK}\x1b[0m", "it has the control character U+001B"),
        (f"{MARK}\x7f", "it has the control character U+007F"),
        (f"\ufeff{MARK}", "it has the control character U+FEFF"),
        (f"{MARK}\u2028", "it has the control character U+2028"),
        ("    ", "it is empty or has only blanks"),
        ("", "it is empty or has only blanks"),
        ("abc", "a secret needs at least 4 characters"),
        (["a", MARK], "it is a list"),
        ({"value": MARK}, "it is a dictionary"),
        (True, "it is a truth value"),
        (1234.5, "it is a number with a fraction"),
    ],
)
@pytest.mark.parametrize("module", ["presence_gateways", "cluster_info", "preflight_info", "exchange_certificate"])
def test_a_password_that_cannot_be_meant_is_refused(module: str, value: Any, reason: str) -> None:
    spec = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec
    tried = 0
    for path, options in texts_in_place(spec, value, secrets=True):
        result = run_verbosely(module, completed(module, options, path[0]))
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
        assert f"{place}: {reason}" in result.msg
        assert result["code"] == "invalid-input"
        assert not list(shows(result))
        tried += 1
    assert tried == {"presence_gateways": 4, "preflight_info": 5, "cluster_info": 2}.get(module, 1)


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize(
    "value", ["Pässwörd", "пароль", "密码密码", "a b c", " blank", "x\u200dx😀", "12345678", "*******"]
)
def test_a_password_of_any_language_is_taken(value: str) -> None:
    options = {"hostname": "imp", "username": "axladmin", "password": value}
    assert run_verbosely("cluster_info", options).msg == ACCEPTED


@pytest.mark.usefixtures("nothing_sent")
def test_a_number_for_a_password_is_taken_with_a_warning() -> None:
    result = run_verbosely("cluster_info", {"hostname": "imp", "username": "axladmin", "password": 83838383})
    assert result.msg == ACCEPTED
    (warning,) = result.warnings
    assert warning.startswith("password: without quotes it is a number")
    assert "83838383" not in result.output


@pytest.mark.parametrize(
    ("module", "wrong", "sentence"),
    [
        (
            "presence_gateways",
            {"gateways": "mail1.example.com"},
            "gateways: it is no dictionary. Give a dictionary with name,",
        ),
        ("presence_gateways", {"gateways": ["mail1.example.com"]}, "gateways[0]: it is no dictionary."),
        (
            "services_info",
            {"nodes": ["imp1"]},
            "nodes[0]: it is no dictionary. Give a dictionary with name, hostname, port.",
        ),
        ("services_info", {"services": [["Cisco SIP Proxy"]]}, "services[0]: it is a list. Give one value, a text"),
        ("calendar_users", {"query": [7]}, "query: it is a list. Give a dictionary with first_name,"),
        ("calendar_users", {"query": 0}, "query: it is no dictionary."),
        ("cluster_info", {"hostname": {"name": "imp"}}, "hostname: it is a dictionary."),
        ("cluster_info", {"port": [8443]}, "port: it is a list."),
    ],
)
def test_a_value_of_a_wrong_shape_is_named(module: str, wrong: dict[str, Any], sentence: str) -> None:
    """Ansible's own sentence does not always say which option it means, and its check breaks down on some values."""
    options = {"hostname": "imp", "username": "axladmin", "password": "canary-77aa", "services": ["Cisco SIP Proxy"]}
    known = importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.spec
    result = run_verbosely(module, {name: value for name, value in options.items() if name in known} | wrong)
    assert sentence in result.msg
    assert result["code"] == "invalid-input"
