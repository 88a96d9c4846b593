# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificates in the trust stores of nodes: what the module trust_certificates manages (requirements C8, C10, C11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    canonical_fingerprint,
    require_library,
    split_bundle,
    with_issuers,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import STORES, CertManager
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.options import OptionSpec, check_unique
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    DELETE,
    Change,
    Field,
    Fields,
    Plan,
    Undeclared,
    compare,
    undeclared,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import REPLACED, Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

KIND = "trust_certificate"

STORE_OPTIONS: dict[str, OptionSpec] = {
    "store": {"type": "str", "choices": list(STORES), "default": "cup-trust"},
    "service_token": {"type": "str", "no_log": False},
}
"""Which trust store; a token is a name here and no secret, whatever ansible makes of the word."""

FIELDS = tuple(Field(name) for name in ("store", "subject", "issuer", "not_after"))
"""What is told of a certificate; its fingerprint already says that all of it is the same."""

RESTARTS = {
    "cup-trust": ("Cisco Presence Engine", "Cisco SIP Proxy"),
    "cup-xmpp-trust": ("Cisco XCP Router",),
    "tomcat-trust": ("Cisco Tomcat",),
}
"""Services that read a trust store when they start."""


_LONGEST_SUBJECT = 100
"""Characters of a subject in a warning; the fingerprints after it matter more."""


def service_token(params: Mapping[str, Any]) -> str:
    """Return what the store is called on the wire."""
    return str(params["service_token"] or STORES[params["store"]])


@dataclass
class NamedCertificates:
    """The certificates that a task names; ``problems`` tells what is wrong with them."""

    certificates: dict[str, Certificate] = field(default_factory=dict)
    descriptions: dict[str, str | None] = field(default_factory=dict)
    fingerprints: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_named(items: list[dict[str, Any]]) -> NamedCertificates:
    """Read the ``certificates`` option; chains may overlap, so a certificate that comes twice counts once."""
    found = NamedCertificates()
    for number, item in enumerate(items):
        option = f"certificates[{number}]"
        try:
            _read_item(item, found)
        except (NotACertificate, NotRead, OSError) as error:
            text = error.strerror if isinstance(error, OSError) else str(error)
            found.problems.append(f"{option}: {item['path'] + ': ' if item['path'] else ''}{text}")
    found.problems += check_unique("certificates", [item["path"] for item in items if item["path"]])
    found.problems += check_unique("certificates", found.fingerprints)
    return found


def _read_item(item: Mapping[str, Any], found: NamedCertificates) -> None:
    if item["fingerprint"]:
        found.fingerprints.append(canonical_fingerprint(item["fingerprint"]))
        return
    for certificate in split_bundle(certificate_file.given(item["content"], item["path"])):
        found.certificates.setdefault(certificate.fingerprint, certificate)
        found.descriptions.setdefault(certificate.fingerprint, item["description"])


@dataclass(frozen=True)
class OneSubject:
    """Of certificates with one subject: the one that a node keeps, and the others; ``named`` are those of the task."""

    kept: Certificate
    others: tuple[Certificate, ...]
    named: frozenset[str]

    def not_taken(self, node: str) -> set[str]:
        """Return the ids, on a node, of what it would not take, and of what it gives up by taking another."""
        return {_key(node, other.fingerprint) for other in self.others}

    def __str__(self) -> str:
        others = ", ".join(sorted(other.fingerprint for other in self.others))
        said = (
            f"of certificates with one subject ({shortened(self.kept.subject, _LONGEST_SUBJECT)}) a node keeps the one "
            f"whose validity begins last, {self.kept.fingerprint} ({self.kept.not_before.isoformat()}), and not "
            f"{others}."
        )
        if any(other.not_before == self.kept.not_before for other in self.others):
            said += " Of those that begin at one moment it keeps the one that it has first."
        if any(other.key != self.kept.key for other in self.others):
            said += " What the others have signed is not trusted: have those servers get new certificates."
        if self.kept.fingerprint in self.named:
            return said
        return f"{said} The task does not name the one that is kept: delete it with state=absent if it shall give way."


