# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of tasks as the modules return them, and a drift report with a record of every status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

GATEWAYS = Origin(
    cluster="dc1",
    host="imp-pub.dc1",
    task="Configure the Exchange servers as presence gateways",
    path="site/gateways.yml",
    line=14,
    action="ucops.imp.presence_gateways",
    predicted=True,
)
OTHER_CLUSTER = replace(GATEWAYS, cluster="dc2", host="imp-pub.dc2")
PARAMETERS = replace(
    GATEWAYS, task="Set the calendaring parameters", action="ucops.imp.calendaring_parameters", line=20
)
USERS = replace(GATEWAYS, task="Enable the users", action="ucops.imp.calendar_users", line=26)
TRUST = replace(GATEWAYS, task="Trust the authorities", action="ucops.imp.trust_certificates", line=8)
FOREIGN = replace(GATEWAYS, task="Keep a file", action="ansible.builtin.copy", line=32)


def field(name: str, before: Any, after: Any, *, secret: bool = False) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after, "secret": secret}


def change(kind: str, identifier: str, *fields: dict[str, Any], action: str = "update") -> dict[str, Any]:
    return {"kind": kind, "id": identifier, "action": action, "fields": list(fields)}


def result(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"changed": bool(changes), "changes": list(changes), "failures": [], **more}


DESCRIPTION = change("presence_gateway", "mail1.example.com", field("description", "ask <Jim> | *now*", "First site"))
PASSWORD = change("gateway_credentials", "shared", field("password", "(differs)", "(as given)", secret=True))
MISSING = change(
    "trust_certificate",
    "imp-sub:5995bc53db5986467b36b2573b91bdd5b76c6503abbf5f44a31aff77a59af1fa",
    field("store", None, "cup-trust"),
    field("subject", None, "CN=Example Root CA"),
    action="create",
)
SPREAD = change("calendaring_parameter", "calendar_spread", field("value", 10, 9))
USER = change("calendar_user", "user0042", field("meeting_information", False, True))
PENDING = change("service", "imp-pub:Cisco Presence Engine", field("restart_required", True, False), action="restart")
UNDECLARED = {
    "kind": "presence_gateway",
    "id": "old.example.com",
    "fields": {"type": "Exchange -- EWS Server", "description": "", "port": 443},
}
OFF_DEFAULT = {"kind": "calendaring_parameter", "id": "exchange_queue", "fields": {"value": 9, "default": 2200}}
UNKNOWN = {"kind": "gateway_credentials", "id": "shared", "field": "password", "reason": "It is not compared."}
NODE_DOWN = {"id": "imp-sub", "code": "connection-failed", "message": "imp-sub does not answer on port 443."}


def full_report() -> Report:
    """A finished report of three clusters: one with everything, one that is clean, one that was corrected."""
    report = Report("Calendar integration", playbook="site/drift.yml", started="2026-11-24T07:00:00+00:00")
    report.add(TRUST, result(MISSING, failures=[NODE_DOWN], msg="1 failed"), failed=True)
    report.add(GATEWAYS, result(DESCRIPTION, PASSWORD, undeclared=[UNDECLARED], unknown=[UNKNOWN]))
    report.add(PARAMETERS, result(undeclared=[OFF_DEFAULT]))
    report.add(USERS, result(USER))
    report.add(replace(GATEWAYS, task="Restart", action="ucops.imp.services"), result(PENDING))
    report.add(OTHER_CLUSTER, result())
    report.add(replace(GATEWAYS, cluster="dc3", host="imp-pub.dc3", predicted=False), result(DESCRIPTION))
    report.finish(["dc1", "dc2", "dc3"], failed=False, unreachable=False)
    return report
