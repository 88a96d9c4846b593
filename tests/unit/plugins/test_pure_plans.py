# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning is pure: what was read and what is wanted make the same plan again, and nobody notices."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins import modules
from ansible_collections.ucops.imp.plugins.module_utils import _resources
from ansible_collections.ucops.imp.plugins.module_utils._certificates.exchange import ServerCertificate
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import split_bundle
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import User
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import Disposition
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import NOT_ACTIVATED, Service
from ansible_collections.ucops.imp.plugins.module_utils._clients.presence_web_service import Shown
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import GroupNode, RedundancyGroup
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import recommended_spread
from ansible_collections.ucops.imp.plugins.module_utils._resources.adcs_certificate import KnownRequest
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendar_users import Selection
from ansible_collections.ucops.imp.plugins.module_utils._resources.calendaring_parameters import KnownParameters
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import PeerCheck
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_certificate import ServerCertificates
from ansible_collections.ucops.imp.plugins.module_utils._resources.exchange_impersonation import RoleAssignments
from ansible_collections.ucops.imp.plugins.module_utils._resources.high_availability import GroupsState
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence import KnownPresence
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_gateways import KnownGateways
from ansible_collections.ucops.imp.plugins.module_utils._resources.rolling_restart import Trouble
from ansible_collections.ucops.imp.plugins.module_utils._resources.services import DueRestarts, ServicesState
from ansible_collections.ucops.imp.plugins.module_utils._resources.trust_certificates import TrustStore

from tests.support.bulk_jobs import BULK, BULK_AT_NINE, BULK_FAILED, BULK_LATER, bulk, bulk_job
from tests.support.certificates import Identity, issue
from tests.support.modules import run_main
from tests.support.pure import classes_of, nothing_but_computing, remembered, submodules
from tests.support.signing_requests import pem, signing_request

CONNECTION = {"hostname": "imp1.example.com", "username": "admin", "password": "canary-77aa"}
REPORT = {"report_undeclared": True}
MAIL, ENGINE = "mail1.example.com", "Cisco Presence Engine"
CA = issue("CA", ca=True)
LEAF = issue(MAIL, by=CA, hosts=[MAIL])
SHORT = issue(MAIL, by=CA, hosts=[MAIL], days=(-1, 5))
OLDER = issue(MAIL, by=CA, hosts=[MAIL], days=(-2, 5))
SECOND = issue("mail2.example.com", by=CA)
CA_BEFORE = issue("CA", ca=True, days=(-9, 365))


def found_resources() -> dict[str, type[Resource[Any]]]:
    """Return the resources that a module can run, by the module's name, found by looking into the folder."""
    found: dict[str, type[Resource[Any]]] = {}
    for module in submodules(_resources):
        for one in classes_of(module):
            if issubclass(one, Resource) and not inspect.isabstract(one):
                name = module.__name__.rpartition(".")[2]
                assert name not in found, f"two resources are called {name}"
                found[name] = one
    return found


@dataclass(frozen=True)
class Case:
    """What a module is asked, what was read, and what the plan has: changes, warnings and codes of refusals.

    ``undeclared`` is how much is reported that nobody has asked for.
    """

    module: str
    state: Any
    steps: int
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: int = 0
    refusals: tuple[str, ...] = ()
    check: bool = False
    undeclared: int = 0

    def __str__(self) -> str:
        return f"{self.module}-{self.steps}-{self.warnings}-{'-'.join(self.refusals)}{'-check' * self.check}"


def certificate(identity: Identity) -> Any:
    return split_bundle(identity.pem.encode())[0]


def on_server(identity: Identity, **told: Any) -> Any:
    return ServerCertificate.of(certificate(identity), **told)


def service(status: str, code: int = -1) -> Service:
    return Service(ENGINE, status, code, "", "", 60)


def on_nodes(**services: Service) -> dict[str, dict[str, Service]]:
    return {node: {ENGINE: one} for node, one in services.items()}