def of_one_subject(stored: Iterable[Certificate], named: Iterable[Certificate]) -> Iterator[OneSubject]:
    """Foresee which of the named certificates a node takes, and which it gives up for them (Cisco's security guide).

    Of two certificates with one subject the one that begins later replaces the other; an older one, or one that begins
    at the same time, is not uploaded, and that is no error. One without a subject has no name that another could have.
    """
    there: dict[str, list[Certificate]] = {}
    for certificate in stored:
        there.setdefault(certificate.subject, []).append(certificate)
    wanted: dict[str, list[Certificate]] = {}
    for certificate in named:
        wanted.setdefault(certificate.subject, []).append(certificate)
    for subject, new in wanted.items():
        present = there.get(subject, [])
        missing = [one for one in new if one not in present]
        if not subject or not missing:
            continue
        kept = max([*present, *missing], key=lambda one: one.not_before)
        # What is there stays there, unless something is uploaded that begins later.
        others = [one for one in missing if one != kept] + ([] if kept in present else present)
        if others:
            yield OneSubject(kept, tuple(others), frozenset(one.fingerprint for one in new))


def told_of_clashes(clashes: Iterable[tuple[str, OneSubject]]) -> tuple[str, ...]:
    """Return a sentence for each clash of a node, with all the nodes on which it is the same."""
    nodes: dict[str, list[str]] = {}
    for node, clash in clashes:
        nodes.setdefault(str(clash), []).append(node)
    return tuple(f"{', '.join(names)}: {said}" for said, names in nodes.items())


def replaced(node: str, store: str, clashes: Iterable[OneSubject], stored: Iterable[Certificate]) -> list[Entry]:
    """Return an entry for each certificate in a node's store that it gives up for another one of the same subject."""
    there = {certificate.fingerprint for certificate in stored}
    others = (other for clash in clashes for other in clash.others if other.fingerprint in there)
    return [
        {
            "kind": KIND,
            "id": _key(node, other.fingerprint),
            "action": REPLACED,
            "fields": [],
            "before": {"store": store, "content": other.pem},
        }
        for other in others
    ]


@dataclass(frozen=True)
class TrustStore:
    """The trust store of a node, and the fingerprints in it with which the node itself is trusted.

    ``purge`` and ``report_undeclared`` alone need to know these; without both there are none.
    """

    trusted: tuple[Certificate, ...]
    own: frozenset[str]


TrustStores = dict[str, TrustStore]
"""The stores of the nodes that could be asked, by name."""


