# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The kinds of endpoints that the collection logs in to, and which account each of them takes. Pure data."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.ucops.imp.plugins.module_utils._core.options import EndpointKind

CUCM = EndpointKind(
    "cucm",
    "UCOPS_CUCM",
    8443,
    "It takes an application user of Unified CM.",
    "Give it the role Standard AXL API Access.",
)
"""AXL of the CUCM publisher."""

CUCM_ADMINISTRATION = replace(CUCM, rights="Give it the role Standard CCMADMIN Administration.")
"""The admin API of the same publisher, with the same account."""

IMP = EndpointKind(
    "imp",
    "UCOPS_IMP",
    8443,
    "It takes an application user of Unified CM, not the operating-system administrator.",
    "Give it the roles Standard CCMADMIN Administration and Standard SERVICEABILITY.",
)
"""Admin API and service control of IM and Presence nodes."""

PLATFORM = EndpointKind(
    "platform",
    "UCOPS_PLATFORM",
    443,
    "It takes the operating-system administrator, not an application user.",
    "It must be an administrator of the platform.",
)
"""Certificate management of a node, with its operating-system administrator account."""

EXCHANGE = EndpointKind(
    "exchange",
    "UCOPS_EXCHANGE",
    443,
    "It takes an Exchange administrator as domain\\user or user@domain; check also the authentication that the "
    "virtual directory PowerShell allows.",
    "Give it the role group Organization Management.",
    ("basic", "ntlm", "negotiate"),
    "negotiate",
)
"""Remote PowerShell of an Exchange server."""

CA = EndpointKind(
    "ca",
    "UCOPS_CA",
    443,
    "It takes an account of the domain, as DOMAIN\\user or user@domain.",
    "Submitting needs the permission to enroll, deciding on requests the permission to manage certificates.",
    ("basic", "ntlm"),
    "basic",
    "/certsrv/",
)
"""Web enrollment of a certification authority."""

PWS = EndpointKind(
    "pws",
    "UCOPS_PWS",
    8083,
    "It takes an application user, not an end user.",
    "Give it the access control group Admin-3rd Party API.",
    own_login=True,
)
"""Presence Web Service of an IM and Presence node."""

ENDPOINT_KINDS = {kind.name: kind for kind in (CUCM, IMP, PLATFORM, EXCHANGE, CA, PWS)}
"""All of them, by the action group of their modules."""
