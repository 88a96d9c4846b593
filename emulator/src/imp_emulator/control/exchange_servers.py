# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the Exchange servers: whom they trust, what revocation lists they reach, restarts."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.exchange import certificates, subscriptions
from imp_emulator.domain.exchange import trust as exchange_trust
from imp_emulator.scenario.model import ROOT_KINDS

router = APIRouter(prefix="/exchange-servers/{server}")


class NewRoots(BaseModel):
    """Root certificates in PEM, and how they get to the server; ``registry`` is by hand."""

    model_config = ConfigDict(extra="forbid")

    certificates: str
    type: Literal["enterprise", "group_policy", "registry", "third_party"] = "registry"


class Revocation(BaseModel):
    """Whether the server reaches the revocation lists of the authorities."""

    model_config = ConfigDict(extra="forbid")

    reachable: bool


class NewEnd(BaseModel):
    """When a certificate ends: in so many days of the virtual clock; negative for one that is over."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(ge=-3650, le=3650)


@router.post("/certificate", status_code=201)
async def issue_again(request: Request, server: str, wanted: NewEnd) -> dict[str, str]:
    """Have an Exchange server show its certificate issued anew: same names, key and issuer, but another end."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        made = certificates.issue_again(context, server, wanted.days)
    return {"thumbprint": made.thumbprint, "not_after": made.certificate.not_after.isoformat()}


@router.get("/roots")
async def list_roots(request: Request, server: str) -> dict[str, list[dict[str, Any]]]:
    """The root certificates that an Exchange server trusts."""
    with refusals():
        found = exchange_trust.roots(context_of(request), server)
    parsed = exchange_trust.parse_roots(found)
    return {
        "roots": [
            {
                "fingerprint": root.fingerprint,
                "type": _WORDS[root.kind],
                "subject": certificate.subject,
                "certificate": root.certificate,
            }
            for root, certificate in zip(found, parsed, strict=True)
        ]
    }


@router.post("/roots", status_code=201)
async def add_roots(request: Request, server: str, new: NewRoots) -> dict[str, list[str]]:
    """Put root certificates into the store of an Exchange server; returns their SHA-256 fingerprints."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        added = exchange_trust.add_roots(context, server, new.certificates, ROOT_KINDS[new.type])
    return {"fingerprints": [certificate.fingerprint for certificate in added]}


@router.delete("/roots/{fingerprint}", status_code=204)
async def remove_root(request: Request, server: str, fingerprint: str) -> None:
    """Take a root certificate out of the store of an Exchange server."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        exchange_trust.remove_root(context, server, fingerprint)


@router.put("/revocation", status_code=204)
async def set_revocation(request: Request, server: str, change: Revocation) -> None:
    """Have an Exchange server reach the revocation lists of the authorities, or not."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        exchange_trust.set_crl_reachable(context, server, change.reachable)


@router.post("/restart")
async def restart(request: Request, server: str) -> dict[str, int]:
    """Restart the web services of an Exchange server; answers with how many subscriptions were lost by that."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        exchange_trust.roots(context, server)
        return {"subscriptions_lost": subscriptions.lose(context, server)}


_WORDS = {kind: word for word, kind in ROOT_KINDS.items()}
