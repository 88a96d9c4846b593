# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin: what a scenario says that a cluster is configured with is there from the start, odd as it may be."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.crypto import copies
from imp_emulator.domain.cucm import parameters, users
from imp_emulator.domain.exchange import trust as exchange_trust
from imp_emulator.domain.imp import (
    engine_settings,
    gateway_credentials,
    gateways,
    identities,
    office_365,
    services,
    trust,
)
from imp_emulator.domain.imp.services import Action, Reason, Status
from imp_emulator.domain.network import tls_handshake
from imp_emulator.domain.network.names import gateway_name
from imp_emulator.domain.network.tls_probe import Result, Verdict, probe
from imp_emulator.scenario import file as scenario_file
from imp_emulator.serving import ready_content
from imp_emulator.store import accounts, keys, stand_ins
from imp_emulator.store import nodes as node_store
from imp_emulator.store.database import Database
from imp_emulator.store.exchange import certificates
from imp_emulator.store.exchange.certificates import ExchangeCertificate
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace
from imp_emulator.x509.certificate import held_pem
from tests.support import states
from tests.support.certificates import issue
from tests.support.memory_tls import Memory
from tests.support.twin_scenario import (
    ALONE,
    CLIENT,
    CLUSTER,
    ISSUING,
    LATER,
    LATER_ROOT,
    LONG,
    MAIL1,
    MAIL2,
    NODE,
    PUB,
    ROOT,
    SUB,
    TENANT,
    TWIN,
    UNREADABLE,
)

SCENARIO = scenario_file.read(yaml.safe_dump(TWIN, allow_unicode=True))


class Undone(Exception):
    """Undoes a transaction, so that the other tests meet what was there before."""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    # Nobody follows users in it: its engines would look for Exchange servers that do not listen.
    database = Database(states.seed(tmp_path_factory.mktemp("twin"), SCENARIO))
    yield Environment(database, Clock(), ServicePace(), SCENARIO)
    database.close()


def test_nodes_without_an_address_get_free_ones(twin: Environment) -> None:
    nodes = node_store.nodes(twin.database, CLUSTER)
    assert [(node.name, node.fqdn, node.ipv4) for node in nodes] == [
        ("192.0.2.11", "node-192-0-2-11.example.com", "192.0.2.11"),
        (PUB, "imp-pub.example.com", "198.18.0.1"),
        (SUB, "imp-sub.example.com", "198.18.0.2"),
        ("cucm_sub", LONG, "198.18.0.3"),
    ]


def test_odd_users_are_there_with_their_options(twin: Environment) -> None:
    found = users.search(twin.context, CLUSTER, {})
    assert [
        (user.userid, user.last_name, user.home_cluster, user.im_and_presence, user.meeting_information)
        for user in found
    ] == [
        ("o'brien", "", 1, 1, 1),
        ("straßer", " ", 0, 0, 0),
        ("strasser", "", 1, 0, 1),
        ('a+b = <c> ; \\ , "d" #', "家", 1, 0, 0),
    ]


def test_gateways_are_there_as_they_were_written(twin: Environment) -> None:
    found = gateways.gateways(twin.context, CLUSTER)
    assert [(one.name, one.type == gateways.EWS_SERVER, one.description, one.port, one.account) for one in found] == [
        ("mail1.example.com", True, "", 443, "example\\SVC-imp"),
        ("192.0.2.22", True, "", 444, "example\\SVC-imp"),
        ("Mail3.example.com", True, "third", 443, "example\\SVC-imp"),
        ("mail4.example.com", True, "", 443, "example\\SVC-imp"),
        ("mail5.example.com", True, "", 443, "example\\SVC-imp"),
        ("gone.example.com", True, "", 8443, "example\\SVC-imp"),
        ("outlook.office365.com", False, "", 443, ""),
    ]
    online = found[-1].office_365
    assert online is not None
    assert (online.client_id, online.tenant_id) == (CLIENT.lower(), TENANT)
    assert (online.authentication_endpoint, online.resource) == (
        "https://login.microsoftonline.com",
        "https://outlook.office365.com",
    )
    secrets = office_365.secrets(twin.context, found[-1].id)
    assert len({secrets.client_secret, secrets.proxy_password, ""}) == 3