class TrustCertificates(Resource[TrustStores]):
    """The certificates of one trust store on every node, by fingerprint."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        params = context.params
        self._store: str = params["store"]
        self._service = service_token(params)
        self._present: bool = params["state"] == "present"
        self._purge: bool = params["purge"]
        self._needs_own: bool = params["purge"] or params["report_undeclared"]
        self._nodes = task_nodes(context.connection, params)
        self._managers = {node.name: CertManager(context.transport(node.connection)) for node in self._nodes}
        self._named = NamedCertificates()

    def problems(self) -> list[str]:
        require_library()
        params = self.context.params
        self._named = read_named(params["certificates"])
        found = node_problems(self.context.connection, params) + self._named.problems
        if self._present and self._named.fingerprints:
            found.append("certificates: a fingerprint is enough with state=absent only; give content or path.")
        if not self._present and self._purge:
            found.append("purge: works with state=present only.")
        if self._purge and not params["certificates"]:
            found.append("certificates: an empty list with purge=true would leave the nodes without any authority.")
        if self._present:
            self._warn_of_expired()
        return found

    def _warn_of_expired(self) -> None:
        now = datetime.now(timezone.utc)
        for certificate in self._named.certificates.values():
            if certificate.expired(now):
                self.context.warn(f"{certificate.subject} has expired ({certificate.not_after.isoformat()}).")

    def read(self) -> TrustStores:
        return {node.name: state for node in self._nodes if (state := self._read_node(node)) is not None}

    def _read_node(self, node: TaskNode) -> TrustStore | None:
        manager = self._managers[node.name]
        try:
            trusted = manager.trusted(self._service)
            own = manager.identities() if self._needs_own else []
        except ImpError as error:
            self.context.fail(node.name, error)
            return None
        return TrustStore(tuple(trusted), frozenset(with_issuers(own, trusted)))

    def plan(self, state: TrustStores) -> Plan:
        own = _own(state)
        plan = Plan()
        clashes: list[tuple[str, OneSubject]] = []
        for name, node in state.items():
            current = {_key(name, known.fingerprint): self._shown(known) for known in node.trusted}
            desired = self._desired(name, node, own)
            for clash in self._clashes(name, node, desired):
                clashes.append((name, clash))
                desired = {key: fields for key, fields in desired.items() if key not in clash.not_taken(name)}
            plan += compare(KIND, current, desired, FIELDS)
        return plan + Plan(warnings=told_of_clashes(clashes))

    def _desired(self, name: str, node: TrustStore, own: frozenset[str]) -> dict[str, Fields | None]:
        if not self._present:
            named = [*self._named.certificates, *self._named.fingerprints]
            return {_key(name, fingerprint): None for fingerprint in named}
        wanted: dict[str, Fields | None] = {
            _key(name, known.fingerprint): self._shown(known) for known in self._named.certificates.values()
        }
        if self._purge:
            extra = (known for known in node.trusted if known.fingerprint not in own)
            wanted.update({key: None for known in extra if (key := _key(name, known.fingerprint)) not in wanted})
        return wanted

    def _clashes(self, name: str, node: TrustStore, desired: Mapping[str, Fields | None]) -> list[OneSubject]:
        """Return which of the named certificates the node would not take, and which it gives up for them."""
        if not self._present:
            return []
        staying = [known for known in node.trusted if desired.get(_key(name, known.fingerprint), {}) is not None]
        return list(of_one_subject(staying, self._named.certificates.values()))

    def backup(self, state: TrustStores, plan: Plan) -> list[Entry]:
        pem = {_key(name, known.fingerprint): known.pem for name, node in state.items() for known in node.trusted}
        own = _own(state)
        entries = [
            saved(step, {"store": self._store, "content": pem[step.id]} if step.action == DELETE else None)
            for step in plan
        ]
        for name, node in state.items():
            clashes = self._clashes(name, node, self._desired(name, node, own))
            entries += replaced(name, self._store, clashes, node.trusted)
        token: str | None = self.context.params["service_token"]
        return [{**entry, **({"service_token": token} if token else {})} for entry in entries]

    def _shown(self, certificate: Certificate) -> dict[str, Any]:
        told = certificate.as_dict()
        return {"store": self._store, **{name: told[name] for name in ("subject", "issuer", "not_after")}}

    def apply(self, change: Change) -> None:
        node, _separator, fingerprint = change.id.rpartition(":")
        if change.action == DELETE:
            self._managers[node].distrust(self._service, fingerprint)
            return
        certificate = self._named.certificates[fingerprint]
        self._managers[node].trust(self._service, certificate.pem, self._named.descriptions[fingerprint])

    def current(self, state: TrustStores) -> list[dict[str, Any]]:
        return [
            {"node": name, "store": self._store, **certificate.as_dict()}
            for name, node in state.items()
            for certificate in node.trusted
        ]

    def restarts(self, change: Change) -> Iterable[str]:
        return RESTARTS[self._store]

    def restart_nodes(self, change: Change) -> list[str] | None:
        # A node that was not named may be called otherwise in the cluster.
        return None if self.context.params["nodes"] is None else [change.id.rpartition(":")[0]]

    def undeclared(self, state: TrustStores) -> list[Undeclared]:
        # A task that deletes does not say what there should be; purge has deleted what is left over, or has failed.
        if not self._present or self._purge:
            return []
        own = _own(state)
        found: list[Undeclared] = []
        for name, node in state.items():
            current = {_key(name, known.fingerprint): self._shown(known) for known in node.trusted}
            declared = (_key(name, fingerprint) for fingerprint in (*self._named.certificates, *own))
            found += undeclared(KIND, current, declared, FIELDS)
        return found


def _key(node: str, fingerprint: str) -> str:
    return f"{node}:{fingerprint}"


def _own(state: TrustStores) -> frozenset[str]:
    """Return the fingerprints of what the nodes are trusted with.

    A node trusts itself and its peers through these stores, so what is one node's own is so on every node.
    """
    return frozenset().union(*(node.own for node in state.values()))


def read_trusted(context: Context) -> dict[str, Any]:
    """Return the results of the module trust_certificates_info."""
    require_library()
    service = service_token(context.params)
    state: TrustStores = {}
    names: dict[str, dict[str, str]] = {}
    for node in task_nodes(context.connection, context.params):
        manager = CertManager(context.transport(node.connection))
        try:
            trusted, names[node.name] = manager.trusted(service), manager.file_names(service)
            state[node.name] = TrustStore(tuple(trusted), frozenset(with_issuers(manager.identities(), trusted)))
        except ImpError as error:
            context.fail(node.name, error)
    own = _own(state)
    return {
        "certificates": [
            {
                "node": name,
                "store": context.params["store"],
                **known.as_dict(),
                "file_name": names[name].get(known.fingerprint),
                "own": known.fingerprint in own,
                "content": known.pem,
            }
            for name, node in state.items()
            for known in node.trusted
        ]
    }
