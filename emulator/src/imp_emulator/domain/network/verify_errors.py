# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSSL's verification says (``X509_V_ERR_...``) in words: of a handshake, pyOpenSSL tells the numbers only."""

from __future__ import annotations

NO_ISSUER = frozenset({2, 19, 20, 21})
"""The chain does not reach a certificate of the trust store."""
SELF_SIGNED = 18
"""The server's certificate is its own root, and not in the trust store."""

AFTER_THE_NAME = frozenset({6, 7, 9, 10, 13, 14, 47, 48, 49, 51, 52, 53})
"""What OpenSSL looks at after the name: signatures, dates and the name constraints of authorities."""

_MESSAGES = {
    1: "unspecified certificate verification error",
    2: "unable to get issuer certificate",
    6: "unable to decode issuer public key",
    7: "certificate signature failure",
    9: "certificate is not yet valid",
    10: "certificate has expired",
    13: "format error in certificate's notBefore field",
    14: "format error in certificate's notAfter field",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    22: "certificate chain too long",
    24: "issuer certificate doesn't have a public key",
    25: "path length constraint exceeded",
    26: "unsuitable certificate purpose",
    27: "certificate not trusted",
    28: "certificate rejected",
    29: "subject issuer mismatch",
    30: "authority and subject key identifier mismatch",
    31: "authority and issuer serial number mismatch",
    32: "key usage does not include certificate signing",
    34: "unhandled critical extension",
    37: "invalid non-CA certificate (has CA markings)",
    41: "invalid or inconsistent certificate extension",
    47: "permitted subtree violation",
    48: "excluded subtree violation",
    49: "name constraints minimum and maximum not supported",
    51: "unsupported name constraint type",
    52: "unsupported or invalid name constraint syntax",
    53: "unsupported or invalid name syntax",
    66: "EE certificate key too weak",
    67: "CA certificate key too weak",
    68: "CA signature digest algorithm too weak",
    76: "Cannot find certificate signature algorithm",
    77: "subject signature algorithm and issuer public key algorithm mismatch",
    78: "cert info signature and signature algorithm mismatch",
    79: "invalid CA certificate",
}


def message(code: int) -> str:
    """Return OpenSSL's words for a code, or its number where it is one that no server's certificate should meet."""
    return _MESSAGES.get(code, f"verification error {code}")