def test_the_gateways_have_the_password_of_the_account_that_exchange_knows(twin: Environment) -> None:
    known = accounts.account(twin.database, accounts.EXCHANGE, "exchange", "EXAMPLE\\svc-imp")
    assert known is not None
    assert gateway_credentials.compare(twin.context, CLUSTER, "example\\SVC-imp", known.password)


def test_parameters_have_their_values_whatever_the_product_would_take_today(twin: Environment) -> None:
    def value(service: str, name: str, node: str = "EnterpriseWideData") -> str:
        return parameters.find(twin.context, CLUSTER, node, service, name).value

    assert engine_settings.terms(twin.context, CLUSTER) == engine_settings.Terms(9999, 50020, 10)
    assert value("Enterprise Wide", "EnableIPV6") == "T"
    # Each node of Unified CM has a value of its own.
    assert value("Cisco CallManager", "CdrEnabled", "192.0.2.11") == "T"
    unknown = parameters.find(twin.context, CLUSTER, SUB, "Cisco Unknown", "Odd")
    assert (unknown.node, unknown.value) == (SUB, "<&> 家")
    assert parameters.specification(unknown).kind == "string"
    with twin.database.transaction():
        assert parameters.change(twin.context, CLUSTER, unknown, None) is False, "nobody knows its default"
        assert parameters.change(twin.context, CLUSTER, unknown, "other") is True
        parameters.change(twin.context, CLUSTER, parameters.by_pkid(twin.context, CLUSTER, unknown.pkid), "<&> 家")


def test_services_are_as_they_were(twin: Environment) -> None:
    def state(node: str, service: str) -> tuple[bool, Status]:
        found = services.status(twin.context, CLUSTER, node, service)
        return found.activated, found.status

    assert state(SUB, PRESENCE_ENGINE) == (True, Status.STOPPED)
    assert state(PUB, PRESENCE_ENGINE) == (True, Status.STARTED)
    assert state("192.0.2.11", "Cisco DirSync") == (False, Status.STOPPED)
    assert state("192.0.2.11", "Self Provisioning IVR") == (True, Status.STARTED), "what runs is activated"
    assert state("192.0.2.11", "Cisco Dialed Number Analyzer") == (True, Status.STARTED)
    new = "Cisco Brand New Service"
    assert state(SUB, new) == (True, Status.STARTED)
    assert [one.name for one in services.states(twin.context, CLUSTER, SUB)][-1] == new
    assert [one.name for one in services.catalogue(twin.context, CLUSTER, SUB)][-1] == new
    assert new not in [one.name for one in services.states(twin.context, CLUSTER, PUB)]
    (unknown,) = services.states(twin.context, CLUSTER, SUB, [new])
    assert services.verbs(twin.context, CLUSTER, SUB, [unknown]) == [["restart", "stop", "deactivate"]]
    with twin.database.transaction():
        assert services.control(twin.context, CLUSTER, SUB, Action.STOP, new) is Reason.DONE
        assert services.deploy(twin.context, CLUSTER, SUB, new, False) is Reason.DONE


