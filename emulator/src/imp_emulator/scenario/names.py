# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses in scenarios: each function returns the form that is kept, or raises ``ValueError``."""

from __future__ import annotations

import ipaddress
import re
import uuid

LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
"""A label of a host name, as a regular expression: RFC 1123, and the underscore that some hosts have all the same."""
MAXIMUM_NAME = 253
"""How long a host name may be (RFC 1035)."""
MAXIMUM_COMMON_NAME = 64
"""How long the CN of a certificate may be (RFC 5280)."""
FQDN_WORDS = f"a host name with a dot, of at most {MAXIMUM_NAME} characters"
CERTIFICATE_NAME_WORDS = "a host name, a wildcard or an address"
_ORIGIN = re.compile(
    r"https?://(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^\[\]:/?#@]+))(?::([1-9][0-9]{0,4}))?", re.IGNORECASE | re.ASCII
)
COMMON_NAME_WORDS = f"{CERTIFICATE_NAME_WORDS}, of at most {MAXIMUM_COMMON_NAME} characters"


def fqdn(text: str) -> str:
    """Return a host name of at least two labels, in lower case."""
    if len(text) > MAXIMUM_NAME or not re.fullmatch(rf"{LABEL}(?:\.{LABEL})+", text):
        raise ValueError(text)
    # Four numbers with dots would be read as an address, whatever was meant.
    if text.rsplit(".", 1)[1].isdigit():
        raise ValueError(text)
    return text.lower()


def certificate_name(text: str) -> str:
    """Return a name as a certificate may hold it: host name, wildcard or address (requirement C1)."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return "*." + fqdn(text[2:]) if text.startswith("*.") else fqdn(text)


def common_name(text: str) -> str:
    """Return a name as the CN of a certificate may be."""
    if len(text) > MAXIMUM_COMMON_NAME:
        raise ValueError(text)
    return certificate_name(text)


def gateway_name(text: str) -> str:
    """Return a host name with a dot in lower case, or an address in canonical form (requirement G3)."""
    found = address(text)
    # The product's pages take no other names.
    if found is None and ("_" in text or text.rpartition(".")[2][:1].isdigit()):
        raise ValueError(text)
    return fqdn(text) if found is None else str(found)


def origin(text: str) -> str:
    """Return a URL that names a scheme, a host and a port if need be, and nothing else."""
    found = _ORIGIN.fullmatch(text)
    if found is None or int(found[3] or 443) > 65535:
        raise ValueError(text)
    gateway_name(found[1] or found[2])
    return text


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address without a zone, or ``None`` for any other text."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def ipv4(text: str) -> str:
    """Return an IPv4 address."""
    return str(ipaddress.IPv4Address(text))


def ipv6(text: str) -> str:
    """Return an IPv6 address in canonical form (RFC 5952)."""
    if "%" in text:  # A zone is of one machine only (RFC 4007).
        raise ValueError(text)
    return str(ipaddress.IPv6Address(text))


def lower_uuid(text: str) -> str:
    """Return a UUID in the form that Microsoft shows: lower case, with hyphens, no braces."""
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        raise ValueError(text)
    return str(uuid.UUID(text))
