# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of certification authorities (requirements C2, C3, C4, C7): what is issued, to whom, and what is not."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from imp_emulator.domain.ca import authority as ca
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.store.ca.requests import CertificateRequest
from imp_emulator.world.environment import Environment
from tests.support import states
from tests.support.signing_requests import PrivateKey, pem, rsa_key, signing_request, spki

STANDALONE, ENTERPRISE, OLD = "ca.example.com", "eca.example.com", "old.example.com"
HOST = "mail1.example.com"
SCENARIO = scenario_file.read(
    """
format: 1
clusters:
  - name: dc1
    version: 14.0.1.13900-155
    domain: dc1.example.com
    nodes: [{name: cucm-pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}]
certification_authorities:
  - {host: ca.example.com, common_name: Example Root CA, kind: standalone, ipv4: 192.0.2.31}
  - host: eca.example.com
    common_name: Example Domain CA
    kind: enterprise
    ipv4: 192.0.2.32
    intermediates: 2
    templates: [WebServer, Administrator, Own]
    manager_approval: [own]
    hash: sha384
    validity_days: 300
  - {host: old.example.com, common_name: Old, kind: standalone, ipv4: 192.0.2.33, minimum_key_size: 1024}
"""
)


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("ca"), SCENARIO)


@pytest.fixture(name="environment")
def environment_fixture(seeded: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, SCENARIO) as environment:
        yield environment


def submit(
    environment: Environment, host: str, request: x509.CertificateSigningRequest, template: str = ""
) -> CertificateRequest:
    attributes = {ca.TEMPLATE: template} if template else {}
    return ca.submit(environment.context, host, pem(request), attributes, r"EXAMPLE\requester")


def certificate(row: CertificateRequest) -> x509.Certificate:
    return x509.load_pem_x509_certificate(row.certificate.encode())


@pytest.mark.parametrize("template", ["Own", "OWN"])
def test_a_template_of_an_enterprise_ca_can_demand_a_manager_s_approval(
    environment: Environment, template: str
) -> None:
    at_once = submit(environment, ENTERPRISE, signing_request(HOST), "WebServer")
    assert at_once.state == "issued"
    waiting = submit(environment, ENTERPRISE, signing_request(HOST), template)
    assert (waiting.state, waiting.message, waiting.certificate) == ("pending", "Taken Under Submission", "")
    issued = ca.issue(environment.context, ENTERPRISE, waiting.id)
    usage = certificate(issued).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (issued.state, list(usage)) == ("issued", [ExtendedKeyUsageOID.SERVER_AUTH])
    refused = submit(environment, ENTERPRISE, signing_request(HOST), template)
    assert ca.deny(environment.context, ENTERPRISE, refused.id, r"EXAMPLE\caadmin").state == "denied"


def test_a_request_that_breaks_a_rule_does_not_wait_for_approval(environment: Environment) -> None:
    assert submit(environment, ENTERPRISE, signing_request("Example Domain CA"), "Own").state == "denied"


def test_a_standalone_ca_takes_no_notice_of_templates(environment: Environment) -> None:
    for template in ("", "WebServer", "Nonsense"):
        row = submit(environment, STANDALONE, signing_request(HOST), template)
        assert (row.state, row.message) == ("pending", "Taken Under Submission")
    assert [row.id for row in (submit(environment, host, signing_request(HOST)) for host in (STANDALONE, OLD))] == [
        4,
        1,
    ]


def test_what_is_issued_is_good_for_a_server(environment: Environment) -> None:
    now = datetime.fromtimestamp(environment.clock.timestamp(), UTC)
    for host, template in (
        (STANDALONE, ""),
        (ENTERPRISE, "webserver"),
        (ENTERPRISE, "Administrator"),
        (ENTERPRISE, "Own"),
    ):
        row = submit(environment, host, signing_request(HOST, [HOST, "192.0.2.21"]), template)
        if row.state == "pending":
            row = ca.issue(environment.context, host, row.id)
        leaf, (*intermediates, root) = certificate(row), ca.chain(environment.context, host, 0)
        verifier = PolicyBuilder().store(Store([root])).time(now).build_server_verifier(x509.DNSName(HOST))
        assert verifier.verify(leaf, intermediates)[-1] == root
        assert spki(leaf.public_key()) == spki(rsa_key().public_key())