def offer(status: str, *, reachable: bool = True, above: Identity = CA) -> PeerCheck:
    rows = ((certificate(LEAF), "Missing"), (certificate(above), status))
    return PeerCheck("imp1", MAIL, 443, reachable, "row", "row", "Nothing listens.", rows)


GATEWAY = {"name": MAIL, "type": "Exchange -- EWS Server", "description": "", "port": 443, "position": 1}
OTHER = {**GATEWAY, "name": "old.example.com"}
ACCOUNT = {"account": "ews@example.com", "account_password": "canary-55bb"}
GATEWAYS = [
    Case(
        "presence_gateways", KnownGateways([GATEWAY], "ews@example.com", True, None), 0, {"gateways": [{"name": MAIL}]}
    ),
    Case(
        "presence_gateways",
        KnownGateways([OTHER], "ews@example.com", False, None),
        3,
        {"gateways": [{"name": MAIL, "port": 444}], "purge": True, **ACCOUNT},
        warnings=1,
    ),
    Case(
        "presence_gateways",
        KnownGateways([OTHER, {**OTHER, "name": "older.example.com"}], None, None, None),
        1,
        {"gateways": [{"name": MAIL}]},
        warnings=1,
        refusals=("invalid-input",),
    ),
    Case(
        "presence_gateways",
        KnownGateways([], None, None, "EnableIPV6 is not on"),
        2,
        {"gateways": [{"name": "2001:db8::1"}], **ACCOUNT},
        warnings=1,
        check=True,
    ),
    Case("presence_gateways", KnownGateways([], None, None, None), 1, ACCOUNT, warnings=1, check=True),
    Case(
        "presence_gateways",
        KnownGateways([GATEWAY, OTHER], "ews@example.com", True, None),
        0,
        {"gateways": [{"name": MAIL}], **REPORT},
        undeclared=1,
    ),
]
ONLINE = {
    "client_id": "7f4b0f64-6e0e-4c0f-8a55-0c0b8a1d2e01",
    "tenant_id": "3f1c5a52-6a0e-4a37-9a3f-2d1d7c1f0c11",
    "proxy_url": "",
    "proxy_username": "",
    "authentication_endpoint": "https://login.microsoftonline.com",
    "resource": "https://graph.microsoft.com",
}
OFFICE = {**GATEWAY, "name": "outlook.office365.com", "type": "Office 365 Server", "office_365": ONLINE}
WANTED_OFFICE = {
    "name": "outlook.office365.com",
    "type": "office_365",
    "client_id": ONLINE["client_id"],
    "tenant_id": ONLINE["tenant_id"],
}
WITH_SECRET = {**WANTED_OFFICE, "client_secret": "canary-66cc"}
BY_NAME = {"outlook.office365.com": {"client_secret": True}}


def office(*stored: dict[str, Any], version: str | None = "15.0.1.14900-1", matches: Any = None) -> KnownGateways:
    return KnownGateways(list(stored), None, None, None, matches or {}, version)


