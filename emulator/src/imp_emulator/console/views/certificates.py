# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a certificate is shown, wherever one is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imp_emulator.x509.certificate import Certificate

_DAYS_SOON = 30
"""A certificate that ends in so many days is pointed out."""


def shown(certificate: Certificate, now: datetime) -> dict[str, Any]:
    """Return subject, issuer, names, dates, fingerprint, and ``days`` left with ``soon`` and ``over``."""
    days = (certificate.not_after - now).days
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": [*certificate.dns_names, *certificate.addresses],
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "fingerprint": certificate.fingerprint,
        "days": days,
        "over": now > certificate.not_after,
        "early": now < certificate.not_before,
        "soon": 0 <= days < _DAYS_SOON,
    }
