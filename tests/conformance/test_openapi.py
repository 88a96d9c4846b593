# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API against its own description: the document is valid, and generated requests find no gap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.emulator import Emulator

DOCUMENT = "/imp-admin/v1/openapi.json"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")
"""Generated requests for each operation and phase; more find more and take longer."""

# Three statuses are right although the request has the described form: 412 and 428 depend on the entity tag, and 422
# on what no schema can say (the first gateway needs credentials; an interface cannot have every IPv6 address). A stale
# entity tag is told before anything else, so 412 may also be the answer to what has another form.
CONFIGURATION = """
[auth.basic]
username = "${API_USERNAME}"
password = "${API_PASSWORD}"

[checks]
missing_required_header.expected-statuses = [428]
positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 412, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, "5xx"]

[[operations]]
include-operation-id = ["addPresenceGateway", "replacePresenceGateway", "replaceNodeIpv6"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 412, 422]
"""


def document(emulator: Emulator) -> dict[str, Any]:
    with emulator.client("imp-pub") as client:
        response = client.get(DOCUMENT)
    assert response.status_code == 200
    served: dict[str, Any] = response.json()
    return served


def operations(served: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in served["paths"].values() for operation in methods.values()]


def test_the_document_is_valid_openapi_3_1(environment: Emulator) -> None:
    served = document(environment)
    assert served["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(served).validate()


def test_every_operation_is_described_in_full(environment: Emulator) -> None:
    served = document(environment)
    assert served["security"] == [{"basic": []}]
    assert served["components"]["securitySchemes"]["basic"]["scheme"] == "basic"
    about = environment.control.about()["protocols"]["imp_admin"]
    assert sorted(operation["operationId"] for operation in operations(served)) == about
    for operation in operations(served):
        assert operation["description"], operation["operationId"]
        for status, response in operation["responses"].items():
            expected = "application/problem+json" if status >= "400" else "application/json"
            assert set(response.get("content", {})) in ({expected}, set()), (operation["operationId"], status)
        assert {"401", "403"} <= set(operation["responses"])
    assert "HTTPValidationError" not in served["components"]["schemas"]


def test_requests_never_take_unknown_fields_and_answers_never_hold_a_password(environment: Emulator) -> None:
    served = document(environment)
    schemas = served["components"]["schemas"]
    for operation in operations(served):
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert schemas[reference.rsplit("/", 1)[1]]["additionalProperties"] is False
    secret = {"password", "client_secret", "proxy_password"}
    with_password = {name for name, schema in schemas.items() if secret & set(schema.get("properties", {}))}
    # Whether two secrets are the same, and not what they are.
    with_password.remove("SecretsComparison")
    assert with_password == {"GatewayIn", "Credentials", "Office365In", "GatewaySecrets"}
    answers = str([operation["responses"] for operation in operations(served)])
    assert not any(f"schemas/{name}'" in answers for name in with_password)


def test_generated_requests_find_no_gap(environment: Emulator, tmp_path: Path) -> None:
    """All of schemathesis' checks, over examples, boundary values, random and stateful requests."""
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    username, password = environment.account()
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    command += [environment.url("imp-pub") + DOCUMENT, "--tls-verify", environment.ca_file]
    command += ["--checks", "all", "--max-examples", EXAMPLES, "--seed", "1", "--continue-on-failure", "--no-color"]
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
    assert f"Tested: {len(operations(document(environment)))}" in finished.stdout
    assert "internal error" not in environment.stderr, environment.stderr
