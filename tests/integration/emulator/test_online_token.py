# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint of the tenant and its metadata, on the wire."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import jwt
import pytest

from imp_emulator.client.control import ControlError
from imp_emulator.scenario.model import LOGIN_HOST
from tests.support import online
from tests.support.emulator import Emulator

NOON = "2026-11-26T12:00:00+00:00"


def claims(emulator: Emulator, token: str) -> dict[str, Any]:
    """Verify a token with the key that the tenant publishes."""
    keys = online.session(emulator).get(f"{online.authority(emulator)}/discovery/v2.0/keys").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    return jwt.decode(token, key.key, algorithms=["RS256"], options=options)


def test_a_token_says_what_the_application_may_do(tenant: Emulator) -> None:
    tenant.control.clock(frozen=True, now=NOON)
    answer = online.ask(tenant)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store, no-cache"
    content = answer.json()
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 3599)
    found = claims(tenant, content["access_token"])
    now = int(datetime.fromisoformat(NOON).timestamp())
    assert (found["iat"], found["exp"]) == (now, now + 3599)
    assert found["aud"] == "https://graph.microsoft.com"
    assert found["appid"] == online.application(tenant)[0]
    assert found["tid"] == tenant.ready["exchange_online"]["tenant_id"]
    assert found["roles"] == ["Calendars.ReadBasic.All", "MailboxSettings.Read", "User.Read.All"]


def test_a_token_for_exchange_has_the_permission_for_exchange_only(tenant: Emulator) -> None:
    for scope in (online.EWS_SCOPE, "https://outlook.office.com/.default"):
        found = claims(tenant, online.ask(tenant, scope=scope).json()["access_token"])
        assert (found["aud"], found["roles"]) == ("https://outlook.office365.com", ["full_access_as_app"])


def test_the_secret_may_come_in_the_header(tenant: Emulator) -> None:
    form = {"grant_type": "client_credentials", "scope": online.GRAPH_SCOPE}
    url = online.authority(tenant) + "/oauth2/v2.0/token"
    client_id, secret = online.application(tenant)
    client = online.session(tenant)
    assert client.post(url, data=form, auth=(client_id, secret)).status_code == 200
    refused = client.post(url, data=form, auth=(client_id, "wrong"))
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [7000215])


def test_the_first_version_of_the_endpoint_takes_a_resource(tenant: Emulator) -> None:
    answer = online.ask(tenant, "/oauth2/token", scope="", resource="https://graph.microsoft.com/").json()
    assert (answer["expires_in"], answer["resource"]) == ("3599", "https://graph.microsoft.com")
    assert int(answer["expires_on"]) - int(answer["not_before"]) == 3599
    unknown = online.ask(tenant, "/oauth2/token", scope="", resource="https://example.com")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_resource")


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_secret": "", "client_assertion": "a.b.c"}, 401, "invalid_client", 700027),
        ({"client_id": str(uuid.UUID(int=1))}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"scope": "https://example.com/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "https://graph.microsoft.com/Calendars.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
    ],
)
def test_a_request_is_refused_with_the_published_code(
    tenant: Emulator, form: dict[str, str], status: int, error: str, number: int
) -> None:
    tenant.control.clock(frozen=True, now=NOON)
    answer = online.ask(tenant, **form)
    content = answer.json()
    assert (answer.status_code, content["error"], content["error_codes"]) == (status, error, [number])
    assert content["error_description"].startswith(f"AADSTS{number}: ")
    assert content["error_uri"] == f"https://login.microsoftonline.com/error?code={number}"
    assert content["timestamp"] == "2026-11-26 12:00:00Z"
    assert content["trace_id"] in content["error_description"]
    assert online.application(tenant)[1] not in answer.text


