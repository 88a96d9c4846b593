# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of a playbook bring a meeting into presence, but not while the trust store is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.certificates import issue
from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE
from tests.support.modules import ModuleResult
from tests.support.presence_chain import HOUR, MAIL1, MINUTE, NODES, ONE, TWO, Chain, address

OTHER = issue("Another Root CA", ca=True)
RETRIES = 3


def presence(chain: Chain) -> ModuleResult:
    """Read until the users are in a meeting, as a task with ``until``, ``retries`` and ``delay`` does."""
    result = read(chain)
    for _ in range(RETRIES):
        if all(user["in_a_meeting"] for user in result["users"]):
            break
        chain.control.advance(MINUTE / 2)
        result = read(chain)
    return result


def read(chain: Chain) -> ModuleResult:
    return chain.module("presence_info", users=[ONE, TWO], explain=True)


def restart(chain: Chain) -> ModuleResult:
    """Restart what says that it has to be."""
    only: dict[str, Any] = {"services": [ENGINE], "state": "restarted", "only_if_required": True}
    return chain.module("services", nodes=chain.nodes(8443), **only)


def trust(chain: Chain, content: str, **more: Any) -> None:
    place: dict[str, Any] = {"nodes": chain.nodes(443), "certificates": [{"content": content}]}
    assert chain.module("trust_certificates", "platform", **place, **more).changed


def reasons(result: ModuleResult) -> list[tuple[str, str]]:
    """Return the condition that is not met for each user, and what to do."""
    return [(user["reason"]["name"], user["reason"]["remedy"]) for user in result["users"]]


def test_the_tasks_of_a_playbook_and_a_trust_store_that_is_wrong_at_first(environment: Emulator) -> None:
    chain = Chain(environment)
    account = environment.ready["exchange_account"]
    environment.control.clock(frozen=True)
    environment.control.impersonation(allowed=True)
    for userid in (ONE, TWO):
        chain.meeting(userid, -HOUR, HOUR)
    trust(chain, OTHER.pem)
    login = {"account": account["username"], "account_password": account["password"]}
    assert chain.module("presence_gateways", gateways=[{"name": MAIL1}], **login).changed
    # One after the other, or it would be chance who gets which node.
    users = [{"userid": userid} for userid in (ONE, TWO)]
    assert chain.module("calendar_users", "cucm", users=users, concurrency=1).changed
    assert restart(chain).changed

    result = presence(chain)
    assert [(user["in_a_meeting"], user["presence"]) for user in result["users"]] == [(False, "available")] * 2
    for (name, remedy), node in zip(reasons(result), NODES, strict=True):
        upload = f"Upload the certificate of the CA to cup-trust of {node} (module trust_certificates)"
        assert (name, remedy) == ("trust", f"{upload} and restart Cisco Presence Engine there.")
    (status,) = chain.module("presence_gateways_info")["status"]
    assert (status["reachable"], status["verified"]) == (True, False)
    assert status["verification"].endswith("Certificate Missing From Chain")
    assert status["advice"].startswith("The trust store does not lead from the server's certificate to a root")
    told = chain.control.notifications()
    assert [(found["node"], found["severity"]) for found in told] == [(node, "Error") for node in NODES]
    assert all(MAIL1 in found["text"] and "Certificate Missing From Chain" in found["text"] for found in told)

    trust(chain, Path(environment.ready["exchange"][MAIL1]["chain_file"]).read_text(encoding="ascii"))
    (status,) = chain.module("presence_gateways_info")["status"]
    assert (status["verified"], status["advice"]) == (True, None)
    chain.control.advance(HOUR / 2)
    assert reasons(presence(chain)) == [
        ("trust", f"Restart Cisco Presence Engine on {node} (module services).") for node in NODES
    ]
    assert restart(chain).changed

    result = presence(chain)
    assert [(user["userid"], user["status"], user["gateway"]) for user in result["users"]] == [
        (userid, "Busy - In a meeting", MAIL1) for userid in (ONE, TWO)
    ]
    assert chain.control.notifications() == []
    assert not restart(chain).changed
    for userid in (ONE, TWO):
        (meeting,) = chain.control.meetings(address(userid), chain.at(-HOUR), chain.at(HOUR))
        chain.control.delete_meeting(address(userid), meeting["id"])
    assert presence(chain)["summary"]["in_a_meeting"] == 0
