# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about servers: names, ports, certificates, clocks. Pure: sights in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import EXPIRED, Sight, is_address
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown, warned

UNCERTAINTY = 2.0
"""Seconds; answers are dated in whole ones, and take their time."""


def name_rows(sights: Sequence[Sight]) -> list[Row]:
    """Say of every server once whether its name resolves."""
    by_host: dict[str, Sight] = {}
    for sight in sights:
        by_host.setdefault(sight.place.host, sight)
    return [_name_row(sight) for sight in by_host.values()]


def _name_row(sight: Sight) -> Row:
    check, place = "name-resolves", sight.place
    if sight.name_error is not None:
        advice = f"Add {place.hostname} to the name service of the controller, or correct it in {place.option}."
        return failed(check, place.host, sight.name_error, "an address", advice)
    if is_address(place):
        return ok(check, place.host, "is an address")
    return ok(check, place.host, ", ".join(sight.addresses))


def port_row(sight: Sight) -> Row:
    """Say whether somebody listens."""
    check, subject = "port-answers", str(sight.place)
    if sight.name_error is not None:
        return skipped(check, subject, str(sight.obstacle))
    if sight.port_error is not None:
        advice = (
            "See whether the server is up and a firewall lets the controller through, and compare the port with "
            f"{sight.place.option}."
        )
        return failed(check, subject, sight.port_error, "a connection", advice)
    return ok(check, subject, "accepts connections")


def trust_row(sight: Sight, now: datetime) -> Row:
    """Say whether the controller trusts a server of the cluster, as every module of the collection will have to."""
    check, subject, connection = "certificate-trusted", str(sight.place), sight.place.connection
    if connection is None:
        raise ValueError(f"{subject} is judged by nodes")
    if sight.name_error is not None or sight.port_error is not None:
        return skipped(check, subject, str(sight.obstacle))
    expected = f"trusted by {connection.ca_path or 'the authorities of the system'}"
    if sight.tls_error is not None:
        advice = "See whether the port is that of HTTPS, and whether server and controller have TLS 1.2 in common."
        return failed(check, subject, sight.tls_error, expected, advice)
    if not connection.validate_certs:
        advice = "Set validate_certs to true and ca_path to the authority: whoever answers there gets the password."
        return warned(check, subject, "not verified", expected, advice)
    if sight.distrust is None:
        return ok(check, subject, "trusted", expected)
    if sight.distrust.code in EXPIRED and sight.leaf is not None and sight.leaf.out_of_date(now):
        return skipped(check, subject, "its dates are wrong, see certificate-valid")
    advice = "Give the authority of the server's certificate in ca_path, and a hostname that the certificate holds."
    return failed(check, subject, sight.distrust.message, expected, advice)


def dates_row(sight: Sight, min_days: int, now: datetime) -> Row:
    """Say whether a certificate is valid now and for so many days more."""
    check, subject = "certificate-valid", str(sight.place)
    if sight.leaf is None:
        return skipped(check, subject, sight.obstacle or "no certificate was seen")
    begin = datetime.fromisoformat(sight.leaf.not_before)
    expected = f"valid for {min_days} more days"
    if begin > now:
        advice = "Compare the clocks of server and controller first; have a new certificate issued if they agree."
        return failed(check, subject, f"valid from {begin:%Y-%m-%d %H:%M} UTC", expected, advice)
    left, until = sight.leaf.days_left(now), sight.leaf.not_after[:10]
    if left >= min_days:
        return ok(check, subject, f"{int(left)} days left, until {until}", expected)
    found = f"{int(left)} days left, until {until}" if left >= 0 else f"expired on {until}"
    return failed(check, subject, found, expected, _renewal(sight))


def _renewal(sight: Sight) -> str:
    if sight.place.connection is None:
        return "Renew it, for example with the playbook ucops.imp.certificates; then look at the trust stores again."
    return (
        "Renew it in Cisco Unified OS Administration, Security, Certificate Management (tomcat), and restart the "
        "service Cisco Tomcat there."
    )


def clock_rows(sights: Sequence[Sight], most: float) -> list[Row]:
    """Compare the clock of every server of the cluster with the controller's, and with each other's."""
    by_host: dict[str, Sight] = {}
    for sight in sights:
        known = by_host.get(sight.place.host)
        if known is None or (known.offset is None and sight.offset is not None):
            by_host[sight.place.host] = sight
    rows = [_clock_row(sight, most) for sight in by_host.values()]
    told = {host: sight.offset for host, sight in by_host.items() if sight.offset is not None}
    return [*rows, _apart_row(told, most)]


def _clock_row(sight: Sight, most: float) -> Row:
    check, subject, expected = "clock-agrees", sight.place.host, f"within {most:g} s of the controller"
    if sight.offset is None:
        if sight.leaf is None:
            return skipped(check, subject, sight.obstacle or "no answer was seen")
        advice = "Compare it by hand: utils ntp status and show status on the node's command line."
        return unknown(check, subject, "the server's answers have no date", expected, advice)
    found = f"{abs(sight.offset):.0f} s {'ahead of' if sight.offset > 0 else 'behind'} the controller"
    if abs(sight.offset) < UNCERTAINTY:
        found = f"less than {UNCERTAINTY:g} s apart"
    if abs(sight.offset) <= most:
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