def test_purposes_come_from_the_template_or_the_request(environment: Environment) -> None:
    def purposes(row: CertificateRequest) -> set[x509.ObjectIdentifier]:
        return set(certificate(row).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)

    server = {ExtendedKeyUsageOID.SERVER_AUTH}
    assert purposes(submit(environment, ENTERPRISE, signing_request(HOST), "WebServer")) == server
    assert purposes(submit(environment, ENTERPRISE, signing_request(HOST), "Administrator")) > server
    builder = x509.CertificateSigningRequestBuilder().subject_name(signing_request(HOST).subject)
    wanted = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    request = wanted.sign(rsa_key(), hashes.SHA256())
    row = submit(environment, STANDALONE, request)
    assert purposes(ca.issue(environment.context, STANDALONE, row.id)) == {ExtendedKeyUsageOID.CLIENT_AUTH}
    assert purposes(submit(environment, ENTERPRISE, request, "WebServer")) == server


def test_nothing_outlives_the_ca(environment: Environment) -> None:
    own = ca.chain(environment.context, ENTERPRISE, 0)
    leaf = certificate(submit(environment, ENTERPRISE, signing_request(HOST), "WebServer"))
    ends = [one.not_valid_after_utc for one in (leaf, *own)]
    assert ends == sorted(ends)
    assert leaf.not_valid_after_utc == own[0].not_valid_after_utc
    row = submit(environment, STANDALONE, signing_request(HOST))
    leaf = certificate(ca.issue(environment.context, STANDALONE, row.id))
    lifetime = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert lifetime == timedelta(days=365, minutes=10)
    algorithms = [one.signature_hash_algorithm.name for one in (leaf, own[0]) if one.signature_hash_algorithm]
    assert algorithms == ["sha256", "sha384"]


@pytest.mark.parametrize("days", [0, 200, 400, -400, -4000])
@pytest.mark.parametrize("host", [STANDALONE, OLD])
def test_what_is_issued_holds_the_virtual_and_the_real_present(environment: Environment, host: str, days: int) -> None:
    environment.clock.advance(timedelta(days=days).total_seconds())
    row = submit(environment, host, signing_request(HOST))
    leaf = certificate(ca.issue(environment.context, host, row.id))
    ca.renew(environment.context, host)
    own = ca.chain(environment.context, host, 1)[0]
    crl = ca.crl(environment.context, host, 1)
    for now in (environment.clock.now(), datetime.now(UTC)):
        assert leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc
        assert own.not_valid_before_utc <= now <= own.not_valid_after_utc
        assert crl.next_update_utc is not None
        assert crl.last_update_utc <= now <= crl.next_update_utc
    if days >= 0:
        # Virtual time decides when it ends; only what would have ended for real clients counts from their present.
        assert timedelta(days=365) - timedelta(seconds=1) <= leaf.not_valid_after_utc - environment.clock.now()
        assert leaf.not_valid_after_utc - environment.clock.now() <= timedelta(days=365)


def test_a_ca_whose_own_certificate_has_expired_issues_nothing_until_it_is_renewed(environment: Environment) -> None:
    waiting = submit(environment, STANDALONE, signing_request(HOST))
    environment.clock.advance(timedelta(days=3651).total_seconds())
    late = submit(environment, STANDALONE, signing_request(HOST))
    assert (late.state, "0x800b0101" in late.message) == ("denied", True)
    with pytest.raises(Forbidden, match="0x800b0101"):
        ca.issue(environment.context, STANDALONE, waiting.id)
    ca.renew(environment.context, STANDALONE)
    assert ca.issue(environment.context, STANDALONE, waiting.id).state == "issued"
    # The root of this one has expired with the authorities below it, so none of those can be renewed.
    assert "0x800b0101" in submit(environment, ENTERPRISE, signing_request(HOST), "WebServer").message
    with pytest.raises(Forbidden, match="0x800b0101"):
        ca.renew(environment.context, ENTERPRISE)


@pytest.mark.parametrize(
    ("host", "names", "key", "said"),
    [
        ("Example Root CA", [], None, "is the name of the certification authority."),
        ("EXAMPLE ROOT CA", [], None, "is the name of the certification authority."),
        (HOST, ["mail2.example.com"], None, "does not hold the common name."),
        (HOST, ["192.0.2.21"], None, "does not hold the common name."),
        (HOST, [], rsa_key(1024), "0x80094811"),
        (None, [], None, "0x80094001"),
    ],
)
def test_what_breaks_the_rules_is_denied(
    environment: Environment, host: str | None, names: list[str], key: PrivateKey | None, said: str
) -> None:
    row = submit(environment, STANDALONE, signing_request(host, names, key=key))
    assert row.state == "denied"
    assert said in row.message


@pytest.mark.parametrize(
    ("common_name", "names"),
    [
        (HOST, [HOST]),
        (HOST, ["other.example.com", "MAIL1.example.com"]),
        ("2001:DB8::0:21", ["2001:db8::21"]),
        ("*.example.com", ["*.example.com"]),
        (HOST, []),
    ],
)
def test_a_san_that_holds_the_cn_is_right(environment: Environment, common_name: str, names: list[str]) -> None:
    assert submit(environment, STANDALONE, signing_request(common_name, names)).state == "pending"