GATEWAYS += [
    Case("presence_gateways", office(), 1, {"gateways": [WITH_SECRET]}),
    Case("presence_gateways", office(OFFICE, matches=BY_NAME), 0, {"gateways": [WITH_SECRET]}),
    Case(
        "presence_gateways",
        office(OFFICE, matches={"outlook.office365.com": {"client_secret": False}}),
        1,
        {"gateways": [WITH_SECRET]},
    ),
    # Before 15SU4, and where nobody knows the version, there is a warning; refused is what the release does not have.
    Case("presence_gateways", office(version="14.0.1.13900-1"), 1, {"gateways": [WITH_SECRET]}, warnings=1),
    Case("presence_gateways", office(version=None), 1, {"gateways": [WITH_SECRET]}, warnings=1),
    Case(
        "presence_gateways",
        office(version="12.5.1.11900-1"),
        0,
        {"gateways": [WITH_SECRET]},
        warnings=1,
        refusals=("invalid-input",),
    ),
    Case(
        "presence_gateways",
        office(version="15.0.1.11900-1"),
        0,
        {"gateways": [{**WITH_SECRET, "resource": "https://graph.microsoft.com"}]},
        warnings=1,
        refusals=("invalid-input",),
    ),
    Case("presence_gateways", office(), 0, {"gateways": [WANTED_OFFICE]}, refusals=("invalid-input",)),
    Case("presence_gateways", office(OFFICE), 1, {"gateways": [{"name": "outlook.office365.com"}], "state": "absent"}),
    # The account is for Exchange servers: beside Office 365 alone there is nothing that could use it.
    Case("presence_gateways", office(OFFICE), 1, ACCOUNT, warnings=1, check=True),
    Case(
        "presence_gateways", office(OFFICE), 1, {"gateways": [{"name": MAIL}]}, warnings=1, refusals=("invalid-input",)
    ),
]

PLACE = {"nodes": [{"name": "imp1"}, {"name": "imp2"}], "services": [ENGINE]}
RUNNING, DOWN, OFF = service("Started"), service("Stopped"), service("Stopped", NOT_ACTIVATED)
PAIRED = RedundancyGroup("G", ha_enabled=True, nodes=(GroupNode("imp1", "Normal"), GroupNode("imp2", "Normal")))
TAKEN_OVER = replace(PAIRED, nodes=(GroupNode("imp1", "Normal"), GroupNode("imp2", "Running in Backup Mode")))
SWITCHED = {
    "high_availability": "off_while_restarting",
    "cucm": CONNECTION,
    "pending_restarts_path": "/nowhere/notes.json",
}
SERVICES = [
    Case("services", ServicesState(on_nodes(imp1=RUNNING, imp2=DOWN)), 1, PLACE),
    Case("services", ServicesState(on_nodes(imp1=OFF, imp2=OFF)), 0, PLACE, refusals=("not-activated",) * 2),
    Case("services", ServicesState(on_nodes(imp1=OFF, imp2=DOWN)), 2, PLACE, warnings=1, check=True),
    Case("services", ServicesState(on_nodes(imp1=OFF, imp2=RUNNING)), 1, {**PLACE, "state": "activated"}),
    Case("services", ServicesState(on_nodes(imp1=OFF, imp2=RUNNING)), 1, {**PLACE, "state": "deactivated"}),
    Case("services", ServicesState(on_nodes(imp1=DOWN, imp2=RUNNING)), 1, {**PLACE, "state": "stopped"}),
    Case(
        "services",
        ServicesState(on_nodes(imp1=RUNNING, imp2=RUNNING), troubles=(Trouble("imp2", "imp2 is down"),)),
        1,
        {**PLACE, "state": "restarted"},
        refusals=("not-tried",),
        check=True,
    ),
    Case(
        "services",
        ServicesState(on_nodes(imp1=RUNNING, imp2=RUNNING), DueRestarts(frozenset({("imp2", ENGINE)}))),
        1,
        {**PLACE, "state": "restarted", "only_if_required": True},
    ),
    Case(
        "services",
        ServicesState(on_nodes(imp1=RUNNING, imp2=RUNNING), redundancy=GroupsState((PAIRED,))),
        4,
        {**PLACE, "state": "restarted", **SWITCHED},
    ),
    Case(
        "services",
        ServicesState(on_nodes(imp1=RUNNING, imp2=DOWN), redundancy=GroupsState((TAKEN_OVER,), frozenset({"G"}))),
        1,
        {**PLACE, "state": "restarted"},
        refusals=("not-tried", "left-off"),
        check=True,
    ),
]

