# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that somebody else has published, and that clients rely on: written down once more, from where they come.

Each stands for itself; the tests of what uses them take them by name, and would not notice another value.
"""

from __future__ import annotations

import importlib

import pytest

AXL, EXCHANGE = "imp_emulator.wire.axl", "imp_emulator.domain.exchange"
COLLECTION = "ansible_collections.ucops.imp.plugins.module_utils"
CLIENTS = f"{COLLECTION}._clients"

PUBLISHED: dict[str, dict[str, object]] = {
    # Cisco's AXL developer guide: codes of faults, and the limit of an answer.
    f"{AXL}.faults": {
        "UNKNOWN_ERROR": 5000,
        "UNKNOWN_REQUEST": 5002,
        "INVALID_VALUE": 5003,
        "UNEXPECTED_NODE": 5005,
        "ITEM_NOT_VALID": 5007,
    },
    f"{AXL}.protocol": {"INCORRECT_VERSION": 599},
    f"{AXL}.answers": {"MAXIMUM_ANSWER": 8 * 1024 * 1024},
    # IBM's Informix: SQL errors, which AXL hands on.
    f"{AXL}.sql.errors": {
        "SYNTAX": -201,
        "NO_TABLE": -206,
        "INTERRUPTED": -213,
        "NO_COLUMN": -217,
        "NO_PERMISSION": -273,
        "UNMATCHED_QUOTE": -282,
        "AMBIGUOUS": -324,
        "NO_ROUTINE": -674,
        "CONVERSION": -1213,
    },
    # Cisco's serviceability developer guide: reason codes of ControlCenterServices.
    f"{CLIENTS}.control_center": {
        "NO_SUCH_SERVICE": -1010,
        "NOT_RUNNING": -1019,
        "PENDING": -1029,
        "ALREADY_STARTED": -1039,
        "ALREADY_STOPPED": -1040,
        "NOT_ACTIVATED": -1068,
    },
    # Microsoft's ICertRequest: what has become of a request at a certification authority.
    f"{CLIENTS}.certsrv": {
        "_DISPOSITIONS": {2: "denied", 5: "pending", 6: "revoked"},
        "_ISSUED_DISPOSITIONS": (3, 4),
    },
    # OpenSSL: the verify errors of a chain that cannot be built, and of a certificate out of its time.
    f"{COLLECTION}._preflight.gateways": {"NO_CHAIN": (2, 18, 19, 20, 21)},
    f"{COLLECTION}._preflight.probes": {"EXPIRED": (9, 10)},
    # Cisco's guide on the integration with Office 365, by release and service update; the AXL schemas by release.
    f"{COLLECTION}._product.office_365": {
        "OFFERED_FROM": (12, 5, 2),
        "URLS_FROM": (15, 0, 2),
        "GRAPH_FROM": (15, 0, 4),
    },
    f"{COLLECTION}._product.releases": {"SCHEMAS": ((11, 5), (12, 5), (14, 0), (15, 0))},
    # Cisco's guides: a meeting shows up to 59 s late without seeming to begin at another time.
    f"{COLLECTION}._product.parameters": {"LONGEST_SPREAD": 59},
    # Microsoft's documents of Exchange Web Services and of Exchange Server.
    f"{EXCHANGE}.subscriptions": {"STREAMING_MINUTES": 30, "LONGEST_URL": 2082},
    f"{EXCHANGE}.push": {"_FIRST_RETRY": 30.0},
    f"{EXCHANGE}.recurrence": {"MOST_OCCURRENCES": 999, "_MOST_DAYS": 999, "_MOST_PERIODS": 99},
    f"{EXCHANGE}.availability": {"MOST_ENTRIES": 1000},
    f"{EXCHANGE}.mailboxes": {"_LONGEST_NAME": 256, "_LONGEST_ADDRESS": 320},
    f"{EXCHANGE}.management_scopes": {"_LONGEST_NAME": 64},
    "imp_emulator.wire.exchange.ews.find_items": {"_LONGEST_YEARS": 2},
    "imp_emulator.wire.exchange.ews.availability": {"_DEFAULT_INTERVAL": 30, "_MOST_MAILBOXES": 100},
    "imp_emulator.wire.exchange.ews.directory": {"_MOST": 100},
    "imp_emulator.wire.exchange.ews.restrictions": {"_MOST_NODES": 255},
    # Microsoft's documents of Graph and of the identity platform.
    f"{EXCHANGE}.access_tokens": {"LIFETIME": 3599},
    "imp_emulator.wire.exchange.online.graph_schedule": {"_MOST_SCHEDULES": 20, "_USUAL_SLOT": 30},
    "imp_emulator.wire.exchange.online.graph_event_json": {"_PREVIEW": 255},
    # RFC 1035 and RFC 5280; the time zones of Windows, where 5 is the last week of a month.
    "imp_emulator.domain.network.names": {"MAXIMUM_NAME": 253},
    "imp_emulator.domain.ca.authority": {"_LONGEST_NAME": 64},
    f"{EXCHANGE}.zone_rules": {"LAST_OF_MONTH": 5},
    # OpenSSL: X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT.
    "imp_emulator.domain.network.verify_errors": {"SELF_SIGNED": 18},
}


@pytest.mark.parametrize("module", PUBLISHED)
def test_a_published_number_is_as_published(module: str) -> None:
    values = vars(importlib.import_module(module))
    assert {name: values[name] for name in PUBLISHED[module]} == PUBLISHED[module]
