# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: what the shipped and generated ones hold, and how a wrong one is refused."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from imp_emulator import cli
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import APPLICATION_ROLES, AccountSpec, ScenarioError
from imp_emulator.scenario.reader import Section
from imp_emulator.scenario.writer import generate
from tests.support.certificates import issue
from tests.support.project_files import ROOT

SMALL = yaml.safe_load("""
format: 1
clusters:
  - name: dc1
    version: 15.0.1.10000-1
    domain: dc1.example.com
    nodes:
      - {name: cucm, role: cucm, usage: publisher, ipv4: 192.0.2.1}
      - {name: imp, role: imp, usage: publisher, ipv4: 192.0.2.2, ipv6: '2001:DB8:0::2', fqdn: imp.other.example.com}
    users:
      generated: {count: 3, mail_domain: example.com, departments: [a, b]}
      listed:
        - {userid: anna, last_name: Ito, im_and_presence: true, meeting_information: true}
    accounts:
      application: {username: axl2, password_env: AXL_PASSWORD}
exchange:
  servers:
    - name: Mail.Example.com
      ipv4: 192.0.2.9
      common_name: '*.example.com'
      alternative_names: []
      aliases: [owa.example.com]
""")


def changed(path: str, value: Any) -> str:
    """Return the small scenario with one value replaced; a path is keys and indexes with dots between."""
    content = copy.deepcopy(SMALL)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target = content
    for part in parents:
        target = target[part]
    target[last] = value
    return str(yaml.safe_dump(content))


def test_the_default_scenario_is_as_the_documentation_says() -> None:
    scenario = scenario_file.load("default")
    (cluster,) = scenario.clusters
    assert (cluster.name, cluster.release) == ("dc1", 14.0)
    assert [(n.name, n.role, n.usage) for n in cluster.nodes] == [
        ("cucm-pub", "cucm", "publisher"),
        ("imp-pub", "imp", "publisher"),
        ("imp-sub", "imp", "subscriber"),
    ]
    assert len(cluster.users) == 1000
    assert [u.userid for u in cluster.users[:2]] == ["user0001", "user0002"]
    assert cluster.users[999].mail == "user1000@example.com"
    assert [u.department for u in cluster.users[:6]] == [
        "sales",
        "support",
        "engineering",
        "finance",
        "operations",
        "sales",
    ]
    assert not any(u.im_and_presence or u.meeting_information for u in cluster.users)
    assert [s.name for s in scenario.exchange] == ["mail1.example.com", "mail2.example.com"]
    assert scenario.exchange[0].alternative_names == ("mail1.example.com", "192.0.2.21", "2001:db8::21")


def test_every_value_of_a_scenario_is_read() -> None:
    scenario = scenario_file.read(yaml.safe_dump(SMALL))
    cluster = scenario.cluster("dc1")
    assert [n.fqdn for n in cluster.nodes] == ["cucm.dc1.example.com", "imp.other.example.com"]
    assert cluster.nodes[1].ipv6 == "2001:db8::2"
    assert [u.userid for u in cluster.users] == ["user0001", "user0002", "user0003", "anna"]
    assert (cluster.users[2].department, cluster.users[3].meeting_information) == ("a", True)
    application = next(a for a in cluster.accounts if a.label == "application")
    assert application == AccountSpec("application", "application", "axl2", APPLICATION_ROLES, "AXL_PASSWORD")
    (server,) = scenario.exchange
    assert (server.name, server.common_name, server.alternative_names) == ("mail.example.com", "*.example.com", ())
    assert server.aliases == ("owa.example.com",)


def test_presence_of_a_cluster_has_defaults_and_can_be_said() -> None:
    (cluster,) = scenario_file.read(changed("clusters.0.users.listed.0.locale", "Japanese Japan")).clusters
    assert (cluster.signed_in, cluster.out_of_office_poll_minutes) == (True, 60)
    assert [user.locale for user in cluster.users[-2:]] == ["", "Japanese Japan"]
    (cluster,) = scenario_file.read(changed("clusters.0.users.signed_in", False)).clusters
    assert (cluster.signed_in, len(cluster.users)) == (False, 4)
    (cluster,) = scenario_file.read(changed("clusters.0.out_of_office_poll_minutes", 1440)).clusters
    assert cluster.out_of_office_poll_minutes == 1440


