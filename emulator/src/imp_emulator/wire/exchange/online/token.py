# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Microsoft identity platform, as far as an application needs it that logs in as itself: tokens and metadata.

Sources: Microsoft's pages on the client credentials flow (v2.0 and v1.0), on OpenID Connect discovery and on AADSTS
error codes. The URLs in answers have the host and port that the request was sent to, so that a client which reaches
the emulator by another address stays there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote_plus

from imp_emulator.domain.exchange import access_tokens, online
from imp_emulator.pipeline.accounts import Account, Accounts, basic_credentials, same_secret
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.scenario.model import LOGIN_HOST
from imp_emulator.wire.exchange.online.token_errors import TokenError, error_answer
from imp_emulator.wire.http.hosts import base_url
from imp_emulator.world.context import Context

_NOT_STORED = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
_DEFAULT = "/.default"
_TENANT = r"/(?P<tenant>[^/]+)"

_Handler = Callable[[Request, re.Match[str]], Response]
"""Answers a request, or raises :class:`TokenError`."""


class TokenEndpoint:
    """What stands on port 443 of ``login.microsoftonline.com``."""

    name = "token"
    operations: ClassVar[Mapping[str, bool]] = {
        "acquireToken": False,
        "getOpenIdConfiguration": False,
        "getKeys": False,
        "discoverInstance": False,
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._routes = (
            ("POST", re.compile(_TENANT + r"/oauth2/(?P<v2>v2\.0/)?token"), "acquireToken", self._acquire),
            (
                "GET",
                re.compile(_TENANT + r"/(?P<v2>v2\.0/)?\.well-known/openid-configuration"),
                "getOpenIdConfiguration",
                self._configuration,
            ),
            ("GET", re.compile(_TENANT + r"/discovery/(?:v2\.0/)?keys"), "getKeys", self._keys),
            ("GET", re.compile(_TENANT + r"/discovery/instance"), "discoverInstance", self._instance),
        )

    def owns(self, path: str) -> bool:
        return True

    def authenticate(self, request: Request) -> Response | None:
        """Nobody is known before the token request itself is read."""
        return None

    def route(self, request: Request) -> Operation:
        for method, pattern, name, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found and request.method == method:
                return Operation(name, False, partial(self._answer, request, handler, found))
        missing = TokenError(404, "invalid_request", 900561, f"There is no {request.method} at this address.")
        return Operation(request.method, False, lambda: self._refused(request, missing))

    def failure(self, request: Request, status: int, message: str) -> Response:
        kind = "temporarily_unavailable" if status in (429, 503) else "server_error"
        return self._refused(request, TokenError(status, kind, 90033, message))

    def _answer(self, request: Request, handler: _Handler, found: re.Match[str]) -> Response:
        try:
            return handler(request, found)
        except TokenError as error:
            return self._refused(request, error)

    def _refused(self, request: Request, error: TokenError) -> Response:
        return error_answer(request, error, self._context.clock.now())

    def _check_tenant(self, name: str, kind: str) -> None:
        """Raises :class:`TokenError` unless the name is the tenant's."""
        if not online.is_tenant(self._context, name):
            raise TokenError(400, kind, 90002, f"Tenant '{name}' not found.")

    def _acquire(self, request: Request, found: re.Match[str]) -> Response:
        self._check_tenant(found["tenant"], "invalid_request")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        grant = _wanted(form, "grant_type")
        if grant != "client_credentials":
            raise TokenError(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant '{grant}'.")
        application = self._authenticated(request, form)
        request.caller = application.username
        wanted = _of_scope if found["v2"] else _of_resource
        audience = wanted(_wanted(form, "scope" if found["v2"] else "resource"))
        token = access_tokens.issue(self._context, application, audience)
        if found["v2"]:
            lifetime: dict[str, Any] = {"expires_in": access_tokens.LIFETIME, "ext_expires_in": access_tokens.LIFETIME}
        else:
            lifetime = _old_lifetime(int(self._context.clock.timestamp()), audience)
        return _json({"token_type": "Bearer", **lifetime, "access_token": token}, _NOT_STORED)

    def _authenticated(self, request: Request, form: Mapping[str, str]) -> Account:
        """Return the application whose secret came in the header or in the form.

        Raises:
            TokenError: There is no such application, or the secret is missing or wrong.
        """
        header = basic_credentials(request.headers.get("authorization", ""))
        # RFC 6749, 2.3.1: what stands in the header is encoded like a form first.
        client_id, secret = map(unquote_plus, header) if header else (form.get("client_id"), form.get("client_secret"))
        if not client_id:
            client_id = _wanted(form, "client_id")
        application = online.application(self._context, client_id)
        if application is None:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            raise TokenError(400, "unauthorized_client", 700016, text)
        if not secret and "client_assertion" in form:
            raise TokenError(401, "invalid_client", 700027, "The key that signed the client assertion is not known.")
        if not secret:
            text = "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type."
            raise TokenError(401, "invalid_client", 7000216, text)
        if not same_secret(secret, application.password):
            raise TokenError(401, "invalid_client", 7000215, f"Invalid client secret provided for app '{client_id}'.")
        return application

    def _configuration(self, request: Request, found: re.Match[str]) -> Response:
        self._check_tenant(found["tenant"], "invalid_tenant")
        tenant_id, base = online.tenant(self._context).tenant_id, base_url(request, LOGIN_HOST)
        version = found["v2"] or ""
        issuer = f"{base}/{tenant_id}/v2.0" if version else f"https://sts.windows.net/{tenant_id}/"
        return _json(
            {
                "token_endpoint": f"{base}/{tenant_id}/oauth2/{version}token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "jwks_uri": f"{base}/{tenant_id}/discovery/v2.0/keys",
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "issuer": issuer,
                "authorization_endpoint": f"{base}/{tenant_id}/oauth2/{version}authorize",
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    def _keys(self, request: Request, found: re.Match[str]) -> Response:
        # The keys are the same for all tenants, and "common" stands for any of them.
        if found["tenant"].lower() != "common":
            self._check_tenant(found["tenant"], "invalid_tenant")
        return _json(access_tokens.key_set(self._context))

    def _instance(self, request: Request, found: re.Match[str]) -> Response:
        """Tell a client that the authority which it asks about is one of Microsoft's."""
        asked = request.query.get("authorization_endpoint", "")
        authority = re.match(rf"https://({re.escape(LOGIN_HOST)})/([^/]+)/", asked)
        if authority is None:
            raise TokenError(400, "invalid_instance", 50049, "Unknown or invalid instance.")
        return _json(
            {
                "tenant_discovery_endpoint": f"https://{LOGIN_HOST}/{authority[2]}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": LOGIN_HOST, "preferred_cache": LOGIN_HOST, "aliases": [LOGIN_HOST]}],
            }
        )


def _wanted(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenError(400, "invalid_request", 900144, text)
    return value


def _of_scope(scope: str) -> access_tokens.Resource:
    if not scope.endswith(_DEFAULT) or " " in scope:
        text = f"The provided value for scope {scope} is not valid: it must be a resource with {_DEFAULT} at its end."
        raise TokenError(400, "invalid_scope", 1002012, text)
    found = access_tokens.resource(scope.removesuffix(_DEFAULT))
    if found is None:
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
        raise TokenError(400, "invalid_scope", 70011, text)
    return found


def _of_resource(name: str) -> access_tokens.Resource:
    found = access_tokens.resource(name)
    if found is None:
        text = f"The resource principal named {name} was not found in the tenant."
        raise TokenError(400, "invalid_resource", 500011, text)
    return found


def _old_lifetime(now: int, audience: access_tokens.Resource) -> dict[str, Any]:
    """The first version of the endpoint writes numbers as text."""
    return {
        "expires_in": str(access_tokens.LIFETIME),
        "ext_expires_in": str(access_tokens.LIFETIME),
        "expires_on": str(now + access_tokens.LIFETIME),
        "not_before": str(now),
        "resource": audience.value,
    }


def _json(content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(200, json.dumps(content).encode(), "application/json; charset=utf-8", dict(headers or {}))
