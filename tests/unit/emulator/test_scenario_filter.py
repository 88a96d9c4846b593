# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario of a cluster says, what it is read back as, and that an anonymous one has no name of the site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.ucops.imp.plugins.filter.scenario import scenario
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import held_pem
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import job_of, problems_of
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import ENTERPRISE_NODE
from ansible_collections.ucops.imp.plugins.modules import twin_info

from imp_emulator.scenario.file import read
from tests.support.certificates import Identity, issue

ROOT = issue("Acme Root", ca=True, organization="Acme")
MIDDLE = issue("Acme Issuing", ca=True, by=ROOT)
LEAF = issue("mail1.acme.test", by=MIDDLE, hosts=["mail1.acme.test", "*.acme.test", "10.9.8.1"])
OTHER = issue("EXCH02", hosts=["mail2.acme.test", "EXCH02", "10.9.8.2", "fd00::2"])
OWN = issue("imp-a.acme.test")


def trusted(identity: Identity, *nodes: str, own: bool = False) -> dict[str, Any]:
    (certificate,) = held_pem(identity.pem)
    return {**certificate.as_dict(), "content": identity.pem, "nodes": list(nodes), "own": own}


def node(name: str, role: str, usage: str = "publisher", **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("fqdn", "ipv4", "ipv6", "ipv6_name"))
    return {"name": name, "role": role, "usage": usage, "description": "", **empty, **more}


def user(userid: str, **more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("first_name", "last_name", "mail", "department", "locale"), "")
    options = {"home_cluster": True, "im_and_presence": False, "meeting_information": False}
    return {"userid": userid, **texts, **options, **more}


def shown(name: str, chain: Sequence[Identity], *addresses: str, port: int = 443) -> dict[str, Any]:
    return {"name": name, "port": port, "addresses": list(addresses), "chain": [one.pem for one in chain]}


def online(**more: Any) -> dict[str, Any]:
    ids = dict.fromkeys(("client_id", "tenant_id"), "7f4b0f64-6e0e-4c0f-8a55-0c0b8a1dacee")
    return {"name": "outlook.office365.com", "type": "office_365", "description": "", **ids, **more}


def gateway(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "exchange_ews", "description": "", "port": 443, **more}