def test_short_keys_where_the_ca_allows_them_and_other_kinds(environment: Environment) -> None:
    assert submit(environment, OLD, signing_request(HOST, key=rsa_key(1024))).state == "pending"
    row = submit(environment, OLD, signing_request(HOST, key=ec.generate_private_key(ec.SECP256R1())))
    assert ca.issue(environment.context, OLD, row.id).state == "issued"


def test_the_names_of_intermediates_are_taken_too(environment: Environment) -> None:
    names = [one.subject.rfc4514_string() for one in ca.chain(environment.context, ENTERPRISE, 0)]
    assert names == ["CN=Example Domain CA 02", "CN=Example Domain CA 01", "CN=Example Domain CA"]
    for name in names:
        row = submit(environment, ENTERPRISE, signing_request(name.removeprefix("CN=")), "WebServer")
        assert "is the name of the certification authority." in row.message


def test_a_request_that_its_key_did_not_sign(environment: Environment) -> None:
    content = bytearray(signing_request(HOST).public_bytes(Encoding.DER))
    content[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(content))
    assert "0x80096004" in submit(environment, STANDALONE, broken).message


@pytest.mark.parametrize("text", ["", "rubbish", "MII=", "-----BEGIN CERTIFICATE REQUEST-----", "ä", "AAAA" * 400])
def test_what_is_no_request_at_all(environment: Environment, text: str) -> None:
    with pytest.raises(InvalidValue, match="0x8009310b"):
        ca.submit(environment.context, STANDALONE, text, {}, "x")


def test_a_request_may_come_without_its_first_and_last_line(environment: Environment) -> None:
    lines = pem(signing_request(HOST)).splitlines()
    for text in ("\r\n".join(lines[1:-1]), pem(signing_request(HOST)).replace("CERTIFICATE", "NEW CERTIFICATE")):
        assert ca.submit(environment.context, STANDALONE, text, {}, "x").state == "pending"


def test_decisions(environment: Environment) -> None:
    first, second = (submit(environment, STANDALONE, signing_request(HOST)).id for _ in range(2))
    assert ca.deny(environment.context, STANDALONE, first, "me").message == "Denied by me"
    with pytest.raises(Forbidden, match="only a pending one"):
        ca.deny(environment.context, STANDALONE, first, "me")
    assert ca.issue(environment.context, STANDALONE, first).state == "issued"
    with pytest.raises(Forbidden, match="only a pending one"):
        ca.issue(environment.context, STANDALONE, first)
    with pytest.raises(Forbidden, match="only an issued one"):
        ca.revoke(environment.context, STANDALONE, second, "me")
    with pytest.raises(InvalidValue, match="reason"):
        ca.revoke(environment.context, STANDALONE, first, "me", "removeFromCRL")
    assert ca.revoke(environment.context, STANDALONE, first, "me", "keyCompromise").state == "revoked"
    with pytest.raises(Forbidden):
        ca.issue(environment.context, STANDALONE, first)
    with pytest.raises(NotFound):
        ca.issue(environment.context, STANDALONE, 99)
    for decide in (ca.deny, ca.revoke):
        with pytest.raises(NotFound):
            decide(environment.context, STANDALONE, 99, "me")


def test_the_crl_has_what_was_revoked_under_its_certificate(environment: Environment) -> None:
    old = submit(environment, ENTERPRISE, signing_request(HOST), "WebServer")
    assert ca.renew(environment.context, ENTERPRISE) == 1
    new = submit(environment, ENTERPRISE, signing_request(HOST), "WebServer")
    for row in (old, new):
        ca.revoke(environment.context, ENTERPRISE, row.id, "me")
    for renewal, row in enumerate((old, new)):
        crl = ca.crl(environment.context, ENTERPRISE, renewal)
        issuer = ca.chain(environment.context, ENTERPRISE, renewal)[0]
        key = issuer.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert crl.is_signature_valid(key)
        assert [entry.serial_number for entry in crl] == [certificate(row).serial_number]
        place = certificate(row).extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name
        name = "Example%20Domain%20CA" + ("%281%29" if renewal else "")
        assert [one.value for one in place or []] == [f"https://{ENTERPRISE}/CertEnroll/{name}.crl"]
    with pytest.raises(NotFound):
        ca.crl(environment.context, ENTERPRISE, 2)