def test_the_pages_name_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of a tenant of Exchange Online stand on its own page, to which the other one leads."""
    known: dict[str, set[str]] = {"emulator/README.md": set(), "docs/exchange-online.md": set()}
    ended = Section.end

    def end(section: Section) -> None:
        page = "docs/exchange-online.md" if section.place.startswith("exchange.online") else "emulator/README.md"
        known[page].update(section._known)
        ended(section)

    monkeypatch.setattr(Section, "end", end)
    for name in ("default", "certificates", "online"):
        scenario_file.load(name)
    replies = {"state": "Disabled"}
    meeting = {"start": "+0 09:00", "end": "+0 10:00"}
    listed = [{"address": "anna@example.com", "meetings": [meeting], "automatic_replies": replies}]
    scenario_file.read(changed("exchange.mailboxes", {"listed": listed}))
    for page, keys in known.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [key for key in sorted(keys) if not re.search(rf"`[^`]*\b{re.escape(key)}\b[^`]*`", text)] == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "exchange.servers.0.certificate_until_days",
            -1,
            "exchange.servers[0].certificate_until_days: must be later than certificate_from_days, which is -1, not -1",
        ),
        (
            "exchange.servers.0.certificate_from_days",
            4000,
            "exchange.servers[0].certificate_until_days: must be later than certificate_from_days, which is 4000",
        ),
        (
            "exchange.servers.0.certificate_from_days",
            -36500,
            "exchange.servers[0].certificate_from_days: must be between -10000 and 36500, not -36500",
        ),
        (
            "exchange.servers.0.certificate_until_days",
            "soon",
            "exchange.servers[0].certificate_until_days: must be a whole number, not text",
        ),
        ("format", 2, "format: must be between 1 and 1, not 2"),
        ("format", True, "format: must be a whole number, not true or false"),
        ("colour", "red", "colour: is not known here; known are format, clusters, exchange, certification_authorities"),
        ("clusters", "dc1", "clusters: must be a list, not text"),
        ("clusters.0", None, "clusters[0]: must be a mapping, not nothing"),
        ("clusters.0.name", "d c", "clusters[0].name: must be a name of 1 to 128 letters, digits"),
        ("clusters.0.version", "14", "clusters[0].version: must be a version like 14.0.1.13900-155, not '14'"),
        ("clusters.0.version", "9.1.2.3-4", "clusters[0].version: must be of release 11.5, 12.5, 14.0, 15.0"),
        ("clusters.0.domain", "example", "clusters[0].domain: must be a domain name with a dot, not 'example'"),
        ("clusters.0.domain", "x" * 64 + ".com", "clusters[0].domain: must be a domain name with a dot"),
        ("clusters.0.nodes.0.role", "cups", "clusters[0].nodes[0].role: must be one of cucm, imp, not 'cups'"),
        ("clusters.0.nodes.0.ipv4", "1.2.3", "clusters[0].nodes[0].ipv4: must be an IPv4 address, not '1.2.3'"),
        ("clusters.0.nodes.1.ipv6", "::x", "clusters[0].nodes[1].ipv6: must be an IPv6 address, not '::x'"),
        ("clusters.0.nodes.0.usage", "subscriber", "must hold exactly one Unified CM publisher, not 0"),
        ("clusters.0.nodes.1.usage", "subscriber", "must hold exactly one IM and Presence publisher, not 0"),
        ("clusters.0.nodes.1.name", "CUCM", "clusters[0].nodes: holds 'CUCM' twice"),
        (
            "clusters.0.nodes.1.ipv4",
            "192.0.2.1",
            "addresses of nodes, Exchange servers and certification authorities: holds",
        ),
        (
            "clusters.0.nodes.0.name",
            "a b",
            "nodes[0].name: must be a host name, a host name with its domain, or an address, not 'a b'",
        ),
        ("clusters.0.nodes.0.name", "a..b", "nodes[0].name: must be a host name"),
        ("clusters.0.nodes.0.name", "fe80::1%eth0", "nodes[0].name: must be a host name"),
        ("clusters.0.nodes.0.name", "192.0.2.2", "nodes[0].name: must be an address of the node itself"),
        ("clusters.0.nodes.1.name", "imp.example.com", "nodes[1].fqdn: must be the name 'imp.example.com', which has"),
        (
            "clusters.0.domain",
            ".".join(["x" * 63] * 3 + ["y" * 59]),
            "nodes[0].fqdn: must be a host name with a dot, of at most 253",
        ),
        ("clusters.0.nodes.1.ipv6", "fe80::1%eth0", "nodes[1].ipv6: must be an IPv6 address"),
        ("exchange.servers.0.ipv4", "2001:db8::9", "servers[0].ipv4: must be an IPv4 address"),
        ("exchange.servers.0", {"name": "mail.example.com"}, "exchange.servers[0]: must have an ipv4, an ipv6 or both"),
        ("clusters.0.admin_api", "no", "clusters[0].admin_api: must be true or false, not text"),
        (
            "clusters.0.out_of_office_poll_minutes",
            0,
            "clusters[0].out_of_office_poll_minutes: must be between 1 and 1440, not 0",
        ),
        ("clusters.0.users.signed_in", "no", "clusters[0].users.signed_in: must be true or false, not text"),
        ("clusters.0.users.listed.0.locale", " ", "listed[0].locale: must be text of 1 to 128 characters"),
        ("clusters.0.presence_gateways", ["mail"], "clusters[0].presence_gateways[0]: must be a host name with a dot"),
        (
            "clusters.0.presence_gateways",
            ["OWA.example.com", "other.example.com"],
            "clusters[0].presence_gateways[1]: must be a name, alias or address of an Exchange server, not",
        ),
        (
            "clusters.0.nodes.0.description",
            "a\x00b",
            "clusters[0].nodes[0].description: must be text that XML can carry, not 'a\\x00b'",
        ),
        ("clusters.0.users.generated.count", "3", "users.generated.count: must be a whole number, not text"),
        ("clusters.0.users.generated.count", -1, "users.generated.count: must be between 0 and 1000000, not -1"),
        ("clusters.0.users.generated.departments", [1], "departments[0]: must be text, not a whole number"),
        ("clusters.0.users.listed.0.userid", "USER0001", "clusters[0].users: holds 'USER0001' twice"),
        ("clusters.0.users.listed.0.userid", "", "must be a user ID of 1 to 128 characters that XML can carry"),
        ("clusters.0.users.listed.0.userid", "a\x01b", "must be a user ID of 1 to 128 characters that XML can carry"),
        ("clusters.0.users.listed.0.userid", "x" * 129, "must be a user ID of 1 to 128 characters"),
        ("clusters.0.users.listed.0.meeting_information", "t", "must be true or false, not text"),
        ("clusters.0.accounts.application.username", "noaxl", "clusters[0].accounts: holds 'noaxl' twice"),
        ("clusters.0.accounts.application.password", "x", "password: is not known here; known are username"),
        ("clusters.0.accounts.application.password_env", "A-B", "must be the name of an environment variable"),
        ("exchange.servers.0.name", "mail", "exchange.servers[0].name: must be a host name with a dot"),
        ("exchange.servers.0.name", "1.2.3.4", "exchange.servers[0].name: must be a host name with a dot"),
        ("exchange.servers.0.aliases", ["cucm.dc1.example.com"], "certification authorities: holds"),
        ("exchange.servers.0.alternative_names", ["*.*.x.com"], "must be a host name, a wildcard or an address"),
        ("exchange.throttling", {"max_burst": "none"}, "max_burst: must be a whole number or unlimited, not 'none'"),
        ("axl", {"drained_per_second": "x"}, "axl.drained_per_second: must be a whole number, not text"),
    ],
)
def test_a_broken_rule_is_named_with_its_place(path: str, value: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_file.read(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clusters: [", "line 1: is not YAML"),
        ("- 1", "scenario: must be a mapping, not a list"),
        ("", "scenario: must be a mapping, not nothing"),
        ("format: 1\nformat: 1", "line 1: key 'format' is given twice"),
        ("format: 1\nclusters:\n - {name: a, name: b}", "line 3: key 'name' is given twice"),
        ("x: &x {name: a}\ny: {<<: *x}", "line 2: the key << is not known here; write the keys of the other"),
        ("[" * 10_000, "holds lists or mappings too deep in each other"),
        ("!!python/object/apply:os.system [true]", "is not YAML"),
        (f"format: {'9' * 5000}", "scenario: is not YAML"),
        (
            (
                "format: 1\nexchange: {servers: [{name: mail.example.com, ipv4: 192.0.2.2}], mailboxes: {listed: ["
                "{address: a@example.com, display_name: A, meetings: [{start: 2026-02-30, end: 2026-03-01}]}]}}"
            ),
            "meetings[0].start: must be a time without a zone like 2026-11-30T09:00, or +1 09:00 for the day after",
        ),
        ("format: 1", "clusters: must hold at least one cluster, where there is no Exchange server"),
        (
            "format: 1\nexchange: {impersonation: 1, servers: [{name: mail.example.com, ipv4: 192.0.2.21}]}",
            "exchange.impersonation: must be true or false, not a whole number",
        ),
    ],
)
def test_what_is_no_scenario_at_all_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_file.read(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("word", ["unlimited", "Unlimited"])
def test_a_limit_may_be_none_in_the_word_of_exchange(word: str) -> None:
    assert scenario_file.read(changed("exchange.throttling", {"max_burst": word})).throttling.max_burst is None


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        scenario_file.load(str(tmp_path / "none.yml"))
    binary = tmp_path / "binary.yml"
    for content, said in (
        (b"\xff\xfe\x00", "is not UTF-16 text in line 1; save it as UTF-8"),
        ("format: 1\n# Größe".encode("latin-1"), "is not UTF-8 text in line 2; save it as UTF-8"),
    ):
        binary.write_bytes(content)
        with pytest.raises(ScenarioError, match=said):
            scenario_file.load(str(binary))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_as_programs_write_it(tmp_path: Path, encoding: str, end: str) -> None:
    file = tmp_path / "scenario.yml"
    text = generate(users=0).replace("users:", "users:  # 山田").replace("\n", end)
    file.write_bytes(text.encode(encoding))
    assert scenario_file.load(str(file)).clusters == scenario_file.read(generate(users=0)).clusters


def test_a_generated_scenario_can_be_read_and_has_the_wanted_size(tmp_path: Path) -> None:
    file = tmp_path / "large.yml"
    file.write_text(generate(users=20, clusters=3), encoding="utf-8")
    scenario = scenario_file.load(str(file))
    assert [c.name for c in scenario.clusters] == ["dc1", "dc2", "dc3"]
    assert [len(c.users) for c in scenario.clusters] == [20, 20, 20]
    mails = {user.mail for cluster in scenario.clusters for user in cluster.users}
    assert len(mails) == 60
    assert len(scenario.exchange) == 2


@pytest.mark.parametrize(
    ("place", "name", "read", "fqdn"),
    [
        (0, "cucm-1", "cucm-1", "cucm-1.dc1.example.com"),
        (0, "CUCM.Example.com", "CUCM.Example.com", "cucm.example.com"),
        (0, "192.0.2.1", "192.0.2.1", "node-192-0-2-1.dc1.example.com"),
        (1, "192.0.2.2", "192.0.2.2", "imp.other.example.com"),
        (1, "2001:DB8::2", "2001:db8::2", "imp.other.example.com"),
        (1, "IMP.other.example.com", "IMP.other.example.com", "imp.other.example.com"),
    ],
)
def test_a_node_has_the_name_that_its_table_holds(place: int, name: str, read: str, fqdn: str) -> None:
    node = scenario_file.read(changed(f"clusters.0.nodes.{place}.name", name)).cluster("dc1").nodes[place]
    assert (node.name, node.fqdn) == (read, fqdn)


def test_a_node_named_by_its_ipv6_address_has_a_host_name_of_its_own() -> None:
    node = {"name": "2001:db8::", "role": "imp", "usage": "publisher", "ipv4": "192.0.2.2", "ipv6": "2001:db8::"}
    read = scenario_file.read(changed("clusters.0.nodes.1", node)).cluster("dc1").nodes[1]
    assert read.fqdn == "node-20010db8000000000000000000000000.dc1.example.com"


def test_an_exchange_server_can_have_ipv6_only() -> None:
    (server,) = scenario_file.read(
        changed("exchange.servers.0", {"name": "mail.example.com", "ipv6": "2001:DB8::9"})
    ).exchange
    assert (server.ipv4, server.ipv6) == (None, "2001:db8::9")


def test_exchange_can_be_alone() -> None:
    text = "format: 1\nexchange: {impersonation: true, servers: [{name: mail.example.com, ipv4: 192.0.2.21}]}"
    scenario = scenario_file.read(text)
    assert (scenario.clusters, scenario.impersonation) == ((), True)


def test_a_scenario_can_leave_out_the_admin_api_as_real_clusters_do() -> None:
    assert [c.admin_api for c in scenario_file.read(generate(users=0, clusters=2)).clusters] == [True, True]
    bare = generate(users=0, clusters=2, admin_api=False)
    assert [c.admin_api for c in scenario_file.read(bare).clusters] == [False, False]
    assert [c.presence_gateways for c in scenario_file.read(bare).clusters] == [(), ()]
    (done,) = scenario_file.read(generate(users=0, admin_api=False, gateways=True)).clusters
    assert [gateway.name for gateway in done.presence_gateways] == ["mail1.example.com", "mail2.example.com"]


def test_the_dates_of_a_servers_certificate_are_counted_from_the_first_start() -> None:
    days = [(one.certificate_from_days, one.certificate_until_days) for one in scenario_file.read(generate(0)).exchange]
    assert days == [(-1, 3650)] * 2
    generated = scenario_file.read(generate(0, certificate_days=(-400, -30))).exchange
    assert [(one.certificate_from_days, one.certificate_until_days) for one in generated] == [(-400, -30)] * 2
    (read,) = scenario_file.read(changed("exchange.servers.0.certificate_from_days", 10)).exchange
    assert (read.certificate_from_days, read.certificate_until_days) == (10, 3650)


@pytest.mark.parametrize(
    "text",
    [
        "no certificate",
        issue("Root", ca=True).pem * 2,
        issue("Leaf", by=issue("Root", ca=True)).pem,
        issue("Root", ca=True).pem.replace("CERTIFICATE", "PRIVATE KEY"),
        issue("Root", ca=True).pem.replace("CERTIFICATE", "PRIVATE KEY").replace("\n", " "),
        issue("Root", ca=True).pem.replace("M", "N", 1),
    ],
    ids=["text", "two", "not-a-root", "a-key", "a-key-in-one-line", "broken"],
)
def test_what_cannot_be_a_root_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="certificate: must be one self-signed certificate in PEM, not ") as refused:
        scenario_file.read(changed("exchange.servers.0.roots", [{"certificate": text}]))
    assert "-----BEGIN" not in str(refused.value), "it may be a private key"


def test_a_root_is_kept_in_one_form() -> None:
    root = issue("Root", ca=True).pem
    (server,) = scenario_file.read(changed("exchange.servers.0.roots", [{"certificate": f"a root\n{root}\n"}])).exchange
    assert server.roots[0].certificate == root


def test_no_scenario_is_printed_that_could_not_be_read() -> None:
    printed = CliRunner().invoke(cli.app, ["scenario", "--users", "0", "--certificate-days", "-400", "-30"])
    assert scenario_file.read(printed.output).exchange[1].certificate_until_days == -30
    refused = CliRunner().invoke(cli.app, ["scenario", "--users", "0", "--certificate-days", "10", "5"])
    assert isinstance(refused.exception, ScenarioError)
    assert "must be later than certificate_from_days, which is 10, not 5" in str(refused.exception)
    assert refused.output == ""


def test_the_largest_generated_scenario_is_valid() -> None:
    assert len(scenario_file.read(generate(users=0, clusters=255)).clusters) == 255


def test_a_scenario_is_told_apart_by_its_text() -> None:
    one, other = scenario_file.read(generate(1)), scenario_file.read(generate(2))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == scenario_file.read(generate(1)).fingerprint
