# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What each verdict on a server's certificate wants (requirement G6). Pure."""

from __future__ import annotations

VERIFIED = "Verified"
MISSING_FROM_CHAIN = "Failed - Certificate Missing From Chain"
CN_MISMATCH = "Failed - Subject CN Mismatch"
SAN_MISMATCH = "Failed - SAN Mismatch"
BAD = "Failed - Bad Certificates"
NETWORK_ERROR = "Failed - Network Error"

_ADVICE = {
    MISSING_FROM_CHAIN: (
        "The trust store does not lead from the server's certificate to a root: {missing}, or have the server send its "
        "whole chain."
    ),
    CN_MISMATCH: ("Name the gateway as the certificate's subject CN, or have a certificate issued that holds {peer}."),
    SAN_MISMATCH: (
        "Name the gateway as one of the certificate's SAN entries, or have a certificate issued whose SAN holds {peer}."
    ),
    BAD: (
        "Have a new certificate issued when this one, or the authority named, has expired, is not valid yet, is "
        "self-signed, damaged or not made for servers; compare the clocks first when its dates look right."
    ),
    NETWORK_ERROR: (
        "See whether the name resolves, the port is open from this node, and the server answers a TLS handshake there."
    ),
    "Failed": "See whether the port is that of HTTPS, and whether server and node have a TLS version in common.",
}


def verdict_of(verification: str) -> str:
    """Return the verdict in a row of the product: what follows its title."""
    return verification.removeprefix("SSL Connection/Certificate Verification - ")


def advice(verdict: str, peer: str, issuer: str | None) -> str | None:
    """Return what to do about a verdict, or ``None`` when all is well.

    ``issuer`` is the authority whose certificate the handshake does not offer, so that it has to be uploaded (C10).
    """
    if verdict == VERIFIED:
        return None
    missing = f"upload the certificate of {issuer} with trust_certificates" if issuer else "accept what is missing"
    unknown = "The verdict is not one of those known; see the troubleshooter of the node."
    return _ADVICE.get(verdict, unknown).format(peer=peer, missing=missing)