@pytest.mark.parametrize("new_key", [True, False])
@pytest.mark.parametrize("host", [STANDALONE, ENTERPRISE])
def test_renewal_keeps_the_old_chain_good(environment: Environment, host: str, new_key: bool) -> None:
    before = ca.chain(environment.context, host, 0)
    assert (ca.renewals(environment.context, host), ca.renew(environment.context, host, new_key)) == (0, 1)
    assert ca.chain(environment.context, host, 0) == before
    after = ca.chain(environment.context, host, 1)
    assert after[0].subject == before[0].subject
    assert after[1:] == before[1:]
    assert (spki(after[0].public_key()) == spki(before[0].public_key())) is not new_key
    with pytest.raises(NotFound):
        ca.chain(environment.context, host, 2)


def test_of_renewals_at_one_moment_each_begins_later(environment: Environment) -> None:
    for _ in range(2):
        ca.renew(environment.context, STANDALONE)
    starts = [ca.chain(environment.context, STANDALONE, number)[0].not_valid_before_utc for number in range(3)]
    assert starts == sorted(set(starts))


def test_there_is_no_such_ca(environment: Environment) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        ca.renew(environment.context, "nowhere.example.com")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "root"}, "kind: must be one of standalone, enterprise"),
        ({"host": "ca"}, "host: must be a host name with a dot"),
        ({"host": "cucm-pub.dc1.example.com"}, "holds 'cucm-pub.dc1.example.com' twice"),
        ({"ipv4": "192.0.2.11"}, "holds '192.0.2.11' twice"),
        ({"templates": ["WebServer"]}, "templates: belong to a CA of kind enterprise"),
        ({"kind": "enterprise"}, "templates: belong to a CA of kind enterprise"),
        ({"templates": ["Web Server"]}, "must be a template's name without spaces"),
        ({"ipv4": None}, "must have an ipv4, an ipv6 or both"),
        ({"ipv6": "192.0.2.1"}, "ipv6: must be an IPv6 address"),
        (
            {"kind": "enterprise", "templates": ["Own"], "manager_approval": ["WebServer"]},
            "manager_approval[0]: must be one of templates, not 'WebServer'",
        ),
        ({"manager_approval": ["WebServer"]}, "manager_approval[0]: must be one of templates"),
        ({"key_size": 1024}, "key_size: must be between 2048"),
        ({"hash": "md5"}, "hash: must be one of sha256"),
        ({"common_name": "a,b"}, "common_name: must be a name of"),
        ({"intermediates": 6}, "intermediates: must be between 0 and 5"),
        ({"accounts": {"requester": {"username": r"EXAMPLE\caadmin"}}}, "twice"),
        ({"accounts": {"auditor": {}}}, "auditor: is not known here"),
    ],
)
def test_a_scenario_that_breaks_a_rule(change: dict[str, object], said: str) -> None:
    valid = {"host": "ca.example.com", "common_name": "Root", "kind": "standalone", "ipv4": "192.0.2.31"}
    node = {"name": "cucm-pub", "role": "cucm", "usage": "publisher", "ipv4": "192.0.2.11"}
    cluster = {"name": "dc1", "version": "14.0.1.13900-155", "domain": "dc1.example.com", "nodes": [node]}
    content = {"format": 1, "clusters": [cluster], "certification_authorities": [{**valid, **change}]}
    with pytest.raises(ScenarioError) as caught:
        scenario_file.read(yaml.safe_dump(content))
    assert said in str(caught.value)


def test_the_shipped_scenario_for_certificates_starts_without_any() -> None:
    scenario = scenario_file.load("certificates")
    assert [server.certificate for server in scenario.exchange] == ["self_signed"] * 2
    usual = scenario_file.load("default")
    assert scenario.certification_authorities == usual.certification_authorities
    assert [server.certificate for server in usual.exchange] == ["issued"] * 2


@pytest.mark.parametrize("version", [1, 7])
def test_a_request_of_a_version_that_nobody_knows_cannot_be_read(environment: Environment, version: int) -> None:
    content = signing_request(HOST).public_bytes(Encoding.DER)
    assert b"\x02\x01\x00\x30" in content
    text = b64encode(content.replace(b"\x02\x01\x00\x30", bytes([2, 1, version, 0x30]), 1)).decode()
    with pytest.raises(InvalidValue, match="Error Parsing Request"):
        ca.submit(environment.context, STANDALONE, text, {}, "somebody")


@pytest.mark.parametrize(
    ("length", "message"), [(64, "Taken"), (65, "The request subject name is invalid or too long")]
)
def test_how_long_a_common_name_may_be(environment: Environment, length: int, message: str) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x" * length, _validate=False)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(rsa_key(), hashes.SHA256())
    assert submit(environment, STANDALONE, request).message.startswith(message)
