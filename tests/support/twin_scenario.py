# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario as an export of a real cluster writes it: with what real clusters hold, odd as it may be."""

from __future__ import annotations

import ssl
from typing import Any

from tests.support.certificates import issue

ROOT = issue("Company Root CA", ca=True, organization="Büro & Söhne")
ISSUING = issue("Company Issuing CA", by=ROOT, ca=True)
MAIL1 = issue("mail1.example.com", by=ISSUING, hosts=["mail1.example.com", "192.0.2.21"])
MAIL2 = issue("mail2.example.com", by=ISSUING, hosts=["mail2.example.com"], days=(-30, -1))
LATER_ROOT = issue("Unknown Root CA", ca=True)
LATER = issue("Unknown CA", by=LATER_ROOT, ca=True)
MAIL3 = issue("mail3.example.com", by=LATER, hosts=["mail3.example.com"])
ALONE = issue("mail4.example.com", hosts=["mail4.example.com"])
NODE = issue("imp-pub.example.com")
UNREADABLE = ssl.DER_cert_to_PEM_cert(b"nobody can read this")
LONG = f"{'x' * 60}.{'y' * 60}.example.com"
DATES = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2040-01-01T00:00:00+01:00"}
OWN, ABOVE = ({"common_name": name, **DATES} for name in ("mail5.example.com", "Anonymous CA"))
CLIENT, TENANT = "7F4B0F64-6e0e-4c0f-8a55-0c0b8a1d2e01", "3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11"
TWIN: dict[str, Any] = {
    "format": 1,
    "note": "A twin of somebody's cluster.\nIts Exchange servers' keys are made here.\n",
    "clusters": [
        {
            "name": "site_1.east",
            "version": "15.0.1.11900-4",
            "domain": "example.com",
            "nodes": [
                {"name": "192.0.2.11", "role": "cucm", "usage": "publisher"},
                {"name": "IMP-pub.example.com", "role": "imp", "usage": "publisher"},
                {"name": "imp-sub", "role": "imp", "usage": "subscriber"},
                {"name": "cucm_sub", "role": "cucm", "usage": "subscriber", "fqdn": LONG},
            ],
            "users": {
                "listed": [
                    {"userid": "o'brien", "im_and_presence": True, "meeting_information": True},
                    {"userid": "straßer", "home_cluster": False, "last_name": " "},
                    {"userid": "strasser", "meeting_information": True, "mail": "none at all"},
                    {"userid": 'a+b = <c> ; \\ , "d" #', "last_name": "家"},
                ]
            },
            "presence_gateways": [
                "mail1.example.com",
                {"name": "192.0.2.22", "port": 444},
                {"name": "Mail3.example.com", "description": "third", "type": "exchange_ews"},
                {"name": "mail4.example.com", "port": 443},
                {"name": "mail5.example.com"},
                {"name": "gone.example.com", "port": 8443},
                {
                    "name": "outlook.office365.com",
                    "type": "office_365",
                    "client_id": CLIENT,
                    "tenant_id": TENANT,
                    "proxy_url": "http://proxy.example.com:3128",
                    "proxy_username": "presence",
                },
            ],
            "presence_gateways_account": {"username": "example\\SVC-imp"},
            "calendaring_parameters": {"EWSStatusFrequency": 9999, "CalendarSpread": "10"},
            "service_parameters": [
                {"service": "enterprise wide", "name": "enableipv6", "value": "T"},
                {"service": "Cisco Unknown", "name": "Odd", "value": "<&> 家", "node": "IMP-SUB"},
                {"service": "Cisco CallManager", "name": "CdrEnabled", "value": "T"},
            ],
            "trust_stores": {
                "cup-trust": [
                    {"certificate": ROOT.pem, "file_name": "Root 1.pem", "description": "of the company"},
                    {"certificate": ISSUING.pem, "nodes": ["imp-PUB.example.com"]},
                    {"certificate": ALONE.pem, "nodes": ["imp-sub"]},
                    {"certificate": NODE.pem, "own": True, "file_name": "Company_Issuing_CA.pem"},
                    {"generated": ABOVE},
                ],
                "tomcat-trust": [{"certificate": ROOT.pem}],
                "cup-xmpp-trust": [{"certificate": UNREADABLE, "nodes": ["imp-sub"]}],
            },
            "services": [
                {"node": "imp-sub", "service": "cisco presence engine", "running": False},
                {"node": "imp-sub", "service": "Cisco Brand New Service", "activated": True},
                {"node": "192.0.2.11", "service": "Cisco DirSync", "activated": False},
                {"node": "192.0.2.11", "service": "Self Provisioning IVR", "running": True},
                {"node": "192.0.2.11", "service": "Cisco Dialed Number Analyzer", "activated": True},
            ],
        }
    ],
    "exchange": {
        "account": {"username": "EXAMPLE\\svc-imp"},
        "servers": [
            {"name": "mail1.example.com", "ipv4": "192.0.2.21", "stands_in_for": [MAIL1.pem, ISSUING.pem]},
            {"name": "mail2.example.com", "ipv4": "192.0.2.22", "stands_in_for": [MAIL2.pem], "further_ports": [444]},
            {"name": "mail3.example.com", "ipv4": "192.0.2.23", "stands_in_for": [MAIL3.pem]},
            {"name": "mail4.example.com", "ipv4": "192.0.2.24", "stands_in_for": [ALONE.pem]},
            {
                "name": "mail5.example.com",
                "ipv4": "192.0.2.25",
                "stands_in_for": [
                    {"generated": {**OWN, "alternative_names": ["mail5.example.com"]}},
                    {"generated": ABOVE},
                ],
            },
            {
                "name": "mail6.example.com",
                "ipv6": "2001:db8::26",
                "stands_in_for": [
                    {"generated": {**OWN, "alternative_names": ["mail5.example.com"]}},
                    {"generated": ABOVE},
                ],
            },
        ],
    },
}
CLUSTER, PUB, SUB = "site_1.east", "IMP-pub.example.com", "imp-sub"
