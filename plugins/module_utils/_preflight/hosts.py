# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about servers: names, ports, certificates, clocks. Pure: results in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import (
    EXPIRED,
    Distrust,
    ProbeResult,
    is_address,
)
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown, warned

UNCERTAINTY = 2.0
"""Seconds; answers are dated in whole ones, and take their time."""


def name_rows(results: Sequence[ProbeResult]) -> list[Row]:
    """Say of every server once whether its name resolves."""
    by_host: dict[str, ProbeResult] = {}
    for probed in results:
        by_host.setdefault(probed.endpoint.host, probed)
    return [_name_row(probed) for probed in by_host.values()]


def _name_row(probed: ProbeResult) -> Row:
    check, endpoint = "name-resolves", probed.endpoint
    if probed.name_error is not None:
        advice = f"Add {endpoint.hostname} to the name service of the controller, or correct it in {endpoint.option}."
        return failed(check, endpoint.host, probed.name_error, "an address", advice)
    if is_address(endpoint):
        return ok(check, endpoint.host, "is an address")
    return ok(check, endpoint.host, ", ".join(probed.addresses))


def port_row(probed: ProbeResult) -> Row:
    """Say whether somebody listens."""
    check, subject = "port-answers", str(probed.endpoint)
    if probed.name_error is not None:
        return skipped(check, subject, str(probed.obstacle))
    if probed.port_error is not None:
        advice = (
            "See whether the server is up and a firewall lets the controller through, and compare the port with "
            f"{probed.endpoint.option}."
        )
        return failed(check, subject, probed.port_error, "a connection", advice)
    return ok(check, subject, "accepts connections")


def trust_row(probed: ProbeResult, now: datetime) -> Row:
    """Say whether the controller trusts a server of the cluster, as every module of the collection will have to."""
    check, subject, connection = "certificate-trusted", str(probed.endpoint), probed.endpoint.connection
    if connection is None:
        raise ValueError(f"{subject} is judged by nodes")
    if probed.name_error is not None or probed.port_error is not None:
        return skipped(check, subject, str(probed.obstacle))
    expected = f"trusted by {connection.ca_path or 'the authorities of the system'}"
    if probed.tls_error is not None:
        advice = "See whether the port is that of HTTPS, and whether server and controller have TLS 1.2 in common."
        return failed(check, subject, probed.tls_error, expected, advice)
    if not connection.validate_certs:
        advice = "Set validate_certs to true and ca_path to the authority: whoever answers there gets the password."
        return warned(check, subject, "not verified", expected, advice)
    if probed.distrust is None:
        return ok(check, subject, "trusted", expected)
    return _distrusted(probed, probed.distrust, expected, now)


def _distrusted(probed: ProbeResult, distrust: Distrust, expected: str, now: datetime) -> Row:
    check, subject, leaf = "certificate-trusted", str(probed.endpoint), probed.leaf
    if leaf is None or distrust.code not in EXPIRED:
        advice = "Give the authority of the server's certificate in ca_path, and a hostname that the certificate holds."
        return failed(check, subject, distrust.message, expected, advice)
    if not distrust.of_authority(leaf, now):
        return skipped(check, subject, "its dates are wrong, see certificate-valid")
    advice = "Have the authority renewed, and the server's certificate issued by the one that is valid."
    return failed(check, subject, distrust.told(leaf, (), now), expected, advice)


def dates_row(probed: ProbeResult, min_days: int, now: datetime) -> Row:
    """Say whether a certificate is valid now and for so many days more."""
    check, subject = "certificate-valid", str(probed.endpoint)
    if probed.leaf is None:
        return skipped(check, subject, probed.obstacle or "no certificate was seen")
    begin = probed.leaf.not_before
    expected = f"valid for {min_days} more days"
    if begin > now:
        advice = "Compare the clocks of server and controller first; have a new certificate issued if they agree."
        return failed(check, subject, f"valid from {begin:%Y-%m-%d %H:%M} UTC", expected, advice)
    left, until = probed.leaf.days_left(now), probed.leaf.not_after.date()
    if left >= min_days:
        return ok(check, subject, f"{int(left)} days left, until {until}", expected)
    found = f"{int(left)} days left, until {until}" if left >= 0 else f"expired on {until}"
    return failed(check, subject, found, expected, _renewal(probed))


def _renewal(probed: ProbeResult) -> str:
    if probed.endpoint.connection is None:
        return "Renew it, for example with the playbook ucops.imp.certificates; then look at the trust stores again."
    return (
        "Renew it in Cisco Unified OS Administration, Security, Certificate Management (tomcat), and restart the "
        "service Cisco Tomcat there."
    )


def clock_rows(results: Sequence[ProbeResult], most: float) -> list[Row]:
    """Compare the clock of every server of the cluster with the controller's, and with each other's."""
    by_host: dict[str, ProbeResult] = {}
    for probed in results:
        known = by_host.get(probed.endpoint.host)
        if known is None or (known.offset is None and probed.offset is not None):
            by_host[probed.endpoint.host] = probed
    rows = [_clock_row(probed, most) for probed in by_host.values()]
    told = {host: probed.offset for host, probed in by_host.items() if probed.offset is not None}
    return [*rows, _apart_row(told, most)]


def _clock_row(probed: ProbeResult, most: float) -> Row:
    check, subject, expected = "clock-agrees", probed.endpoint.host, f"within {most:g} s of the controller"
    if probed.offset is None:
        if probed.leaf is None:
            return skipped(check, subject, probed.obstacle or "no answer was seen")
        advice = "Compare it by hand: utils ntp status and show status on the node's command line."
        return unknown(check, subject, "the server's answers have no date", expected, advice)
    found = f"{abs(probed.offset):.0f} s {'ahead of' if probed.offset > 0 else 'behind'} the controller"
    if abs(probed.offset) < UNCERTAINTY:
        found = f"less than {UNCERTAINTY:g} s apart"
    if abs(probed.offset) <= most:
        return ok(check, subject, found, expected)
    advice = (
        "Certificates and sessions depend on the time. Compare the controller's clock with its time server first, then "
        "the node's: utils ntp status on its command line."
    )
    return failed(check, subject, found, expected, advice)


def _apart_row(offsets: dict[str, float], most: float) -> Row:
    check, subject = "clocks-agree", "nodes of the cluster"
    if len(offsets) < 2:
        return skipped(check, subject, "the clocks of fewer than two nodes are known")
    last, first = min(offsets, key=offsets.__getitem__), max(offsets, key=offsets.__getitem__)
    apart = offsets[first] - offsets[last]
    expected = f"within {most:g} s of each other"
    if apart <= most:
        return ok(check, subject, f"at most {max(apart, UNCERTAINTY):.0f} s apart", expected)
    advice = "Have both nodes follow the same time server: utils ntp status on the command line of each."
    return failed(check, subject, f"{first} is {apart:.0f} s ahead of {last}", expected, advice)
