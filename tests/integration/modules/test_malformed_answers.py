# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers something odd: a sentence that names the server, never a bug in the collection.

Each module runs against the emulator once; then one value of one answer after the other is of another type, missing,
empty or there twice. A sample is tried, and every variant with ``ALL_CASES=1``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.malformed import Answers
from tests.support.modules import run_main, run_module
from tests.support.plugin_files import PACKAGE

ENGINE = "Cisco Presence Engine"
OWN = issue("Somebody's Own CA", ca=True)
SAMPLE = None if os.environ.get("ALL_CASES") else 6


def on_imp(emulator: Emulator) -> dict[str, Any]:
    return {"nodes": nodes(emulator, 8443), "services": [ENGINE]}


def with_account(emulator: Emulator) -> dict[str, Any]:
    account = emulator.ready["exchange_account"]
    gateway = {"name": "mail1.example.com", "description": "changed"}
    return {"account": account["username"], "account_password": account["password"], "gateways": [gateway]}


ALL_OF_SALES = {
    "name": "Sales",
    "transaction": "update_users_query",
    "query": {"userid": "%"},
    "set": {"im_and_presence": True},
}


def with_a_job(emulator: Emulator) -> dict[str, Any]:
    """Return the options of a job that is on Hold, and is to begin."""
    later = {**ALL_OF_SALES, "run": "later"}
    assert run_module("bulk_jobs", {**connection(emulator, "cucm"), "jobs": [later]}).changed
    return {"jobs": [ALL_OF_SALES]}


CASES: dict[str, tuple[str, str, Callable[[Emulator], Mapping[str, Any]]]] = {
    "presence_gateways": ("presence_gateways", "imp", with_account),
    "presence_gateways_info": ("presence_gateways_info", "imp", lambda _: {}),
    "services": ("services", "imp", lambda emulator: {**on_imp(emulator), "state": "restarted"}),
    "services_info": ("services_info", "imp", lambda emulator: {"nodes": nodes(emulator, 8443)}),
    "presence_info": ("presence_info", "imp", lambda _: {"users": ["user0001"], "explain": True}),
    "trust_certificates": ("trust_certificates", "platform", lambda _: {"certificates": [{"content": OWN.pem}]}),
    "trust_certificates_info": ("trust_certificates_info", "platform", lambda _: {}),
    "bulk_jobs": ("bulk_jobs", "cucm", with_a_job),
    "bulk_jobs_info": ("bulk_jobs_info", "cucm", lambda _: {"sample": "insert_users"}),
    "calendar_users": ("calendar_users", "cucm", lambda _: {"users": [{"userid": "user0001"}]}),
    "calendar_users_info": ("calendar_users_info", "cucm", lambda _: {"query": {"userid": "user000%"}}),
    "calendaring_parameters": ("calendaring_parameters", "cucm", lambda _: {"calendar_spread": "auto"}),
    "calendaring_parameters_info": ("calendaring_parameters_info", "cucm", lambda _: {}),
    "service_parameters_info": ("service_parameters_info", "cucm", lambda _: {"parameters": [{"service": ENGINE}]}),
    "certificate_import": ("certificate_import", "imp", lambda _: {"peers": [{"name": "mail1.example.com"}]}),
    "cluster_info": ("cluster_info", "cucm", lambda _: {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("gateway")
def test_an_odd_answer_ends_in_a_sentence(environment: Emulator, case: str) -> None:
    module, kind, options = CASES[case]
    asked = {**connection(environment, kind), **options(environment), "retries": 0}
    main = importlib.import_module(f"{PACKAGE}.{module}").main
    answers = Answers()
    with answers.used():
        right = run_module(module, asked, check=True)
        assert not right.failed, right.msg
        bugs = []
        for wrong, request, answer in answers.sample(case, SAMPLE):
            answers.wrong = {request: answer}
            # What an odd answer is handed on as need not be what RETURN promises.
            found = run_main(main, asked, check=True)
            if "bug in the collection" in found.output:
                bugs.append(f"{wrong}: {found.msg}")
    assert not bugs, "\n".join(bugs)