def twin(**changes: Any) -> dict[str, Any]:
    """Return what was read of a cluster whose every name tells of Acme."""
    return {
        "version": "14.0.1.13900(155)",
        "admin_api": True,
        "accounts": {"application": "acme-admin", "os": "ACME-Admin"},
        "nodes": [
            node("10.9.9.1", "cucm", ipv4="10.9.9.1"),
            node("imp-a", "imp", fqdn="imp-a.acme.test", ipv4="10.9.9.2", description="Acme, first floor"),
            node("imp-b.acme.test", "imp", "subscriber", ipv4="10.9.9.3", ipv6="fd00::3"),
        ],
        "presence_redundancy_groups": [
            {
                "name": "AcmeGroup",
                "description": "of Acme",
                "ha_enabled": True,
                "nodes": [{"name": "imp-a"}, {"name": "imp-b.acme.test"}],
            }
        ],
        "users": [
            user("zoe.acme", first_name="Zoe", last_name="Acme", mail="Zoe@acme.test", department="Acme sales"),
            user("acme\u3000o'hara", last_name="Acme", mail="zoe@ACME.test", im_and_presence=True),
            user("a\u2028cme\x85", department="\ufeffAcme", home_cluster=False, meeting_information=True),
        ],
        "parameters": [
            {"service": "Cisco Presence Engine", "name": "CalendarSpread", "value": "7", "node": ENTERPRISE_NODE},
            {"service": "Enterprise Wide", "name": "ClusterID", "value": "Acme", "node": ENTERPRISE_NODE},
            {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T", "node": ENTERPRISE_NODE},
            {"service": "Cisco SIP Proxy", "name": "TlsKeyPassword", "value": "acme-s3cret", "node": ENTERPRISE_NODE},
            {"service": "Cisco SIP Proxy", "name": "Limit", "value": "5", "node": "imp-a"},
        ],
        "services": [
            {"node": "imp-a", "service": "Cisco SIP Proxy", "activated": True, "running": False},
            {"node": "10.9.9.1", "service": "Cisco Tftp", "activated": False, "running": None},
        ],
        "trust": [
            {
                "store": "cup-trust",
                "nodes": ["imp-a"],
                "certificates": [trusted(ROOT, "imp-a", "imp-b.acme.test"), trusted(OWN, "imp-a", own=True)],
            }
        ],
        "gateways": [
            gateway("mail1.acme.test", description="Acme"),
            gateway("10.9.8.2", port=444),
            gateway("dead.acme.test"),
            gateway(
                "outlook.office365.com",
                type="office_365",
                client_id="7f4b0f64-6e0e-4c0f-8a55-0c0b8a1dacee",
                tenant_id="7f4b0f64-6e0e-4c0f-8a55-0c0b8a1dacef",
                proxy_url="http://acme:acme-s3cret@proxy.acme.test:3128/",
                proxy_username="acme-proxy",
                resource="https://graph.microsoft.com",
            ),
        ],
        "account": "ACME\\svc-acme",
        "servers": [
            shown("mail1.acme.test", [LEAF, MIDDLE]),
            shown("10.9.8.2", [OTHER], port=444),
            shown("dead.acme.test", []),
        ],
        "unread": [{"part": "services", "message": "imp-b.acme.test does not answer"}],
        **changes,
    }


def written(**changes: Any) -> dict[str, Any]:
    """Return what the text of a twin is read back as; the emulator has to take it."""
    text = scenario(twin(**changes), "acme")
    read(text)
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def test_a_scenario_says_what_was_read() -> None:
    content = written()
    (cluster,) = content["clusters"]
    assert (cluster["name"], cluster["version"], cluster["domain"]) == ("acme", "14.0.1.13900-155", "acme.test")
    assert [(one["name"], one["fqdn"], one["ipv4"]) for one in cluster["nodes"]] == [
        ("10.9.9.1", "node-10-9-9-1.acme.test", "10.9.9.1"),
        ("imp-a", "imp-a.acme.test", "10.9.9.2"),
        ("imp-b.acme.test", "imp-b.acme.test", "10.9.9.3"),
    ]
    assert cluster["calendaring_parameters"] == {"CalendarSpread": "7"}
    assert {one["name"]: one.get("node") for one in cluster["service_parameters"]} == {
        "ClusterID": None,
        "EnableIPV6": None,
        "Limit": "imp-a",
    }
    assert [(one["certificate"], one.get("nodes"), one.get("own")) for one in cluster["trust_stores"]["cup-trust"]] == [
        (ROOT.pem, None, None),
        (OWN.pem, ["imp-a"], True),
    ]
    assert [one["userid"] for one in cluster["users"]["listed"]] == sorted(one["userid"] for one in twin()["users"])
    odd = cluster["users"]["listed"][1]
    assert odd == {
        "userid": "a\u2028cme\x85",
        "department": "\ufeffAcme",
        "meeting_information": True,
        "home_cluster": False,
    }
    assert content["exchange"]["account"] == cluster["presence_gateways_account"] == {"username": "ACME\\svc-acme"}
    assert [one.get("further_ports") for one in content["exchange"]["servers"]] == [None, [444]]
    assert cluster["presence_gateways"][3]["proxy_url"] == "http://proxy.acme.test:3128"


def test_a_group_without_nodes_is_left_to_the_cluster() -> None:
    """Unified CM has such groups, which mean nothing; the emulator has none."""
    empty = {"name": "Empty", "description": "", "ha_enabled": False, "nodes": []}
    (cluster,) = written(presence_redundancy_groups=[empty])["clusters"]
    assert cluster["presence_redundancy_groups"] == []


def test_no_secret_gets_into_a_scenario() -> None:
    """Whatever the product keeps in a parameter or before the host of a proxy."""
    assert "s3cret" not in scenario(twin(), "acme")


@pytest.mark.parametrize("password", ["acme-s3cret", "a/s3cret", "a@s3cret", "a?s3cret#s3cret"])
def test_no_password_of_a_proxy_gets_into_a_scenario(password: str) -> None:
    """Whatever stands in it, as nobody has checked what a cluster holds."""
    content = written(gateways=[online(proxy_url=f"http://acme:{password}@proxy.acme.test:8080")])
    assert content["clusters"][0]["presence_gateways"][0]["proxy_url"] == "http://proxy.acme.test:8080"


def test_an_account_that_no_gateway_uses_is_none_of_the_gateways() -> None:
    """There are sites with Office 365 alone, whose inventory or cluster still has the account of before."""
    for gateways in ([online()], [], None):
        (cluster,) = written(gateways=gateways, servers=[])["clusters"]
        assert "presence_gateways_account" not in cluster


@pytest.mark.parametrize("url", ["http://proxy:8080", "http://proxy.acme.test:0", "https://[acme", "proxy.acme.test"])
def test_a_url_that_the_emulator_does_not_take_is_left_out_and_told(url: str) -> None:
    content = written(gateways=[online(proxy_url=url)])
    assert "proxy_url" not in content["clusters"][0]["presence_gateways"][0]
    assert "because they have no full host name, or another form: 1." in content["note"]
    assert "left out" not in written()["note"]
    assert "proxy_url" not in anonymous(gateways=[online(proxy_url=url)])


def test_services_are_those_of_the_nodes() -> None:
    """Unified CM may list other servers, which a scenario does not have."""
    other = {"node": "voicemail", "service": "Cisco Tftp", "activated": True, "running": None}
    assert (
        written(services=[*twin()["services"], other])["clusters"][0]["services"]
        == written()["clusters"][0]["services"]
    )
    assert "voicemail" not in anonymous(services=[other])


def test_the_note_says_what_a_twin_cannot_be() -> None:
    said = written()["note"]
    assert said.startswith("A twin of the cluster acme with release 14.0.1.13900-155")
    for sentence in (
        "Not read, and as the product makes it: services.",
        "Of 2 IM and Presence nodes the trust stores of 1 were read.",
        "Gateways whose server was not reached: 1. Nobody reaches them in the twin.",
        "Addresses out of 198.18.0.0/15 are made up.",
    ):
        assert sentence in said
    assert "made up" not in written(servers=[shown("mail1.acme.test", [LEAF], "10.9.8.1")])["note"]


def servers(*found: dict[str, Any]) -> list[tuple[str, set[str], list[str]]]:
    """Return the servers behind what gateways have shown: name, addresses, further names."""
    listed = written(servers=list(found), gateways=[gateway(one["name"]) for one in found])["exchange"]["servers"]
    return [
        (one["name"], {one[kind] for kind in ("ipv4", "ipv6") if kind in one}, one.get("aliases", [])) for one in listed
    ]


def test_an_address_belongs_to_the_server_that_shows_the_same_certificate_at_a_name() -> None:
    found = servers(shown("fd00::2", [OTHER]), shown("10.9.8.2", [OTHER]), shown("Mail2.acme.test", [OTHER]))
    assert found == [("mail2.acme.test", {"10.9.8.2", "fd00::2"}, [])]


def test_two_names_are_two_servers_unless_they_have_an_address_in_common() -> None:
    one, other = shown("a.acme.test", [LEAF]), shown("b.acme.test", [LEAF])
    assert [name for name, _addresses, _aliases in servers(one, other)] == ["a.acme.test", "b.acme.test"]
    one["addresses"] = other["addresses"] = ["10.1.1.1"]
    assert servers(one, other) == [("a.acme.test", {"10.1.1.1"}, ["b.acme.test"])]


def test_a_server_that_is_known_by_its_address_alone_is_called_as_its_certificate_says() -> None:
    bare = issue("no name of a host")
    found = servers(shown("10.9.8.2", [OTHER]), shown("10.9.8.3", [bare]), shown("10.9.8.4", [OTHER]))
    assert [name for name, _addresses, _aliases in found] == [
        "mail2.acme.test",
        "exchange-2.acme.test",
        "exchange-3.acme.test",
    ]


def test_no_two_hosts_have_one_address() -> None:
    """Two nodes behind one address, and an address that is made up already."""
    nodes = [
        node("cucm", "cucm", ipv4="198.18.0.11"),
        node("imp-a", "imp", ipv4="198.18.0.11"),
        node("imp-b", "imp", "subscriber"),
    ]
    (cluster,) = written(nodes=nodes, presence_redundancy_groups=None, trust=[], services=[], parameters=[])["clusters"]
    assert len({one["ipv4"] for one in cluster["nodes"]}) == 3
    assert cluster["domain"] == "acme.example.com", "no node has a full name"


def test_a_declared_gateway_with_which_no_twin_could_start_is_refused_before_anything_is_read() -> None:
    """A proxy's password is of no meaning here, and nobody has to give it."""
    connection = {"hostname": "cucm.acme.test", "username": "acme", "password": "acme-s3cret"}
    with_proxy = {**online(proxy_url="http://proxy.acme.test", proxy_username="acme"), "port": 443}
    wrong = {**with_proxy, "client_id": "acme", "proxy_url": "http://proxy"}
    imp = {**connection, "hostname": "imp-a.acme.test"}
    given: dict[str, Any] = {**connection, "imp": imp, "gateways": [with_proxy, wrong]}
    said = problems_of(job_of(twin_info.main), given)
    assert [one.partition(": ")[0] for one in said] == ["gateways[1].client_id", "gateways[1].proxy_url"]


# --- other names


def anonymous(**changes: Any) -> str:
    return scenario(twin(**changes), "acme", anonymize=True)


def test_an_anonymous_scenario_has_no_name_of_the_site() -> None:
    text = anonymous()
    read(text)
    assert re.findall(r"(?i)acme|zoe|o'hara|exch02|\b10\.9\.|fd00|s3cret|7f4b0f64|floor|\w+\.test\b", text) == []
    assert "BEGIN CERTIFICATE" not in text


def test_the_same_name_is_the_same_other_name() -> None:
    content = yaml.safe_load(anonymous())
    (cluster,) = content["clusters"]
    users = {one["userid"]: one for one in cluster["users"]["listed"]}
    assert sorted(users) == ["user0001", "user0002", "user0003"]
    assert users["user0001"]["last_name"] == users["user0003"]["last_name"]
    assert users["user0001"]["mail"] == users["user0003"]["mail"]
    assert "last_name" not in users["user0002"]
    imp = [one for one in cluster["nodes"] if one["role"] == "imp"]
    assert [one["name"] for one in imp] == ["imp-001", "imp-002.domain1.example.com"]
    assert cluster["presence_redundancy_groups"][0]["nodes"] == [one["name"] for one in imp]
    assert cluster["nodes"][0]["name"] == cluster["nodes"][0]["ipv4"], "a node that is called by its address"
    server, other = content["exchange"]["servers"]
    assert server["name"] == cluster["presence_gateways"][0]["name"] == "exchange-001.domain1.example.com"
    assert other["ipv4"] == cluster["presence_gateways"][1]["name"]
    assert cluster["domain"] == "domain1.example.com"
    assert content["exchange"]["account"] == cluster["presence_gateways_account"]
    assert cluster["presence_gateways_account"]["username"] == "DOMAIN1\\account2"
    assert [one["username"] for one in cluster["accounts"].values()] == ["account3", "account3"], "in any letter case"
    assert [one["name"] for one in cluster["service_parameters"]] == ["EnableIPV6", "Limit"]


def test_certificates_under_other_names_are_as_far_right_as_before() -> None:
    """The chain leads to the very root that is in the store; the wildcard covers the same hosts."""
    content = yaml.safe_load(anonymous())
    chain = [one["generated"] for one in content["exchange"]["servers"][0]["stands_in_for"]]
    store = [one["generated"] for one in content["clusters"][0]["trust_stores"]["cup-trust"]]
    assert [one["common_name"] for one in chain] == [
        "exchange-001.domain1.example.com",
        "Authority 001",
        "Authority 002",
    ]
    assert chain[-1] in store
    assert chain[0]["alternative_names"][1] == "*.domain1.example.com"
    assert chain[0]["not_after"] == LEAF.certificate.not_valid_after_utc.isoformat()
    assert "imp-001.domain1.example.com" in [one["common_name"] for one in store]


def test_a_certificate_that_nobody_can_read_costs_no_other() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (certificate,) = held_pem(broken)
    entry = {**certificate.as_dict(), "content": certificate.pem, "nodes": ["imp-a"], "own": False}
    store = {"store": "cup-trust", "nodes": ["imp-a"], "certificates": [entry, trusted(ROOT, "imp-a")]}
    (cluster,) = yaml.safe_load(anonymous(trust=[store]))["clusters"]
    assert len(cluster["trust_stores"]["cup-trust"]) == 2
    assert certificate.pem in scenario(twin(trust=[store]), "acme").replace("        ", "")


# --- what is no twin


@pytest.mark.parametrize("given", [None, {}, [], "text", {**twin(), "users": None}, {**twin(), "nodes": [{}]}])
def test_what_is_no_twin_is_refused_in_words(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="twin_info returns"):
        scenario(given, "acme")


def test_a_text_that_ansible_has_masked_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape("users[0].last_name")):
        scenario(twin(users=[user("anna", last_name="********")]), "acme")
