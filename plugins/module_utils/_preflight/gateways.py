# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about Exchange gateways: their names, and what the nodes think of them. Pure: facts in, rows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import missing_issuer
from ansible_collections.ucops.imp.plugins.module_utils._certificates.verdicts import (
    BAD,
    MISSING_FROM_CHAIN,
    NETWORK_ERROR,
    advice,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import Presence
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._preflight.cluster import why_silent
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import EXPIRED, Distrust, ProbeResult
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown, warned
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import RedundancyGroup
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import PeerCheck

NO_CHAIN = (2, 18, 19, 20, 21)
"""OpenSSL's codes of chains that do not lead to a trusted root."""
EXPIRED_AUTHORITY = (
    "The server's own certificate is in time, so renewing it alone changes nothing: have the authority renewed, upload "
    "its new certificate with trust_certificates, and have the server send that one with its own."
)
NONE_GIVEN = "no gateway was given"


@dataclass(frozen=True)
class Gateway:
    """A presence gateway: its name and port for the nodes, and what the controller sees of it."""

    name: str
    port: int
    probed: ProbeResult


@dataclass(frozen=True)
class AdminFacts:
    """What the admin API of a node tells: the nodes of the cluster, and how it finds each gateway, by name.

    ``failing`` are the users whose calendars are not followed, ``groups`` the presence redundancy groups; ``None``
    where it does not tell, or was not asked.
    """

    nodes: list[dict[str, Any]]
    checks: Mapping[str, PeerCheck | ImpError]
    failing: Presence | None = None
    groups: list[RedundancyGroup] | None = None


def name_row(gateway: Gateway) -> Row:
    """Say whether the server's certificate holds the name of the gateway (requirements G3 and C1)."""
    check = "gateway-name-matches"
    if gateway.probed.leaf is None:
        return skipped(check, gateway.name, gateway.probed.obstacle or "no certificate was seen")
    names = gateway.probed.leaf.names
    mismatch = names.mismatch(gateway.name)
    if mismatch is None:
        return ok(check, gateway.name, str(names))
    return failed(check, gateway.name, str(names), gateway.name, advice(mismatch, gateway.name, None) or "")


def store_row(answer: InterfaceAnswer, min_days: int, now: datetime) -> Row:
    """Say whether what a node trusts will last; whether anybody needs it, nobody knows."""
    check, subject = "trust-store-valid", f"cup-trust of {answer.interface.probed.endpoint.name}"
    if not answer.answered:
        return skipped(check, subject, why_silent(answer))
    expected = f"valid for {min_days} more days"
    ending = [one for one in answer.value if one.days_left(now) < min_days]
    if not ending:
        return ok(check, subject, f"{len(answer.value)} certificates, all valid", expected)
    what = (
        "Upload the successors with trust_certificates before a server shows a certificate of theirs, and delete what "
        "nobody needs any more."
    )
    return warned(
        check, subject, "; ".join(f"{one.subject} until {one.not_after.date()}" for one in ending), expected, what
    )


@dataclass(frozen=True)
class Judgement:
    """What is known of a gateway's chain and the trust store of a node.

    ``answer`` is that of the node's certificate management, ``distrust`` what OpenSSL says with the node's store, a
    text when there was no handshake, and ``seen`` the node's own view, if there is one. ``store`` is the store's name.
    """

    gateway: Gateway
    answer: InterfaceAnswer
    distrust: Distrust | str | None
    seen: PeerCheck | ImpError | None = None
    store: str = "cup-trust"

    def obstacle(self, now: datetime) -> str | None:
        """Say why there is nothing to tell about the chain, or ``None``."""
        leaf = self.gateway.probed.leaf
        if leaf is None:
            return self.gateway.probed.obstacle or "no certificate was seen"
        if not self.answer.answered:
            return why_silent(self.answer)
        wrong_dates = isinstance(self.distrust, Distrust) and self.distrust.code in EXPIRED and leaf.out_of_date(now)
        return "its dates are wrong, see certificate-valid" if wrong_dates else None

    @property
    def missing(self) -> str | None:
        """The authority whose certificate the node lacks, as far as somebody tells."""
        issuer = missing_issuer(self.seen.offered) if isinstance(self.seen, PeerCheck) else None
        leaf = self.gateway.probed.leaf
        return issuer or (leaf.issuer if leaf else None)


def trusted_row(judgement: Judgement, now: datetime) -> Row:
    """Say whether a node trusts the server already (requirements G7 and C8)."""
    name, distrust = judgement.gateway.name, judgement.distrust
    check, subject = "gateway-trusted", f"{name} by {judgement.answer.interface.probed.endpoint.name}"
    if judgement.store != "cup-trust":
        subject += f" ({judgement.store})"
    expected, obstacle = f"a chain up to a root in {judgement.store}", judgement.obstacle(now)
    if obstacle is not None:
        return skipped(check, subject, obstacle)
    if isinstance(distrust, str):
        return unknown(check, subject, distrust, expected, "Run the preflight again.")
    if distrust is None:
        return ok(check, subject, f"its chain leads to a root in {judgement.store}")
    leaf = judgement.gateway.probed.leaf
    if leaf is not None and distrust.of_authority(leaf, now):
        offered = judgement.seen.offered if isinstance(judgement.seen, PeerCheck) else []
        found = distrust.told(leaf, [*offered, *judgement.answer.value], now)
        return failed(check, subject, found, expected, EXPIRED_AUTHORITY)
    if distrust.code not in NO_CHAIN:
        return failed(check, subject, distrust.message, expected, advice(BAD, name, None) or "")
    what = advice(MISSING_FROM_CHAIN, name, judgement.missing) or ""
    return warned(check, subject, distrust.message, expected, what)


def reached_row(gateway: Gateway, answer: InterfaceAnswer, ipv6_missing: bool) -> Row:
    """Say whether a node reaches the server by its name; ``answer`` is that of the node's admin API."""
    node = answer.interface.probed.endpoint.name
    check, subject, expected = "gateway-reached", f"{gateway.name} from {node}", "reachable"
    if ipv6_missing:
        return skipped(check, subject, "IPv6 is not set up, see ipv6-enabled and ipv6-address")
    if isinstance(answer.error, NoPublicApi):
        where = "See Cisco Unified CM IM and Presence Administration, System, Security, Certificate Import Tool."
        return unknown(check, subject, "no interface tells", expected, where)
    if not answer.answered:
        return skipped(check, subject, why_silent(answer))
    seen = answer.value.checks[gateway.name]
    if isinstance(seen, ImpError):
        return unknown(check, subject, seen.code, expected, seen.message)
    if seen.reachable:
        return ok(check, subject, "reachable")
    what = advice(NETWORK_ERROR, gateway.name, None) or ""
    return failed(check, subject, seen.detail or seen.reachability, expected, what)
