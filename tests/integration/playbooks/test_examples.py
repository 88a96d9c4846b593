# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of modules and roles run as they stand; addresses, accounts, files, pauses are those of the emulator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import HEADER
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.connections import nodes
from tests.support.emulator import Emulator
from tests.support.pages import blocks
from tests.support.playbooks import Played, play
from tests.support.plugin_files import MODULES, kind_of, module_text
from tests.support.project_files import ROOT, project_files
from tests.support.signing_requests import pem, rsa_key, signing_request

SCENARIOS = {"default": {"cucm", "imp", "platform", "pws"}, "certificates": {"ca", "exchange"}}
"""The kinds of endpoints whose modules' examples run in a scenario."""
OTHER_NAMES = {
    "PeExchangeNotifyPort": "ExchangeNotificationPort",
    "imp1.example.com": "imp-pub.dc1.example.com",
    "imp2.example.com": "imp-sub.dc1.example.com",
}
"""Some examples show a cluster that calls nodes or a parameter differently from the emulator's."""
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROLES = [path.parts[1] for path in project_files("roles/*/README.md")]
FINGERPRINT = "4F:A0:2D:0C:7E:8A:51:B3:99:60:12:EE:6C:05:D1:77:30:C8:1B:FA:22:84:9D:E5:13:5A:BC:F7:08:61:94:2E"
"""The examples' fingerprint; here it is that of Exchange's issuing authority."""

BY_HAND = 17
"""The number of the request that, as an example says, was submitted by hand."""
STANDALONE = "ca.example.com"
POLL_SECONDS = 0.2

Task = dict[str, Any]


def modules_of(scenario: str) -> list[str]:
    return [module for module in MODULES if kind_of(module) in SCENARIOS[scenario]]


def place(name: str, kind: str, environment: Emulator) -> tuple[str, int] | None:
    """Return where the emulator has the server that an example names, ``None`` for what is no endpoint of this kind."""
    known = [node for cluster in environment.ready["clusters"].values() for node in cluster["nodes"].values()]
    servers = {node["fqdn"]: (node, {"platform": 443, "pws": 8083}.get(kind, 8443)) for node in known}
    if kind == "exchange":
        servers |= {server: (found, 5986) for server, found in environment.ready["exchange"].items()}
    if kind == "ca":
        servers |= {host: (found, 443) for host, found in environment.ready["certification_authorities"].items()}
    if name not in servers:
        return None
    found, port = servers[name]
    return found["address"], found["ports"][str(port)]


def ca_password(host: str, username: str, environment: Emulator) -> str:
    """Return a password; unlike a domain's, an account of the emulator's authorities has one for each of them."""
    known = environment.ready["certification_authorities"][host]
    passwords = {known[label]["username"]: known[label]["password"] for label in ("account", "requester")}
    return str(passwords[username])


def issuing_fingerprint(environment: Emulator) -> str:
    chain = Path(environment.ready["exchange"]["mail1.example.com"]["chain_file"]).read_bytes()
    return x509.load_pem_x509_certificates(chain)[0].fingerprint(hashes.SHA256()).hex(":")


def here(value: Any, kind: str, environment: Emulator) -> Any:
    """Replace the names of an example by the emulator's addresses, all the way down."""
    if isinstance(value, list):
        return [here(item, kind, environment) for item in value]
    if not isinstance(value, dict):
        if value == FINGERPRINT:
            return issuing_fingerprint(environment)
        return OTHER_NAMES.get(value, value) if isinstance(value, str) else value
    # An option that is named after a kind of endpoint holds the connection to one.
    found = {key: here(item, key if key in ENDPOINT_KINDS else kind, environment) for key, item in value.items()}
    if kind == "ca" and "username" in found:
        found["password"] = ca_password(value["hostname"], value["username"], environment)
    if kind == "exchange" and "username" in found:
        found |= environment.ready["exchange_admin"]
    for key in ("hostname", "name"):
        listener = place(str(found.get(key, "")), kind, environment)
        if listener:
            found["hostname"], found["port"] = listener
            if key == "name":
                found["name"] = found["name"].partition(".")[0]
            else:
                found["ca_path"] = environment.ca_file
    return found | ({"poll_interval": 1} if "poll_interval" in found else {})


