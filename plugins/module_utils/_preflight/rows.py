# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows of the preflight: what was checked, with which result, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

OK = "ok"
FAILED = "failed"
WARNING = "warning"
UNKNOWN = "unknown"
SKIPPED = "skipped"
RESULTS = (FAILED, UNKNOWN, WARNING, SKIPPED, OK)
"""Every result, the one that matters most first."""

CHECKS = (
    "name-resolves",
    "port-answers",
    "certificate-trusted",
    "certificate-valid",
    "clock-agrees",
    "clocks-agree",
    "interface-answers",
    "account-logs-in",
    "account-has-role",
    "version-supported",
    "versions-match",
    "axl-service-runs",
    "service-runs",
    "redundancy-normal",
    "notify-port-unused",
    "trust-store-valid",
    "mailboxes-readable",
    "mail-addresses",
    "directory-templates",
    "office-365-protocol",
    "gateway-name-matches",
    "gateway-trusted",
    "gateway-reached",
    "ipv6-enabled",
    "ipv6-address",
)
"""Every check, in the order of the table."""

_ORDER = {check: number for number, check in enumerate(CHECKS)}


@dataclass(frozen=True)
class Row:
    """One check of one subject, a host, a service, a gateway, ...; ``advice`` is empty when there is nothing to do."""

    check: str
    subject: str
    result: str
    found: str = ""
    expected: str = ""
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return ``{check, subject, result, found, expected, advice}``, all of them texts."""
        return dict(self.__dict__)


def ok(check: str, subject: str, found: str, expected: str = "") -> Row:
    """Return a row about what is as it should be."""
    return Row(check, subject, OK, found, expected)


def failed(check: str, subject: str, found: str, expected: str, advice: str) -> Row:
    """Return a row about what has to be put right first."""
    return Row(check, subject, FAILED, found, expected, advice)


def warned(check: str, subject: str, found: str, expected: str, advice: str) -> Row:
    """Return a row about what works, or what the playbooks put right themselves, but somebody should know."""
    return Row(check, subject, WARNING, found, expected, advice)


def unknown(check: str, subject: str, found: str, expected: str, advice: str) -> Row:
    """Return a row about what no interface tells; the advice says where to look."""
    return Row(check, subject, UNKNOWN, found, expected, advice)


def skipped(check: str, subject: str, why: str) -> Row:
    """Return a row about what was not tried, because it is not needed or because another row has failed."""
    return Row(check, subject, SKIPPED, f"not tried: {why}")


def report(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the results of the module: the rows by check and in the order in which they were made, and the counts."""
    listed = sorted(rows, key=lambda row: _ORDER[row.check])
    counts = {result: sum(row.result == result for row in listed) for result in RESULTS}
    return {"passed": not counts[FAILED], "counts": counts, "checks": [row.as_dict() for row in listed]}
