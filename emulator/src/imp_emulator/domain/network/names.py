# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of gateway names and of account names (requirements G2 and G3)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from imp_emulator.errors import InvalidValue
from imp_emulator.scenario import names as plain

MAXIMUM_NAME = plain.MAXIMUM_NAME
MAXIMUM_ACCOUNT = 256
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The last label must not look like a number: "192.0.2.300" is a mistyped address, not a host name (RFC 3696).
_TOP = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SHORT_NAME_PATTERN = rf"^{_TOP}$"
FQDN_PATTERN = rf"^(?:{_LABEL}\.)+{_TOP}$"
# White space and control characters are spelled out: what \s means differs between the dialects of regular expressions.
_INVISIBLE = r"\x00-\x20\x7f-\xa0"
_LOGON = rf'[^{_INVISIBLE}@\\/"\[\]:;|=,+*?<>]+'
UPN_PATTERN = rf"^{_LOGON}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$"
DOWN_LEVEL_PATTERN = rf"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\\{_LOGON}$"
NOT_BLANK_PATTERN = f"[^{_INVISIBLE}]"

_HOST = re.compile(rf"^(?:\*\.)?{_LABEL}(?:\.{_LABEL})*$")
_ACCOUNT = re.compile(f"{UPN_PATTERN}|{DOWN_LEVEL_PATTERN}")


class NameKind(StrEnum):
    """What a gateway name is."""

    FQDN = "fqdn"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class GatewayName:
    """A checked gateway name.

    Attributes:
        key: The form in which two names are the same gateway: lower case, addresses in canonical form (RFC 5952).
    """

    text: str
    kind: NameKind
    key: str


def gateway_name(text: str) -> GatewayName:
    """Check a gateway name: a fully qualified domain name, an IPv4 or an IPv6 address.

    Raises:
        InvalidValue: It is none of these; a host name without a domain is not enough.
    """
    try:
        key = plain.gateway_name(text)
    except ValueError:
        rule = "name must be a fully qualified domain name, an IPv4 address or an IPv6 address."
        raise InvalidValue("invalid-field", rule, "name") from None
    address = plain.address(text)
    kinds = {4: NameKind.IPV4, 6: NameKind.IPV6}
    return GatewayName(text, NameKind.FQDN if address is None else kinds[address.version], key)


def account(text: str) -> str:
    r"""Check an account name: a user principal name (user@domain) or a down-level logon name (domain\user).

    Raises:
        InvalidValue: It has neither form.
    """
    if len(text) > MAXIMUM_ACCOUNT or not _ACCOUNT.fullmatch(text):
        raise InvalidValue("invalid-field", "account must have the form user@domain or domain\\user.", "account")
    return text


def is_blank(text: str) -> bool:
    """Tell whether a text holds nothing but white space and control characters."""
    return re.search(NOT_BLANK_PATTERN, text) is None


def is_host_name(text: str) -> bool:
    """Tell whether a text may stand as a host name in a certificate; a wildcard may be its first label."""
    return len(text) <= MAXIMUM_NAME and _HOST.fullmatch(text) is not None


def ipv6_address(text: str) -> str:
    """Return an IPv6 address of an interface in canonical form (RFC 5952).

    Raises:
        InvalidValue: It is none, or one that no interface can have: unspecified, loopback, multicast, or with a scope.
    """
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise InvalidValue("invalid-field", "address must be an IPv6 address.", "address") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback or address.scope_id:
        raise InvalidValue("invalid-field", "address must be a unicast IPv6 address of an interface.", "address")
    return str(address)
