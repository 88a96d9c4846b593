# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXAMPLES of the modules run as they stand; only addresses, accounts and files are those of the emulator."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ucops.imp.plugins.module_utils._bat import HEADER
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.emulator import Emulator
from tests.support.playbooks import ROOT, play

NOT_RUN = {"adcs_ca_info", "adcs_certificate", "adcs_request", "exchange_certificate", "exchange_impersonation"}
"""Their examples belong to different servers and want an administrator's decision between them, so they cannot run in a
row; ``tests/faults/test_certificates_kill.py`` runs the same calls through their role."""
MODULES = sorted(path for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem not in NOT_RUN)
OTHER_CLUSTERS_NAME = {"PeExchangeNotifyPort": "ExchangeNotificationPort"}
"""An example shows a cluster that calls a parameter differently; the emulator's does not."""
FINGERPRINT = "4F:A0:2D:0C:7E:8A:51:B3:99:60:12:EE:6C:05:D1:77:30:C8:1B:FA:22:84:9D:E5:13:5A:BC:F7:08:61:94:2E"
"""The examples' fingerprint; here it is that of Exchange's issuing authority."""

Task = dict[str, Any]


def examples(module: Path) -> list[Task]:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLES":
            return list(yaml.safe_load(ast.literal_eval(node.value)))
    raise AssertionError(f"{module.name} has no EXAMPLES")


def issuing_fingerprint(environment: Emulator) -> str:
    chain = Path(environment.ready["exchange"]["mail1.example.com"]["chain_file"]).read_bytes()
    return x509.load_pem_x509_certificates(chain)[0].fingerprint(hashes.SHA256()).hex(":")


def here(value: Any, platform: bool, environment: Emulator) -> Any:
    """Replace the names of an example by the emulator's addresses, all the way down."""
    if isinstance(value, list):
        return [here(item, platform, environment) for item in value]
    if not isinstance(value, dict):
        if value == FINGERPRINT:
            return issuing_fingerprint(environment)
        return OTHER_CLUSTERS_NAME.get(value, value) if isinstance(value, str) else value
    found = {key: here(item, platform or key == "platform", environment) for key, item in value.items()}
    for key in ("hostname", "name"):
        node, _, domain = str(found.get(key, "")).partition(".")
        if domain == "dc1.example.com":
            found["hostname"] = "127.0.0.1"
            found["port"] = environment.port(node, 443 if platform else 8443)
            if key == "name":
                found["name"] = node
            else:
                found["ca_path"] = environment.ca_file
    return found


def localised(task: Task, environment: Emulator) -> Task:
    platform = "ucops.imp.trust_certificates" in " ".join(task)
    return {key: here(value, platform, environment) for key, value in task.items()}


def variables(environment: Emulator) -> dict[str, Any]:
    application, platform = environment.account()[1], environment.account("os")[1]
    return {
        "vault_axl_password": application,
        "vault_application_password": application,
        "vault_platform_password": platform,
        "vault_exchange_password": environment.ready["exchange_account"]["password"],
    }


EARLIER_RESULTS = {
    "gateways": {"restart_required": ["Cisco Presence Engine"]},
    "trust": {"restart_required": ["Cisco Presence Engine", "Cisco SIP Proxy"]},
}
"""What an example takes from the tasks before it; variables of the play, so that other examples may register them."""


def write_files(folder: Path, environment: Emulator) -> None:
    """Put the files there that the examples name."""
    files = folder / "files"
    files.mkdir()
    exchange = environment.ready["exchange"]["mail1.example.com"]
    (files / "exchange-chain.pem").write_bytes(Path(exchange["chain_file"]).read_bytes())
    (files / "company-root.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    (files / "third-party-root.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    cells = dict.fromkeys(HEADER, "#") | {"USER ID": "user0007", "INCLUDE MEETING INFORMATION IN PRESENCE": "t"}
    cells |= {"HOME CLUSTER": "t", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE": "t"}
    (files / "calendar-users.csv").write_text(f"{','.join(HEADER)}\n{','.join(cells.values())}\n")


def test_every_example_runs(environment: Emulator, tmp_path: Path) -> None:
    tasks = [localised(task, environment) for module in MODULES for task in examples(module)]
    book = tmp_path / "examples.yml"
    roles = [{"role": "ucops.imp.trust"}, {"role": "ucops.imp.presence_gateways"}]
    groups = (("cucm", "cucm"), ("imp", "publisher"), ("platform", "platform"))
    defaults: dict[str, Any] = {f"group/ucops.imp.{group}": f"{{{{ ucops_imp_{name} }}}}" for group, name in groups}
    # The cluster does not know its node by the loopback address that stands for the node's own here.
    defaults["ucops.imp.services"] = {"nodes": ["{{ ucops_imp_service_node }}"]}
    book.write_text(
        json.dumps(
            [
                {
                    "hosts": "imp_publisher",
                    "gather_facts": False,
                    "module_defaults": defaults,
                    "vars": EARLIER_RESULTS,
                    "roles": roles,
                    "tasks": tasks,
                }
            ]
        )
    )
    write_files(tmp_path, environment)

    played = play(environment.ready_file, tmp_path, str(book), variables=variables(environment))

    assert played.status == 0, played.output
    called = {call.split()[1].removeprefix("ucops.imp.") for call in played.module_calls}
    assert called == {module.stem for module in MODULES}