def test_another_tenant_is_not_found(tenant: Emulator) -> None:
    client = online.session(tenant)
    base = f"https://{LOGIN_HOST}/{uuid.uuid4()}"
    answer = client.post(f"{base}/oauth2/v2.0/token", data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    answer = client.get(f"{base}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_tenant")


def test_the_request_keeps_its_identifier(tenant: Emulator) -> None:
    mine = str(uuid.uuid4())
    url = online.authority(tenant) + "/oauth2/v2.0/token"
    answer = online.session(tenant).post(url, headers={"client-request-id": mine})
    assert answer.json()["correlation_id"] == answer.headers["client-request-id"] == mine


def test_the_metadata_leads_to_the_endpoint_by_id_and_by_domain(tenant: Emulator) -> None:
    client = online.session(tenant)
    known = tenant.ready["exchange_online"]
    for name in (known["tenant_id"], known["tenant_domain"].upper()):
        found = client.get(f"https://{LOGIN_HOST}/{name}/v2.0/.well-known/openid-configuration").json()
        assert found["token_endpoint"] == online.authority(tenant) + "/oauth2/v2.0/token"
        assert found["issuer"] == f"https://{LOGIN_HOST}/{known['tenant_id']}/v2.0"
        assert client.get(found["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"


def test_the_urls_of_the_metadata_have_the_address_that_was_asked(tenant: Emulator) -> None:
    known = tenant.ready["exchange_online"]["hosts"][LOGIN_HOST]
    base = f"https://{known['address']}:{known['ports']['443']}/{tenant.ready['exchange_online']['tenant_id']}"
    found = online.session(tenant).get(f"{base}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{base}/oauth2/v2.0/token"


def test_an_authority_is_told_from_others(tenant: Emulator) -> None:
    url = f"https://{LOGIN_HOST}/common/discovery/instance"
    asked = {"api-version": "1.1", "authorization_endpoint": f"{online.authority(tenant)}/oauth2/v2.0/authorize"}
    found = online.session(tenant).get(url, params=asked).json()
    assert found["tenant_discovery_endpoint"] == online.authority(tenant) + "/v2.0/.well-known/openid-configuration"
    assert found["metadata"][0]["aliases"] == [LOGIN_HOST]
    asked["authorization_endpoint"] = "https://login.example.com/common/oauth2/authorize"
    other = online.session(tenant).get(url, params=asked)
    assert (other.status_code, other.json()["error"]) == (400, "invalid_instance")


def test_what_is_not_there_is_not_found_and_an_injected_fault_has_the_same_form(tenant: Emulator) -> None:
    answer = online.session(tenant).get(f"{online.authority(tenant)}/oauth2/v2.0/authorize")
    assert (answer.status_code, answer.json()["error"]) == (404, "invalid_request")
    tenant.control.fault("status", effect={"status": 429, "retry_after": 7}, protocol="token", times=1)
    answer = online.ask(tenant)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"] == "temporarily_unavailable"
    assert online.ask(tenant).status_code == 200


def test_the_journal_knows_the_application_and_not_its_secret(tenant: Emulator) -> None:
    online.ask(tenant)
    (entry,) = tenant.journal(protocol="token", operation="acquireToken")
    assert (entry["caller"], entry["node"], entry["write"]) == (online.application(tenant)[0], LOGIN_HOST, False)


def test_the_control_plane_switches_exchange_web_services(tenant: Emulator) -> None:
    assert tenant.control.online_ews() == {"state": "allow-listed", "allow_list": ["presence"], "ended": False}
    tenant.control.set_online_ews("off")
    assert tenant.control.online_ews()["state"] == "off"
    tenant.control.set_online_ews("allow-listed", ["forgotten"])
    tenant.control.clock(now="2027-04-01T00:00:00+00:00")
    assert tenant.control.online_ews() == {"state": "allow-listed", "allow_list": ["forgotten"], "ended": True}
    for state, labels in (("allow-listed", ["nobody"]), ("perhaps", None)):
        with pytest.raises(ControlError, match="422"):
            tenant.control.set_online_ews(state, labels)


def test_without_a_tenant_there_is_nothing_to_switch(environment: Emulator) -> None:
    assert environment.ready["exchange_online"] is None
    with pytest.raises(ControlError, match=r"404.*no tenant of Exchange Online"):
        environment.control.online_ews()
