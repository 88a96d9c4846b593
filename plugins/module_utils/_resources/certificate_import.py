# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The Certificate Import Tool: what the module certificate_import manages (requirements C8, C9, C10, C11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import chain_to, missing_issuer
from ansible_collections.ucops.imp.plugins.module_utils._certificates.verdicts import VERIFIED, advice, verdict_of
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    canonical_fingerprint,
    held_pem,
    require_library,
    split_bundle,
    unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, ImpError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    canonical_host,
    check_host,
    check_port,
    check_unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Fields, Plan, Refusal, compare
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._resources.trust_certificates import (
    FIELDS,
    KIND,
    RESTARTS,
    OneSubject,
    of_one_subject,
    replaced,
    told_of_clashes,
)

MISSING = "Missing"


@dataclass(frozen=True)
class PeerCheck:
    """What a node finds about a peer server; ``rows`` are the offered certificates with the tool's status of each."""

    node: str
    peer: str
    port: int
    reachable: bool
    reachability: str
    verification: str
    detail: str | None
    rows: tuple[tuple[Certificate, str], ...]

    @property
    def offered(self) -> list[Certificate]:
        """The certificates in the order of the handshake."""
        return [certificate for certificate, _status in self.rows]

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return verdict_of(self.verification) == VERIFIED

    @property
    def missing(self) -> list[Certificate]:
        """What the store lacks: not the server's own certificate, unless nobody stands above it."""
        return self._of_store(lacking=True)

    @property
    def stored(self) -> list[Certificate]:
        """What the store has; of the server's own certificate that is not known, unless nobody stands above it."""
        return self._of_store(lacking=False)

    def _of_store(self, *, lacking: bool) -> list[Certificate]:
        return [
            certificate
            for number, (certificate, status) in enumerate(self.rows)
            if (status == MISSING) is lacking and (number > 0 or certificate.self_signed)
        ]

    @property
    def advice(self) -> str | None:
        """What to do, or ``None``."""
        issuer = None if self.missing else missing_issuer(self.offered)
        return advice(verdict_of(self.verification), self.peer, issuer)

    @property
    def reason(self) -> str:
        """Return what the node says of a failure and what to do; a node may say nothing."""
        said = self.detail or f"{self.node} does not say more about {self.peer}."
        return f"{said} {self.advice}" if self.advice else said


def check_peer(admin: ImpAdmin, node: str, peer: str, port: int, store: str) -> PeerCheck:
    """Have a node connect to a peer server and judge it by one of its trust stores; nothing changes."""
    report = admin.offered_certificates(peer, port, store)
    try:
        rows = tuple((_only(row["pem"]), str(row["status"])) for row in report["certificates"])
        reachability, verification = str(report["reachability"]), str(report["verification"])
    except (KeyError, TypeError, AttributeError, NotACertificate):
        raise UnexpectedAnswer(f"{node} did not say in a readable form what {peer} offers.") from None
    reachable = reachability.endswith("(pingable)")
    return PeerCheck(node, peer, port, reachable, reachability, verification, report.get("detail"), rows)