def test_trust_stores_hold_the_real_certificates(twin: Environment) -> None:
    def held(node: str, service: str) -> set[tuple[str, str]]:
        return {(one.filename, one.fingerprint) for one in trust.trusted(twin.context, CLUSTER, node, service)}

    made = stand_ins.made(twin.database, SCENARIO.clusters[0].trusted[4].certificate)
    every = {
        ("Root 1.pem", ROOT.fingerprint),
        # The name that the one of the authority would have.
        ("Company_Issuing_CA.pem", NODE.fingerprint),
        ("Anonymous_CA.pem", held_pem(made)[0].fingerprint),
    }
    assert held(PUB, "cup") == {*every, ("Company_Issuing_CA-1.pem", ISSUING.fingerprint)}
    assert held(SUB, "cup") == {*every, ("mail4.example.com.pem", ALONE.fingerprint)}
    assert {name for node in (PUB, SUB, "192.0.2.11") for name, _ in held(node, "tomcat")} == {"Company_Root_CA.pem"}
    assert held(PUB, "cup-xmpp") == set()
    ((_, unreadable),) = held(SUB, "cup-xmpp")
    assert unreadable == hashlib.sha256(ssl.PEM_cert_to_DER_cert(UNREADABLE)).hexdigest()
    described = {one.filename: one.description for one in trust.trusted(twin.context, CLUSTER, SUB, "cup")}
    assert described["Root 1.pem"] == "of the company"


def test_a_node_says_that_it_has_the_certificate_of_the_real_one_and_shows_another(twin: Environment) -> None:
    assert trust.foreign_identities(twin.context, CLUSTER, PUB) == [("cup", NODE.pem)]
    assert trust.foreign_identities(twin.context, CLUSTER, "192.0.2.11") == []
    shown = identities.certificate(twin.context, CLUSTER, PUB, "cup")
    assert held_pem(shown)[0].fingerprint != NODE.fingerprint
    with suppress(Undone), twin.database.transaction():
        trust.delete(twin.context, CLUSTER, PUB, "cup", NODE.fingerprint)
        assert trust.foreign_identities(twin.context, CLUSTER, PUB) == [], "it is not in the store any more"
        raise Undone


class Server:
    """What an Exchange server of the twin shows."""

    def __init__(self, stored: ExchangeCertificate) -> None:
        self.pem = stored.served
        self._key = stored.private_key

    def write(self, directory: Path) -> tuple[Path, Path]:
        (directory / "key.pem").write_text(self._key)
        return directory / "certificate.pem", directory / "key.pem"


VERDICTS = [
    # The server sends its intermediate, so that the root is enough.
    ("mail1.example.com", PUB, Verdict.VERIFIED, None),
    ("mail1.example.com", SUB, Verdict.VERIFIED, None),
    ("192.0.2.21", PUB, Verdict.VERIFIED, None),
    ("owa.example.com", PUB, Verdict.SAN_MISMATCH, "mail1.example.com, 192.0.2.21"),
    # This one does not, and it has expired.
    ("mail2.example.com", PUB, Verdict.BAD, "certificate has expired"),
    ("mail2.example.com", SUB, Verdict.MISSING, "issued by CN=Company Issuing CA"),
    ("mail3.example.com", PUB, Verdict.MISSING, "issued by CN=Unknown CA"),
    ("mail4.example.com", SUB, Verdict.VERIFIED, None),
    ("mail4.example.com", PUB, Verdict.BAD, "self"),
    ("mail5.example.com", PUB, Verdict.VERIFIED, None),
    ("mail5.example.com", SUB, Verdict.VERIFIED, None),
    # The certificate of the one before, and its key.
    ("mail6.example.com", SUB, Verdict.SAN_MISMATCH, "mail5.example.com"),
]


