# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that the emulator has made after a description, those that stand in for real ones among them."""

from __future__ import annotations

from imp_emulator.scenario.configured import CertificateSpec, GeneratedSpec
from imp_emulator.store.database import Database
from imp_emulator.x509.certificate import held_pem


def put(database: Database, spec: CertificateSpec, pem: str, real: str = "") -> None:
    """Store what was made after a description or after a ``real`` certificate, PEM."""
    database.execute(
        "INSERT OR REPLACE INTO stand_in (described, certificate, real) VALUES (?, ?, ?)", (_described(spec), pem, real)
    )


def real(database: Database) -> list[str]:
    """Return the real certificates that something stands in for, in PEM."""
    return [row["real"] for row in database.all("SELECT real FROM stand_in WHERE real <> '' ORDER BY described")]


def made(database: Database, spec: CertificateSpec) -> str:
    """Return what was made after a real certificate (PEM) or after a description, in PEM.

    Raises:
        KeyError: Nothing was.
    """
    found = of_fingerprint(database, _described(spec))
    if found is None:
        raise KeyError(str(spec))
    return found


def as_held(database: Database, spec: CertificateSpec) -> str:
    """Return what a trust store holds: the real certificate as it is, or what was made after a description, in PEM."""
    return spec if isinstance(spec, str) else made(database, spec)


def of_fingerprint(database: Database, fingerprint: str) -> str | None:
    """Return what stands in for a real certificate (SHA-256, lower-case hexadecimal), in PEM, or ``None``."""
    row = database.one("SELECT certificate FROM stand_in WHERE described = ?", (fingerprint,))
    return None if row is None else str(row["certificate"])


def _described(spec: CertificateSpec) -> str:
    if isinstance(spec, GeneratedSpec):
        dates = f"{spec.not_before.isoformat()} {spec.not_after.isoformat()}"
        return f"{spec.common_name}\n{dates}\n{' '.join(spec.alternative_names)}"
    return held_pem(spec)[0].fingerprint