class Approval:
    """What the user lets into the trust store; nothing without one of the three options."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        self.fingerprints = frozenset(self._fingerprint(text) for text in params["fingerprints"] or [])
        self.anchors = self._anchors(params["anchor"]) if params["anchor"] else []
        self._anchored = params["anchor"] is not None
        self._all: bool = params["accept_chain"]
        self._named = params["fingerprints"] is not None
        self.given = self._named or self._anchored or self._all
        if params["fingerprints"] == []:
            self.problems.append("fingerprints: the list is empty; leave the option out to report only.")
        if self._all and (self._named or self._anchored):
            self.problems.append("accept_chain: approves everything; leave it out beside fingerprints or anchor.")

    def _fingerprint(self, text: str) -> str:
        try:
            return canonical_fingerprint(text)
        except NotACertificate as error:
            self.problems.append(f"fingerprints: {error}")
            return text

    def _anchors(self, option: Mapping[str, Any]) -> list[Certificate]:
        try:
            return split_bundle(certificate_file.given(option["content"], option["path"]))
        except (NotACertificate, NotRead, OSError) as error:
            text = error.strerror if isinstance(error, OSError) else str(error)
            self.problems.append(f"anchor: {option['path'] + ': ' if option['path'] else ''}{text}")
            return []

    def of(self, check: PeerCheck) -> list[Certificate]:
        """Return those of the missing certificates that are approved."""
        if self._anchored:
            chain = chain_to(check.offered, self.anchors)
            return [certificate for certificate in check.missing if certificate in chain]
        if self._named:
            return [row for row, status in check.rows if status == MISSING and row.fingerprint in self.fingerprints]
        return check.missing if self._all else []

    def objection(self, check: PeerCheck) -> str | None:
        """Say what of a server's offer goes against the approval, so that nobody takes the task for a success."""
        if self._anchored and check.offered and not chain_to(check.offered, self.anchors):
            return f"what {check.peer} offers does not lead to the anchor, so nothing of it was installed."
        refused = [one for one in check.missing if one.fingerprint not in self.fingerprints]
        if self._named and refused and not check.verified:
            told = ", ".join(f"{one.subject} ({one.fingerprint})" for one in refused)
            return f"{check.peer} offers what fingerprints does not name: {told}. Add it if it is right."
        return None