def localised(task: Task, environment: Emulator) -> Task:
    called = {key.removeprefix("ucops.imp.") for key in task} & set(MODULES)
    kind = kind_of(called.pop()) if called else ""
    return {key: here(value, kind, environment) for key, value in task.items()}


def variables(environment: Emulator) -> dict[str, Any]:
    application, platform = environment.account()[1], environment.account("os")[1]
    return {
        "vault_axl_password": application,
        "vault_application_password": application,
        "vault_platform_password": platform,
        "vault_exchange_password": environment.ready["exchange_account"]["password"],
        "vault_office_365_secret": "secret of an application",
    }


EARLIER_RESULTS = {
    "gateways": {"restart_required": ["Cisco Presence Engine"]},
    "trust": {"restart_required": ["Cisco Presence Engine", "Cisco SIP Proxy"]},
}
"""What an example takes from the tasks before it; variables of the play, so that other examples may register them."""

WITHOUT_ONLINE: Task = {
    "ucops.imp.presence_gateways": {"gateways": [{"name": "outlook.office365.com"}], "state": "absent"}
}
"""Takes the examples' gateway of Office 365 away: it is not in these scenarios, and others want all to be verified."""


def write_files(folder: Path, environment: Emulator) -> None:
    """Put the files there that the examples name."""
    files, certificates = folder / "files", folder / "certificates"
    files.mkdir()
    certificates.mkdir()
    exchange = environment.ready["exchange"]["mail1.example.com"]
    (files / "exchange-chain.pem").write_bytes(Path(exchange["chain_file"]).read_bytes())
    (files / "company-root.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    (files / "exchange-root-ca.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    (files / "third-party-root.pem").write_bytes(Path(exchange["root_file"]).read_bytes())
    cells = dict.fromkeys(HEADER, "#") | {"USER ID": "user0007", "INCLUDE MEETING INFORMATION IN PRESENCE": "t"}
    cells |= {"HOME CLUSTER": "t", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE": "t"}
    (files / "calendar-users.csv").write_text(f"{','.join(HEADER)}\n{','.join(cells.values())}\n")
    (files / "user-ids.txt").write_text("user0007\n")
    kept = {name: "~" if value == "#" else value for name, value in cells.items()}
    (files / "sales.csv").write_text(f"{','.join(HEADER)}\n{','.join(kept.values())}\n")
    (files / "new.csv").write_text("USER ID,LAST NAME\nnewcomer,One\n")
    for number in (1, 2, 3, 4):
        request = signing_request(f"mail{number}.example.com", key=rsa_key(number=number))
        (certificates / f"mail{number}.example.com.csr").write_text(pem(request))


def playbook(environment: Emulator, modules: list[str]) -> list[dict[str, Any]]:
    """Return a play with the examples of these modules, after the roles that make what they presuppose."""
    tasks = []
    for module in modules:
        tasks += [localised(task, environment) for task in module_text(module, "EXAMPLES")]
        tasks += [WITHOUT_ONLINE] if module == "presence_gateways" else []
    groups = (("cucm", "cucm"), ("imp", "publisher"), ("platform", "platform"))
    defaults: dict[str, Any] = {f"group/ucops.imp.{group}": f"{{{{ ucops_imp_{name} }}}}" for group, name in groups}
    defaults["group/ucops.imp.ca"] = "{{ ucops_ca }}"
    # The administrator of an authority has another account than those who submit to it.
    defaults["ucops.imp.adcs_request"] = environment.ready["certification_authorities"][STANDALONE]["account"]
    # The cluster does not know its node by the loopback address that stands for the node's own here.
    own = "{{ presence_engine_nodes | selectattr('name', 'equalto', 'imp-pub') | list }}"
    defaults["ucops.imp.services"] = {"nodes": own}
    # Users are sent on to the node that serves them, and loopback addresses are in no domain.
    defaults["ucops.imp.presence"] = {"nodes": nodes(environment, 8083)}
    play = {"hosts": "imp_publisher", "gather_facts": False, "module_defaults": defaults, "vars": EARLIER_RESULTS}
    roles = [{"role": "ucops.imp.trust"}, {"role": "ucops.imp.presence_gateways"}]
    return [{**play, "roles": roles, "tasks": tasks}]


def submit_by_hand(folder: Path, environment: Emulator) -> None:
    """Submit the request of an example in a browser, so to say, after so many others that it gets its number."""
    server = environment.ready["certification_authorities"][STANDALONE]
    url = f"https://{server['address']}:{server['ports']['443']}/certsrv/certfnsh.asp"
    mine = (folder / "certificates" / "mail3.example.com.csr").read_text()
    requester = (server["requester"]["username"], server["requester"]["password"])
    with httpx.Client(verify=environment.tls, auth=requester, trust_env=False) as browser:
        for request in [*[pem(signing_request("other.example.com"))] * (BY_HAND - 1), mine]:
            browser.post(url, data={"Mode": "newreq", "CertRequest": request}).raise_for_status()
    assert "CN=mail3.example.com" in environment.control.ca_decide(STANDALONE, BY_HAND, "issue")["subject"]


def administer(environment: Emulator, playing: Future[Played]) -> None:
    """Issue what the example of a waiting task has submitted, as the administrator of the authority does meanwhile."""
    while not playing.done():
        for request in environment.control.ca_requests(STANDALONE, "pending"):
            if "CN=mail2.example.com" in request["subject"]:
                environment.control.ca_decide(STANDALONE, request["id"], "issue")
        wait([playing], timeout=POLL_SECONDS)


def readme_plays(environment: Emulator) -> list[dict[str, Any]]:
    """Return the plays of the roles' READMEs in the order in which ``calendar_integration`` takes the roles."""
    defaults = yaml.safe_load((ROOT / "roles/calendar_integration/defaults/main.yml").read_text(encoding="utf-8"))
    order = {role: number for number, role in enumerate(defaults["calendar_integration_parts"])}
    plays = []
    for role in sorted(ROLES, key=lambda role: order.get(role, len(order))):
        for block in YAML_BLOCK.findall((ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")):
            for example in yaml.safe_load(block):
                known = here(example.get("vars", {}), "platform" if role == "trust" else "imp", environment)
                after = [WITHOUT_ONLINE] if role == "presence_gateways" else []
                plays.append({**example, "vars": known, "post_tasks": after})
    return [
        *plays,
        *(play for block in blocks("docs/rollback.md") if block.is_play for play in yaml.safe_load(block.text)),
    ]


def test_the_examples_in_the_readmes_of_the_roles_run(environment: Emulator, tmp_path: Path) -> None:
    plays = readme_plays(environment)
    (tmp_path / "readmes.yml").write_text(json.dumps(plays))
    write_files(tmp_path, environment)

    played = play(environment.ready_file, tmp_path, str(tmp_path / "readmes.yml"), variables=variables(environment))

    assert played.status == 0, played.output
    assert "rescued=1" in played.output, "the play of docs/rollback.md takes nothing back"
    taken = {role["role"].removeprefix("ucops.imp.") for example in plays for role in example.get("roles", [])}
    assert taken == set(ROLES)


def test_every_kind_of_endpoint_has_a_scenario() -> None:
    assert sorted(kind for kinds in SCENARIOS.values() for kind in kinds) == sorted(ENDPOINT_KINDS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_example_runs(scenario: str, start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    environment = start_emulator("--scenario", scenario)
    modules = modules_of(scenario)
    (tmp_path / "examples.yml").write_text(json.dumps(playbook(environment, modules)))
    write_files(tmp_path, environment)
    submit_by_hand(tmp_path, environment)

    book, known = str(tmp_path / "examples.yml"), variables(environment)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(play, environment.ready_file, tmp_path, book, variables=known)
        administer(environment, playing)
    played = playing.result()

    assert played.status == 0, played.output
    called = {call.split()[1].removeprefix("ucops.imp.") for call in played.module_calls}
    assert set(modules) <= called
