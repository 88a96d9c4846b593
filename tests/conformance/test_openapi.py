# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration APIs against their own descriptions: documents are valid, and generated requests find no gap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.emulator import Emulator

INTERFACES = {"imp_admin": ("imp-pub", "/imp-admin/v1"), "cucm_admin": ("cucm-pub", "/cucm-admin/v1")}
"""A node that serves each administration API, and its path."""
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")
"""Generated requests for each operation and phase; more find more and take longer."""
GENERATED = list(INTERFACES) if "SCHEMATHESIS_EXAMPLES" in os.environ else ["imp_admin"]
"""Both interfaces decode requests with the same code, so that one of them is enough on every day."""

# Three statuses are right although the request has the described form: 412 and 428 depend on the entity tag, and 422
# on what no schema can say (the first gateway needs credentials; an interface cannot have every IPv6 address; not
# every text is a file for a bulk job, and each transaction takes fields of its own). A stale entity tag is told before
# anything else, so 412 may also be the answer to what has another form.
CONFIGURATION = """
[auth.basic]
username = "${API_USERNAME}"
password = "${API_PASSWORD}"

[checks]
missing_required_header.expected-statuses = [428]
positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 412, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, "5xx"]

[[operations]]
include-operation-id = [
  "addPresenceGateway", "replacePresenceGateway", "replaceNodeIpv6",
  "uploadBulkFile", "validateBulkFile", "submitBulkJob", "activateBulkJob",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 412, 422]
"""


every_interface = pytest.mark.parametrize("interface", INTERFACES)


def document(emulator: Emulator, interface: str) -> dict[str, Any]:
    node, base = INTERFACES[interface]
    with emulator.client(node) as client:
        response = client.get(f"{base}/openapi.json")
    assert response.status_code == 200
    served: dict[str, Any] = response.json()
    return served


def operations(served: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in served["paths"].values() for operation in methods.values()]


@every_interface
def test_the_document_is_valid_openapi_3_1(environment: Emulator, interface: str) -> None:
    served = document(environment, interface)
    assert served["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(served).validate()


@every_interface
def test_every_operation_is_described_in_full(environment: Emulator, interface: str) -> None:
    served = document(environment, interface)
    assert served["security"] == [{"basic": []}]
    assert served["components"]["securitySchemes"]["basic"]["scheme"] == "basic"
    about = environment.control.about()["protocols"][interface]
    assert sorted(operation["operationId"] for operation in operations(served)) == about
    for operation in operations(served):
        assert operation["description"], operation["operationId"]
        for status, response in operation["responses"].items():
            expected = "application/problem+json" if status >= "400" else "application/json"
            assert set(response.get("content", {})) in ({expected}, set()), (operation["operationId"], status)
        assert {"401", "403"} <= set(operation["responses"])
    assert "HTTPValidationError" not in served["components"]["schemas"]


@every_interface
def test_requests_never_take_unknown_fields_and_answers_never_hold_a_password(
    environment: Emulator, interface: str
) -> None:
    served = document(environment, interface)
    schemas = served["components"]["schemas"]
    for operation in operations(served):
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert schemas[reference.rsplit("/", 1)[1]]["additionalProperties"] is False
    secret = {"password", "client_secret", "proxy_password"}
    with_password = {name for name, schema in schemas.items() if secret & set(schema.get("properties", {}))}
    # Whether two secrets are the same, and not what they are.
    with_password.discard("SecretsComparison")
    # What is in a file of users may be a password; a sample and a log hold none.
    with_password |= {"BulkFileIn", "BulkContent"} & schemas.keys()
    assert (
        with_password
        == {
            "imp_admin": {"GatewayIn", "Credentials", "Office365In", "GatewaySecrets"},
            "cucm_admin": {"BulkFileIn", "BulkContent"},
        }[interface]
    )
    answers = str([operation["responses"] for operation in operations(served)])
    assert not any(f"schemas/{name}'" in answers for name in with_password)


@pytest.mark.parametrize("interface", GENERATED)
def test_generated_requests_find_no_gap(environment: Emulator, tmp_path: Path, interface: str) -> None:
    """All of schemathesis' checks, over examples, boundary values, random and stateful requests."""
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    username, password = environment.account()
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    node, base = INTERFACES[interface]
    command += [f"{environment.url(node)}{base}/openapi.json", "--tls-verify", environment.ca_file]
    command += [
        "--checks",
        "all",
        "--max-examples",
        EXAMPLES,
        "--seed",
        "1",
        "--continue-on-failure",
        "--no-color",
    ]
    finished = subprocess.run(
        command,
        env=os.environ | {"API_USERNAME": username, "API_PASSWORD": password},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    assert f"Tested: {len(operations(document(environment, interface)))}" in finished.stdout
    assert "internal error" not in environment.stderr, environment.stderr