class CertificateImport(Resource[list[PeerCheck]]):
    """The certificates that peer servers offer and trust stores lack, on every node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        params = context.params
        self._store: str = params["store"]
        self._peers = [(peer["name"], peer["port"]) for peer in params["peers"]]
        self._nodes = task_nodes(context.connection, params)
        self._admins = {node.name: ImpAdmin(context.transport(node.connection)) for node in self._nodes}

    def problems(self) -> list[str]:
        require_library()
        params = self.context.params
        self._approval = Approval(params)
        found = node_problems(self.context.connection, params) + self._approval.problems
        found += [] if self._peers else ["peers: the list is empty."]
        for number, (name, port) in enumerate(self._peers):
            found += check_host(f"peers[{number}].name", name) + check_port(f"peers[{number}].port", port)
        return found + check_unique("peers", [f"{canonical_host(name)} port {port}" for name, port in self._peers])

    def read(self) -> list[PeerCheck]:
        return [check for node in self._nodes for check in self._read_node(node)]

    def _read_node(self, node: TaskNode) -> list[PeerCheck]:
        found: list[PeerCheck] = []
        try:
            for peer, port in self._peers:
                found += self._ask(node.name, peer, port)
        except ImpError as error:
            # What is wrong with the node would be wrong for every other peer, too.
            self.context.fail(node.name, error)
        return found

    def _ask(self, node: str, peer: str, port: int) -> list[PeerCheck]:
        """Check one peer; none when the node refuses to, which says nothing about the other peers."""
        try:
            return [check_peer(self._admins[node], node, peer, port, self._store)]
        except ApiError as error:
            self.context.fail(f"{node}:{peer}", error)
            return []

    def plan(self, state: list[PeerCheck]) -> Plan:
        desired: dict[str, Fields | None] = {}
        for check in state:
            for certificate in self._approval.of(check):
                # Two servers with the same CA offer its certificate twice; the node takes it once.
                desired.setdefault(f"{check.node}:{certificate.fingerprint}", self._wanted(check, certificate))
        nodes = dict.fromkeys(check.node for check in state)
        clashes = [(node, clash) for node in nodes for clash in self._clashes(node, state)]
        gone = {key for name, clash in clashes for key in clash.not_taken(name)}
        wanted = {key: fields for key, fields in desired.items() if key not in gone}
        return compare(KIND, {}, wanted, FIELDS) + Plan(warnings=told_of_clashes(clashes))

    def _clashes(self, node: str, state: Iterable[PeerCheck]) -> list[OneSubject]:
        """Return which of the approved certificates a node would not take, as far as what servers offer tells."""
        checks = [check for check in state if check.node == node]
        stored = unique(certificate for check in checks for certificate in check.stored)
        approved = (certificate for check in checks for certificate in self._approval.of(check))
        return list(of_one_subject(stored, unique([*stored, *approved])))

    def backup(self, state: list[PeerCheck], plan: Plan) -> list[Entry]:
        entries = [saved(step) for step in plan]
        for node in dict.fromkeys(check.node for check in state):
            stored = (certificate for check in state if check.node == node for certificate in check.stored)
            entries += replaced(node, self._store, self._clashes(node, state), stored)
        return entries

    def _wanted(self, check: PeerCheck, certificate: Certificate) -> dict[str, Any]:
        told = certificate.as_dict()
        shown = {"store": self._store, **{name: told[name] for name in ("subject", "issuer", "not_after")}}
        return {**shown, "peer": check.peer, "peer_port": check.port}

    def apply(self, change: Change) -> None:
        node, _separator, fingerprint = change.id.rpartition(":")
        wanted = change.desired
        admin = self._admins[node]
        peer, port = wanted["peer"], wanted["peer_port"]
        if admin.accept_certificate(peer, port, self._store, fingerprint):
            return
        rows = check_peer(admin, node, peer, port, self._store).rows
        if any(one.fingerprint == fingerprint and status != MISSING for one, status in rows):
            return  # somebody else was quicker
        text = (
            f"{node} did not install it. Of certificates with one subject ({wanted['subject']}) a node keeps the one "
            "whose validity begins last, so it may have such a one: look with trust_certificates_info, and delete that "
            "one with trust_certificates if this one shall take its place."
        )
        raise ImpError(text, code="not-installed")

    def still_needed(self, change: Change) -> Change | None:
        state = self.read_back()
        # One that the server does not offer any more has not been installed by anybody either.
        there = {
            f"{check.node}:{one.fingerprint}" for check in state for one, status in check.rows if status != MISSING
        }
        return None if change.id in there else change

    def current(self, state: list[PeerCheck]) -> list[dict[str, Any]]:
        return [
            {
                "node": check.node,
                "store": self._store,
                "peer": check.peer,
                "port": check.port,
                "reachable": check.reachable,
                "reachability": check.reachability,
                "verified": check.verified,
                "verification": check.verification,
                "detail": check.detail,
                "advice": check.advice,
                "certificates": [
                    {**certificate.as_dict(), "position": position, "status": status}
                    for position, (certificate, status) in enumerate(check.rows, start=1)
                ],
            }
            for check in state
        ]

    def restarts(self, change: Change) -> Iterable[str]:
        return RESTARTS[self._store]

    def restart_nodes(self, change: Change) -> list[str] | None:
        # A node that was not named may be called otherwise in the cluster.
        return None if self.context.params["nodes"] is None else [change.id.rpartition(":")[0]]

    def assess(self, state: list[PeerCheck]) -> Plan:
        """What could not be done is a failure once there is an approval to do it."""
        return sum((self._assess_one(check) for check in state), Plan())

    def _assess_one(self, check: PeerCheck) -> Plan:
        name = f"{check.node}:{check.peer}"
        objection = self._approval.objection(check)
        if objection:
            return Plan(refusals=(Refusal(objection, "not-approved", name),))
        if self._approval.given and not check.reachable:
            return Plan(refusals=(Refusal(check.reason, "peer-unreachable", name),))
        if check.verified or (self.context.check_mode and self._approval.of(check)):
            return Plan()
        return Plan(warnings=(f"{name}: {check.verification}. {check.reason}",))

    def more_results(self, state: list[PeerCheck]) -> dict[str, Any]:
        """Tell what is still missing."""
        return {
            "missing": [
                {"node": check.node, "peer": check.peer, **certificate.as_dict()}
                for check in state
                for certificate in check.missing
            ]
        }


def _only(pem: str) -> Certificate:
    certificates = held_pem(pem)
    if len(certificates) != 1:
        raise NotACertificate("there is more than one certificate.")
    return certificates[0]
