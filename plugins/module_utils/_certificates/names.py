# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Whether a certificate holds the name of a gateway (requirements G3 and C1). Pure.

The rules are the guide's, and OpenSSL differs from them: the SAN decides whenever there is one, an IPv4 address may be
a CN of a certificate without SAN, an IPv6 address must stand in the SAN, and a wildcard stands for one label.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.ucops.imp.plugins.module_utils._certificates.verdicts import BAD, CN_MISMATCH, SAN_MISMATCH
from ansible_collections.ucops.imp.plugins.module_utils._core.options import address, ascii_lower, canonical_host


@dataclass(frozen=True)
class CertificateNames:
    """The names in a server's certificate; ``hosts`` and ``addresses`` are those of its SAN.

    ``damaged`` says that an extension is, or is there twice; then nobody accepts the certificate under any name.
    """

    common_names: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    damaged: bool = False

    @property
    def every(self) -> frozenset[str]:
        """All names, wherever they stand, in the form in which they are compared."""
        return frozenset(map(ascii_lower, (*self.common_names, *self.alternatives)))

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The entries of the SAN."""
        return self.hosts + self.addresses

    def mismatch(self, name: str) -> str | None:
        """Return the product's verdict (G6) when a gateway must not be called ``name``, ``None`` when it may."""
        if self.damaged:
            return BAD
        ip = address(name)
        if self.alternatives:
            listed = {canonical_host(one) for one in self.addresses}
            holds = str(ip) in listed if ip else any(_covers(host, name) for host in self.hosts)
            return None if holds else SAN_MISMATCH
        if ip is None:
            return None if any(_covers(one, name) for one in self.common_names) else CN_MISMATCH
        return None if ip.version == 4 and str(ip) in self.common_names else CN_MISMATCH

    def __str__(self) -> str:
        if self.damaged:
            return "an extension that is damaged or there twice"
        if self.alternatives:
            return f"SAN {', '.join(self.alternatives)}"
        return f"subject CN {', '.join(self.common_names) or '(none)'}"


def _covers(pattern: str, name: str) -> bool:
    """Whether a host name in a certificate stands for ``name``; a wildcard is the first of three labels or more."""
    pattern, name = ascii_lower(pattern), ascii_lower(name)
    if not pattern.startswith("*."):
        return pattern == name and "*" not in pattern
    label, _dot, domain = name.partition(".")
    return bool(label) and domain == pattern[2:] and "." in domain