EXCHANGE = {"common_name": MAIL, "auth": "basic"}
WAITING = ServerCertificates((), (), (on_server(LEAF, status="PendingRequest"),), (), None)
BOUND = ServerCertificates((on_server(LEAF, status="Valid", services=("IIS",)),), (), (), (), None)
EXCHANGE_CERTIFICATES = [
    Case("exchange_certificate", ServerCertificates((), (), (), (), None), 1, {**EXCHANGE, "state": "requested"}),
    Case("exchange_certificate", WAITING, 1, {**EXCHANGE, "state": "absent"}),
    Case("exchange_certificate", WAITING, 2, {**EXCHANGE, "certificate": LEAF.pem + CA.pem}),
    Case("exchange_certificate", BOUND, 0, EXCHANGE),
    Case(
        "exchange_certificate", replace(BOUND, fresh=(on_server(LEAF, status="RevocationCheckFailure"),)), 1, EXCHANGE
    ),
    Case("exchange_certificate", WAITING, 1, EXCHANGE, refusals=("invalid-input",)),
    Case("exchange_certificate", WAITING, 2, EXCHANGE, warnings=1, check=True),
    Case("exchange_certificate", BOUND, 0, {**EXCHANGE, "certificate": SHORT.pem}, refusals=("invalid-input",)),
]

REQUEST = {"csr": pem(signing_request(MAIL)), "path": "/tmp/imp1.pem"}
ISSUED = Disposition("issued", 7, "", certificate(SHORT))
AUTHORITIES = [
    Case("adcs_certificate", KnownRequest(None, None, None), 2, REQUEST),
    Case("adcs_certificate", KnownRequest(None, ISSUED, None), 1, {**REQUEST, "renew_before_days": 3}),
    Case("adcs_certificate", KnownRequest(None, ISSUED, None), 1, {**REQUEST, "renew_before_days": 90}, warnings=1),
    Case(
        "adcs_certificate",
        KnownRequest(None, Disposition("denied", 7, "No."), None, "denied"),
        0,
        REQUEST,
        refusals=("request-denied",),
    ),
    Case(
        "adcs_request",
        {7: {"id": 7, "state": "pending"}, 8: {"id": 8, "state": "revoked"}, 9: {"id": 9, "state": "issued"}},
        1,
        {"request_ids": [7, 8, 9]},
        refusals=("wrong-state",),
    ),
]

STORE = TrustStore((certificate(LEAF), certificate(CA)), frozenset({CA.fingerprint}))
TRUST = [
    Case("trust_certificates", {"imp1": STORE}, 0, {"certificates": [{"content": CA.pem}]}),
    Case("trust_certificates", {"imp1": STORE}, 2, {"certificates": [{"content": SHORT.pem}], "purge": True}),
    Case("trust_certificates", {"imp1": STORE}, 1, {"certificates": [{"content": SECOND.pem}], **REPORT}, undeclared=1),
    # One with the same subject is there that begins later, so the node would not take it.
    Case(
        "trust_certificates",
        {"imp1": STORE},
        0,
        {"certificates": [{"content": OLDER.pem}], **REPORT},
        warnings=1,
        undeclared=1,
    ),
    Case(
        "trust_certificates",
        {"imp1": STORE, "imp2": TrustStore((), frozenset())},
        1,
        {"certificates": [{"fingerprint": LEAF.fingerprint}], "state": "absent"},
    ),
    Case("certificate_import", [offer("Missing")], 1, {"peers": [{"name": MAIL}], "accept_chain": True}),
    Case("certificate_import", [offer("Missing")], 0, {"peers": [{"name": MAIL}]}),
    # Of two authorities with one subject the node would keep the one that begins later.
    Case(
        "certificate_import",
        [offer("Missing", above=CA_BEFORE), offer("Missing"), offer("Missing")],
        1,
        {"peers": [{"name": MAIL}], "accept_chain": True},
        warnings=1,
    ),
    Case(
        "certificate_import",
        [offer("Missing", above=CA_BEFORE), offer("Verified")],
        0,
        {"peers": [{"name": MAIL}], "accept_chain": True},
        warnings=1,
    ),
    Case(
        "certificate_import",
        [offer("Missing"), offer("Trusted", reachable=False)],
        0,
        {"peers": [{"name": MAIL}], "fingerprints": [SHORT.fingerprint]},
    ),
]

