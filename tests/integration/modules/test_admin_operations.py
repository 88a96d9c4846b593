# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules send to the interfaces of our own is what the fidelity page says that they use."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.admin_operations import users_on_the_page
from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.office_365 import CLIENT_ID, OUTLOOK, TENANT_ID
from tests.support.plugin_files import MODULES, utilities_of
from tests.support.signing_requests import pem, signing_request

MAIL1, MAIL2 = {"name": "mail1.example.com"}, {"name": "mail2.example.com"}
OFFICE_365 = {
    "name": OUTLOOK,
    "type": "office_365",
    "client_id": CLIENT_ID,
    "tenant_id": TENANT_ID,
    "client_secret": "a-client-secret",
}
ENGINE = {"services": ["Cisco Presence Engine"], "state": "restarted", "only_if_required": True, "poll_interval": 0.02}

Run = tuple[str, dict[str, Any], bool]
"""A module, its options, and whether it runs in check mode."""


def imp_runs(emulator: Emulator) -> list[Run]:
    """Return runs that need every way in which the modules use the admin API, in their order."""
    place = connection(emulator, "imp")
    account = {"account": r"EXAMPLE\svc-imp", "account_password": emulator.ready["exchange_account"]["password"]}
    other = {"account": r"EXAMPLE\other", "account_password": "another-password"}
    import_on = {"nodes": nodes(emulator, 8443), "peers": [MAIL1]}
    return [
        ("presence_gateways", {**place, "gateways": [MAIL1, MAIL2], **account}, False),
        ("presence_gateways", {**place, **account}, False),
        ("presence_gateways", {**place, "gateways": [{**MAIL1, "description": "changed"}], **other}, False),
        ("presence_gateways", {**place, "gateways": [MAIL2], "state": "absent"}, False),
        ("presence_gateways", {**place, "gateways": [{"name": "2001:db8::21"}]}, True),
        ("presence_gateways_info", place, False),
        ("certificate_import", {**place, **import_on, "accept_chain": True}, False),
        ("preflight_info", {**connection(emulator, "cucm"), "imp": {**place, "nodes": nodes(emulator, 8443)}}, False),
        ("presence_gateways", {**place, "gateways": [OFFICE_365]}, False),
        ("presence_gateways", {**place, "gateways": [OFFICE_365]}, False),
        ("presence_info", place, False),
        ("services_info", place, False),
        ("cluster_info", {**connection(emulator, "cucm"), "imp": place}, False),
        ("twin_info", {**connection(emulator, "cucm"), "imp": place}, False),
        ("services", {**place, "nodes": nodes(emulator, 8443), **ENGINE}, False),
    ]


def ca_runs(emulator: Emulator, folder: Path) -> list[Run]:
    """The same for the administration of a certification authority; one request is looked up after an interruption."""
    requester, administrator = ca_connection(emulator, account="requester"), ca_connection(emulator)
    submissions: list[Run] = []
    for number in (1, 2):
        csr, path = pem(signing_request(f"mail{number}.example.com")), folder / f"{number}.cer"
        submissions.append(("adcs_certificate", {**requester, "csr": csr, "path": str(path), "wait": False}, False))
    return [
        *submissions,
        submissions[1],
        ("adcs_request", {**administrator, "request_ids": [1]}, False),
        ("adcs_request", {**administrator, "request_ids": [1], "state": "revoked"}, False),
        ("adcs_request", {**administrator, "request_ids": [2], "state": "denied"}, False),
    ]


def cucm_runs(emulator: Emulator, folder: Path) -> list[Run]:
    """The same for the admin API of Unified CM; a job of many lines is stopped at work, and one has a wrong line."""
    place = {**connection(emulator, "cucm"), "poll_interval": 0.1}
    lines = "".join(f"new{number:04},x\n" for number in range(2001))
    many, wrong = (
        {"name": name, "transaction": "insert_users", "path": str(folder / name)} for name in ("many", "wrong")
    )
    (folder / "many").write_text(f"USER ID,LAST NAME\n{lines}", encoding="utf-8")
    (folder / "wrong").write_text("USER ID,LAST NAME\nuser0001,x\n", encoding="utf-8")
    query = {"name": "all", "transaction": "update_users_query", "query": {"userid": "%"}}
    later = {**query, "set": {"im_and_presence": True}, "run": "later"}
    return [
        ("bulk_jobs", {**place, "jobs": [later]}, False),
        ("bulk_jobs", {**place, "jobs": [{**later, "run": "immediately"}]}, False),
        ("bulk_jobs", {**place, "jobs": [many], "wait": False}, False),
        ("bulk_jobs", {**place, "jobs": [many], "state": "absent"}, False),
        ("bulk_jobs", {**place, "jobs": [wrong], "validate": False}, False),
        ("bulk_jobs_info", {**connection(emulator, "cucm"), "sample": "insert_users"}, False),
    ]


def interrupt(folder: Path) -> None:
    """Leave the file of a request as a run does that was killed before it learned its number."""
    file = folder / "2.cer.request.json"
    if file.exists():
        file.write_text(json.dumps({**json.loads(file.read_text()), "state": "submitting", "request_id": None}))


@pytest.mark.parametrize(
    ("protocol", "client"), [("imp_admin", "imp_admin"), ("cucm_admin", "cucm_admin"), ("ca_admin", "ca_admin")]
)
def test_the_page_names_the_modules_that_use_an_operation(
    environment: Emulator, tmp_path: Path, protocol: str, client: str
) -> None:
    runs = {
        "imp_admin": lambda: imp_runs(environment),
        "cucm_admin": lambda: cucm_runs(environment, tmp_path),
        "ca_admin": lambda: ca_runs(environment, tmp_path),
    }[protocol]()
    used: dict[str, set[str]] = defaultdict(set)
    for module, options, check in runs:
        interrupt(tmp_path)
        last = environment.control.last_journal_id()
        result = run_module(module, options, check=check)
        assert {one["code"] for one in result.data.get("failures", [])} <= {"bulk-job-failed"}, result.msg
        assert not result.failed or result["failures"], result.msg
        for entry in environment.journal(protocol=protocol, after=last):
            used[entry["operation"]].add(module)

    operations = environment.control.about()["protocols"][protocol]
    assert dict(used) == {name: modules for name, modules in users_on_the_page(operations).items() if modules}
    # A module that has the client at hand and is not among the runs would never be looked at.
    able = {module for module in MODULES if client in utilities_of(Path("plugins", "modules", f"{module}.py"))}
    assert able == {module for module, _, _ in runs}
