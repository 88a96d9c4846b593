# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that all gateways share over HTTP (requirement G4): read its name, set it, compare it."""

from __future__ import annotations

from imp_emulator.domain.imp import gateway_credentials
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.models import Account, Comparison, Credentials
from imp_emulator.wire.imp_admin.problems import responses
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here

router = EndpointRouter(tags=["Gateway credentials"])

_BODY = ("invalid-json", "unsupported-media-type", "credentials-required")


@router.get("/gateway-credentials", operation_id="getGatewayCredentials", responses=responses())
def get_credentials(here: Here) -> Account:
    """Return the name of the shared account; the password is never told."""
    return Account(account=gateway_credentials.account(here.context, here.cluster))


@router.put(
    "/gateway-credentials",
    operation_id="replaceGatewayCredentials",
    dependencies=[JSON_ONLY],
    responses=responses(*_BODY, "no-gateway"),
)
def replace_credentials(here: Here, credentials: Credentials) -> Account:
    """Set the account and password of every gateway."""
    password = credentials.password.get_secret_value()
    gateway_credentials.replace(here.context, here.cluster, credentials.account, password)
    return Account(account=credentials.account)


@router.post(
    "/gateway-credentials/compare",
    operation_id="compareGatewayCredentials",
    dependencies=[JSON_ONLY],
    responses=responses("invalid-json", "unsupported-media-type", "too-many-compares"),
)
def compare_credentials(here: Here, credentials: Credentials) -> Comparison:
    """Tell whether account and password are the shared ones; ten failures a minute and no more."""
    password = credentials.password.get_secret_value()
    match = gateway_credentials.compare(here.context, here.cluster, credentials.account, password)
    return Comparison(match=match)