PEOPLE = {name: User(name, True, False, False) for name in ("ada", "bob")}
BOTH_ON = {"im_and_presence": True, "meeting_information": True}
USERS = [
    Case("calendar_users", Selection(PEOPLE, {"ada": BOTH_ON}), 1, {"users": [{"userid": "ada"}]}),
    Case(
        "calendar_users",
        Selection({}, {}, everybody={"eve": User("eve", True, True, True), **PEOPLE}),
        0,
        {"users": [{"userid": "ada"}], **REPORT},
        undeclared=1,
    ),
    Case(
        "calendar_users",
        Selection(PEOPLE, dict.fromkeys(PEOPLE, BOTH_ON)),
        2,
        {"query": {"userid": "%"}, "max_changes": 1},
        refusals=("too-many-changes",),
    ),
    Case(
        "calendar_users",
        Selection(PEOPLE, dict.fromkeys(PEOPLE, BOTH_ON)),
        2,
        {"query": {"userid": "%"}, "max_changes": 1},
        warnings=1,
        check=True,
    ),
]


def parameters(users: int | None = None) -> KnownParameters:
    """Calendaring parameters, the spread as it is to be for no user at all, the timeout other than by default."""
    return KnownParameters({"calendar_spread": recommended_spread(0), "exchange_timeout": 4}, users, 14)


PARAMETER = {"service": ENGINE, "name": "CalendarSpread", "value": "10"}
OTHERS = [
    Case("calendaring_parameters", parameters(1000), 1, {"calendar_spread": "auto", "assigned_users": 1000}),
    Case("calendaring_parameters", parameters(1000), 1, {"calendar_spread": "auto"}),
    Case("calendaring_parameters", parameters(0), 0, {"calendar_spread": "auto"}),
    Case("calendaring_parameters", parameters(), 1, {"calendar_spread": 5, **REPORT}, undeclared=1),
    Case(
        "service_parameters",
        {f"EnterpriseWideData/{ENGINE}/CalendarSpread": "5"},
        1,
        {"parameters": [PARAMETER, {**PARAMETER, "name": "Nothing"}]},
    ),
    Case("exchange_impersonation", RoleAssignments(()), 1, {"account": "ews", "auth": "basic"}),
    Case("exchange_impersonation", RoleAssignments(("one",)), 0, {"account": "ews", "auth": "basic"}),
    Case(
        "exchange_impersonation",
        RoleAssignments(("one", "two")),
        2,
        {"account": "ews", "auth": "basic", "state": "absent"},
    ),
]

WISHES = {"domain": "example.com", "users": [{"userid": "ada", "presence": "away"}]}
DEVICE = {**WISHES, "users": [{"userid": "ada", "presence": "away", "override": False}]}


def presence(override: bool | None, **more: Any) -> KnownPresence:
    return KnownPresence({"ada": Shown("away", override, "")}, {"ada": "imp1"}, **more)


PRESENCE = [
    Case("presence", presence(None), 1, WISHES),
    Case("presence", presence(True), 0, WISHES),
    Case("presence", presence(False), 1, WISHES),
    Case("presence", presence(None), 0, {**WISHES, "state": "absent"}),
    Case("presence", presence(False), 1, {**WISHES, "state": "absent"}),
    Case("presence", presence(False, taken=frozenset({"ada"})), 0, DEVICE),
    Case("presence", KnownPresence({}, {}), 0, WISHES),
]

