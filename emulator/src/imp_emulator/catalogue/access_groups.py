# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard access control groups of Unified CM, and the roles that their members have.

The names are those of Cisco's guide to administration and of Cisco's samples. Which roles belong to a group was seen
in published answers for "Standard CCM End Users" and "Standard CTI Enabled"; the others follow the guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.letter_case import ascii_lower

_ADMIN, _READ = "Standard CCM Admin Users", "Standard CCMADMIN Read Only"
# A group that gives one right has the name of its role.
_OF_THEIR_ROLE = (
    "Standard CTI Allow Call Monitoring",
    "Standard CTI Allow Call Park Monitoring",
    "Standard CTI Allow Call Recording",
    "Standard CTI Allow Calling Number Modification",
    "Standard CTI Allow Control of All Devices",
    "Standard CTI Allow Control of Phones supporting Connected Xfer and conf",
    "Standard CTI Allow Control of Phones supporting Rollover Mode",
    "Standard CTI Allow Reception of SRTP Key Material",
    "Standard CTI Enabled",
    "Standard CTI Secure Connection",
    "Standard Confidential Access Level Users",
    "Standard EM Authentication Proxy Rights",
    "Standard RealtimeAndTraceCollection",
)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Application Client Users": (),
    "Standard Audit Users": ("Standard Audit Log Administration",),
    "Standard CAR Admin Users": ("Standard Admin Rep Tool Admin",),
    "Standard CCM Admin Users": (_ADMIN, "Standard CUReporting"),
    "Standard CCM End Users": ("Standard CCM End Users", "Standard CCMUSER Administration"),
    "Standard CCM Gateway Administration": (_ADMIN, "Standard CCM Gateway Management", _READ),
    "Standard CCM Phone Administration": (_ADMIN, "Standard CCM Phone Management", _READ),
    "Standard CCM Read Only": (_ADMIN, _READ, "Standard SERVICEABILITY Read Only"),
    "Standard CCM Server Maintenance": (
        _ADMIN,
        "Standard CCM Feature Management",
        "Standard CCM Service Management",
        "Standard CCM System Management",
        _READ,
        "Standard SERVICEABILITY Administration",
    ),
    "Standard CCM Server Monitoring": (_ADMIN, _READ, "Standard CUReporting", "Standard SERVICEABILITY"),
    "Standard CCM Super Users": (
        "Standard AXL API Access",
        "Standard Admin Rep Tool Admin",
        _ADMIN,
        "Standard CCMADMIN Administration",
        "Standard CUReporting",
        "Standard EM Authentication Proxy Rights",
        "Standard SERVICEABILITY",
    ),
    "Standard EM Roaming Across Clusters Super Users": ("Standard EM Roaming Across Clusters Super Users",),
    "Standard Packet Sniffer Users": (_ADMIN, "Standard Packet Sniffing"),
    "Standard TabSync User": (),
    "Third Party Application Users": (),
    **{name: (name,) for name in _OF_THEIR_ROLE},
}
"""The roles of each group, by its name."""

_BY_NAME = {ascii_lower(name): name for name in GROUPS}


def known(name: str) -> str | None:
    """Return a group's name as the product writes it, for one in any letter case; ``None`` for no standard group."""
    return _BY_NAME.get(ascii_lower(name))