@pytest.mark.parametrize(("gateway", "node", "verdict", "detail"), VERDICTS)
def test_the_status_of_a_gateway_is_that_on_the_real_cluster(
    twin: Environment,
    gateway: str,
    node: str,
    verdict: Verdict,
    detail: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = gateway if gateway.startswith("mail") else "mail1.example.com"
    monkeypatch.setattr(tls_handshake, "connect", shown_by(twin, server, tmp_path).connect)
    told = judged(twin, gateway, node)
    assert told.verdict is verdict
    assert (detail or "") in (told.detail or "")


def shown_by(twin: Environment, server: str, folder: Path) -> Memory:
    stored = certificates.served_by_iis(twin.database, server)
    assert stored is not None
    memory = Memory(folder, Server(stored), ROOT.pem)
    memory.show(stored.served)
    return memory


def judged(twin: Environment, gateway: str, node: str) -> Result:
    return probe(("127.0.0.1", 0), gateway_name(gateway), trust.bundle(twin.context, CLUSTER, node, trust.CUP))


def test_a_real_certificate_that_a_node_is_given_later_counts_as_well(
    twin: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_handshake, "connect", shown_by(twin, "mail3.example.com", tmp_path).connect)
    verdicts = []
    # The one with the right name has issued nothing.
    for added in (issue("Unknown CA", ca=True, days=(-9, 9)), LATER, LATER_ROOT):
        with twin.database.transaction():
            trust.upload(twin.context, CLUSTER, PUB, [trust.CUP], [added.pem])
        verdicts.append(judged(twin, "mail3.example.com", PUB).verdict)
    assert verdicts == [Verdict.MISSING, Verdict.MISSING, Verdict.VERIFIED]
    assert judged(twin, "mail3.example.com", SUB).verdict is Verdict.MISSING
    with twin.database.transaction():
        for gone in (LATER, LATER_ROOT):
            trust.delete(twin.context, CLUSTER, PUB, trust.CUP, gone.fingerprint)
    assert judged(twin, "mail3.example.com", PUB).verdict is Verdict.MISSING


def test_what_stands_in_is_like_the_real_one_and_holds_it(twin: Environment) -> None:
    for server, chain in (("mail1.example.com", [MAIL1, ISSUING]), ("mail2.example.com", [MAIL2])):
        stored = certificates.served_by_iis(twin.database, server)
        assert stored is not None
        shown = held_pem(stored.served)
        assert len(shown) == len(chain), "it sends exactly what the real one sends"
        for made, real in zip(shown, chain, strict=True):
            like = held_pem(real.pem)[0]
            assert made.fingerprint != like.fingerprint
            assert (made.subject, made.issuer, made.dns_names, made.addresses, made.serial) == (
                like.subject,
                like.issuer,
                like.dns_names,
                like.addresses,
                like.serial,
            )
            assert (made.not_before, made.not_after) == (like.not_before, like.not_after)
            assert made.parts.extension(copies.STANDS_IN_FOR) == like.parts.der
            names = [one.oid for one in like.parts.extensions]
            assert [one.oid for one in made.parts.extensions] == [*names, copies.STANDS_IN_FOR]


def test_an_exchange_server_trusts_the_root_that_stands_above_it(twin: Environment) -> None:
    for server, root, kind in (
        ("mail1.example.com", "CN=Company Root CA,O=Büro & Söhne", "Enterprise"),
        ("mail3.example.com", "CN=Unknown CA", "Enterprise"),
        ("mail4.example.com", "CN=mail4.example.com", "Registry"),
        ("mail5.example.com", "CN=Anonymous CA,O=Example", "Enterprise"),
    ):
        (only,) = exchange_trust.parse_roots(exchange_trust.roots(twin.context, server))
        stored = certificates.served_by_iis(twin.database, server)
        assert stored is not None
        assert (only.subject, exchange_trust.judge(twin.context, stored).root_ca_type) == (root, kind)
        pair = keys.get(twin.database, keys.NO_CLUSTER, server)
        assert held_pem(pair.root)[0].fingerprint == only.fingerprint
        assert held_pem(pair.root)[0].self_signed


def test_the_ready_file_tells_what_no_interface_tells(twin: Environment) -> None:
    found = ready_content.of_gateways(twin.database, CLUSTER)
    assert found["gateways_account"]["username"] == "example\\SVC-imp"
    assert set(found["gateway_secrets"]) == {"outlook.office365.com"}
    assert set(found["gateway_secrets"]["outlook.office365.com"]) == {"client_secret", "proxy_password"}


def test_old_scenarios_have_what_they_had() -> None:
    (cluster,) = scenario_file.load("default").clusters
    assert (cluster.presence_gateways, cluster.parameters, cluster.trusted, cluster.services) == ((), (), (), ())
    assert (cluster.gateways_account, scenario_file.load("default").note) == (None, "")