BULK_JOBS = [
    Case("bulk_jobs", bulk(None), 1, {"jobs": [BULK]}),
    Case("bulk_jobs", bulk(None, status="Stopped"), 1, {"jobs": [BULK]}, warnings=1),
    Case(
        "bulk_jobs",
        bulk(None, activated=False),
        0,
        {"jobs": [BULK]},
        refusals=("bulk-provisioning-not-activated",),
    ),
    Case("bulk_jobs", bulk(None, now=BULK_LATER), 0, {"jobs": [BULK_AT_NINE]}, refusals=("invalid-input",)),
    Case("bulk_jobs", bulk(bulk_job("Hold", start_at=None)), 1, {"jobs": [BULK_AT_NINE]}),
    Case("bulk_jobs", bulk(bulk_job("Pending")), 0, {"jobs": [BULK]}),
    Case("bulk_jobs", bulk(BULK_FAILED), 0, {"jobs": [BULK]}),
    Case("bulk_jobs", bulk(BULK_FAILED), 1, {"jobs": [BULK], "rerun_failed": True}),
    Case("bulk_jobs", bulk(BULK_FAILED), 1, {"jobs": [BULK], "rerun_failed": True}, check=True),
    Case("bulk_jobs", bulk(BULK_FAILED, taken=True), 0, {"jobs": [BULK], "rerun_failed": True}),
    Case("bulk_jobs", bulk(bulk_job("Processing")), 1, {"jobs": [BULK], "state": "absent"}),
    Case("bulk_jobs", bulk(None), 0, {"jobs": [BULK], "state": "absent"}),
]

CASES = [*BULK_JOBS, *GATEWAYS, *SERVICES, *EXCHANGE_CERTIFICATES, *AUTHORITIES, *TRUST, *USERS, *PRESENCE, *OTHERS]


def arguments_of(module: str) -> Arguments:
    arguments: Arguments = importlib.import_module(f"{modules.__name__}.{module}").ARGUMENTS
    return arguments


def in_module(case: Case, look: Callable[[Resource[Any]], None]) -> None:
    """Make a module's resource from its options, as the runner does, and look at it."""
    looked: list[None] = []
    built = found_resources()[case.module]
    arguments = arguments_of(case.module)

    def build(context: Context) -> Resource[Any]:
        resource = built(context)
        assert resource.problems() == []
        look(resource)
        looked.append(None)
        raise ImpError("That is all.")

    result = run_main(lambda: run(build, arguments), {**CONNECTION, **case.options}, check=case.check)
    assert looked, result.msg


def everything(resource: Resource[Any], state: Any) -> list[Any]:
    """Return what the runner makes of a state, the plan first and what nobody has asked for last."""
    plan = resource.plan(state)
    changes = [(dict(step.desired), [*resource.restarts(step)], resource.restart_nodes(step)) for step in plan]
    more = [resource.assess(state), resource.confirms(state), resource.current(state), resource.unknown(state)]
    audit = resource.undeclared(state) if resource.context.params.get("report_undeclared") else []
    return [plan, changes, *more, resource.more_results(state), audit]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_state_makes_the_same_plan_and_nothing_else(case: Case) -> None:
    def look(resource: Resource[Any]) -> None:
        given = copy.deepcopy(case.state)
        before = remembered(resource)
        with nothing_but_computing():
            first, second = everything(resource, case.state), everything(resource, case.state)
        assert first == second
        assert case.state == given
        assert remembered(resource) == before
        plan = first[0]
        told = (len(plan.steps), len(plan.warnings), tuple(refusal.code for refusal in plan.refusals))
        assert told == (case.steps, case.warnings, case.refusals)
        assert len(first[-1]) == case.undeclared

    in_module(case, look)


def test_no_resource_is_forgotten() -> None:
    assert found_resources().keys() == {case.module for case in CASES}


def test_no_report_of_what_nobody_has_asked_for_is_forgotten() -> None:
    reporting = {module for module in found_resources() if REPORT.keys() <= arguments_of(module).options.keys()}
    assert reporting == {case.module for case in CASES if case.undeclared}
