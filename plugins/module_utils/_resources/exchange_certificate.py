# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificates of an Exchange server: request, install, bind; what the module exchange_certificate manages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates import x509
from ansible_collections.ucops.imp.plugins.module_utils._certificates.csr import NotARequest, read_request
from ansible_collections.ucops.imp.plugins.module_utils._certificates.exchange import (
    ServerCertificate,
    server_certificate,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell import ExchangePs, require_library
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    CENTURY,
    address,
    canonical_host,
    check_host,
    check_range,
    check_unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    CREATE,
    DELETE,
    UPDATE,
    Change,
    Field,
    FieldChange,
    Plan,
    Refusal,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

REQUEST = "certificate_request"
CERTIFICATE = "certificate"
SERVICES = "certificate_services"

REQUESTED, INSTALLED, BOUND, ABSENT = "requested", "installed", "bound", "absent"
STATES = (REQUESTED, INSTALLED, BOUND, ABSENT)

_SUBJECT = (
    ("C", "country"),
    ("S", "state_or_province"),
    ("L", "locality"),
    ("O", "organization"),
    ("OU", "organizational_unit"),
    ("CN", "common_name"),
)
"""Parts of the subject in the order in which Windows writes them: short name and option."""

_STRANGER = "certificate: no pending request of this server has its key, so it belongs to another request or server. "
_SEPARATORS = re.compile(r'[,+;<>=#"\\]')


@dataclass(frozen=True)
class ServerCertificates:
    """What is there: the server's certificates that are for the wanted names, and the one that IIS uses.

    ``unusable`` are those that nobody can use, such as revoked ones.
    """

    fresh: tuple[ServerCertificate, ...]
    stale: tuple[ServerCertificate, ...]
    pending: tuple[ServerCertificate, ...]
    unusable: tuple[ServerCertificate, ...]
    in_use: ServerCertificate | None


def windows_subject(params: Mapping[str, Any]) -> str:
    """Return the distinguished name of the options, as Windows reads it: values with separators stand in quotes."""
    parts = []
    for name, option in _SUBJECT:
        value = params[option]
        if value:
            quoted = '"' + value.replace('"', '""') + '"'
            parts.append(f"{name}={quoted if _SEPARATORS.search(value) else value}")
    return ",".join(parts)


class ExchangeCertificate(Resource[ServerCertificates]):
    """One certificate of an Exchange server, named by the host names that it is for (requirements C1, C3, C6)."""

    counted = "steps"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        require_library()
        x509.require_library()
        params = context.params
        self._exchange = context.keep(ExchangePs(context.connection, params["auth"], backoff=context.backoff))
        self._wanted: str = params["state"]
        self._common_name: str = canonical_host(params["common_name"])
        self._names = {self._common_name, *(canonical_host(name) for name in params["alternative_names"] or [])}
        self._now = datetime.now(timezone.utc)
        self._given: list[x509.Certificate] = []
        self._discarded: str | None = None

    @property
    def _deadline(self) -> datetime:
        """What ends before this is due for renewal."""
        return self._now + timedelta(days=self.context.params["renew_before_days"])

    def problems(self) -> list[str]:
        params = self.context.params
        found = check_host("common_name", _without_wildcard(params["common_name"]))
        found += [] if len(params["common_name"]) <= 64 else ["common_name: it has more than 64 characters."]
        names = params["alternative_names"] or []
        for number, name in enumerate(names):
            found += check_host(f"alternative_names[{number}]", _without_wildcard(name))
            if address(name):
                found.append(f"alternative_names[{number}]: Exchange requests host names only, not {name}.")
        found += check_unique("alternative_names", [canonical_host(name) for name in names])
        if names and self._common_name not in {canonical_host(name) for name in names}:
            found.append("alternative_names: when given, they must contain common_name.")
        if params["country"] and not re.fullmatch(r"[A-Za-z]{2}", params["country"]):
            found.append("country: give the two letters of ISO 3166, for example JP.")
        if params["key_size"] < 2048 and not params["allow_weak_key"]:
            found.append("key_size: less than 2048 bits needs allow_weak_key=true.")
        found += check_range("renew_before_days", params["renew_before_days"], 0, CENTURY, "days")
        if self._wanted == ABSENT and (params["certificate"] or params["certificate_path"]):
            found.append(f"certificate: does not work with state={ABSENT}.")
        return found + self._load_discarded() + self._load_certificate()

    def _load_discarded(self) -> list[str]:
        """Read the request that is given up, and keep the fingerprint of its key."""
        text = self.context.params["discard_request"]
        if text is None:
            return []
        if self._wanted != REQUESTED:
            return [f"discard_request: works with state={REQUESTED} only."]
        try:
            self._discarded = read_request(text).key
        except NotARequest as error:
            return [f"discard_request: {error}"]
        return []

    def _load_certificate(self) -> list[str]:
        """Read what may hold the issued certificate, alone or with its chain."""
        params = self.context.params
        path = Path(params["certificate_path"]) if params["certificate_path"] else None
        if path is not None and self._wanted == REQUESTED and not os.path.exists(path):  # noqa: PTH110 (Path raises for a name that is too long)
            return []
        try:
            data = certificate_file.given(params["certificate"] or "", params["certificate_path"])
            self._given = x509.split_bundle(data) if data.strip() else []
        except (OSError, x509.NotACertificate, NotRead) as error:
            said = f"{error.strerror}." if isinstance(error, OSError) else str(error)
            told = f"certificate_path: {path}: {said}" if path is not None else f"certificate: {said}"
            if self._wanted != REQUESTED:
                return [told]
            self.context.warn(told)
        if self._given and self._wanted != REQUESTED and not self._named():
            return [f"certificate: it is not for {', '.join(sorted(self._names))}."]
        return []

    def _named(self) -> list[x509.Certificate]:
        """Return those of the given certificates that are for the wanted names; the others are their chain."""
        return [one for one in self._given if self._names <= one.names.every]

    def read(self) -> ServerCertificates:
        found = [server_certificate(row) for row in self._exchange.read("Get-ExchangeCertificate")]
        mine = [one for one in found if self._names <= one.names.every]
        pending = tuple(one for one in mine if one.pending)
        issued = sorted((one for one in mine if one.usable), key=lambda one: one.not_after, reverse=True)
        return ServerCertificates(
            fresh=tuple(one for one in issued if one.not_after > self._deadline),
            stale=tuple(one for one in issued if one.not_after <= self._deadline),
            pending=pending,
            unusable=tuple(one for one in mine if not one.pending and not one.usable),
            in_use=next((one for one in found if "IIS" in one.services), None),
        )

    def plan(self, state: ServerCertificates) -> Plan:
        if self._wanted == ABSENT:
            return Plan(tuple(_removal(one) for one in (*state.pending, *state.stale, *state.fresh)))
        if self._wanted == REQUESTED:
            return self._requests(state)
        chosen = self._chosen(state)
        reason = self._why_not(chosen, state) if chosen is not None else None
        if reason is not None:
            return Plan(refusals=(Refusal(reason),))
        plan = self._installation(chosen, state)
        return plan + self._binding(chosen, state) if self._wanted == BOUND else plan

    def _requests(self, state: ServerCertificates) -> Plan:
        """Plan that a request is pending, and another than the one that is given up."""
        gone = [one for one in state.pending if one.key == self._discarded]
        steps = [_removal(one) for one in gone]
        if not state.fresh and len(gone) == len(state.pending):
            steps.append(self._request())
        return Plan(tuple(steps))

    def _request(self) -> Change:
        params = self.context.params
        wanted = {"subject": windows_subject(params), "names": sorted(self._names), "key_size": params["key_size"]}
        fields = tuple(FieldChange.of(Field(name), None, value) for name, value in wanted.items())
        return Change(REQUEST, self._common_name, CREATE, fields, wanted)

    def _chosen(self, state: ServerCertificates) -> x509.Certificate | None:
        """Return the certificate that is to be there.

        Of the given ones it is the one that answers a pending request, else the newest that is installed; without any
        it is the newest that need not be renewed.
        """
        named = [] if self._wanted == REQUESTED else self._named()
        if not named:
            return next(iter(state.fresh), None)
        there = sorted((one for one in named if _installed(one, state)), key=lambda one: one.not_after, reverse=True)
        return [*_answers(named, state), *there, *named][0]

    def _why_not(self, one: x509.Certificate, state: ServerCertificates) -> str | None:
        """Return why a certificate cannot be the wanted one, ``None`` when it can."""
        refused = next((known for known in state.unusable if known.thumbprint == one.thumbprint), None)
        if refused is not None:
            return f"certificate: {refused.distrust}"
        answers = bool(_answers([one], state))
        if not answers and (not _installed(one, state) or (state.pending and one.not_after <= self._deadline)):
            return _STRANGER + _what_to_do(state)
        if one.not_after <= self._deadline:
            return f"certificate: it is valid until {one.not_after.isoformat()} only, see renew_before_days."
        return None

    def _installation(self, one: x509.Certificate | None, state: ServerCertificates) -> Plan:
        if one is None:
            if not self.context.check_mode:
                return Plan(refusals=(Refusal(_nothing_to_install(state)),))
            warning = (
                "There is no certificate to install yet. The change is predicted as if earlier tasks of "
                "the play requested it and had it issued."
            )
            return Plan((Change(CERTIFICATE, self._common_name, CREATE),), (warning,))
        if _installed(one, state):
            return Plan()
        shown = {"thumbprint": one.thumbprint, "not_after": one.not_after.isoformat()}
        fields = tuple(FieldChange.of(Field(name), None, value) for name, value in shown.items())
        # Another certificate for these names is none of the chain, and the server refuses one that it has already.
        chain = [other.pem for other in self._given if other not in self._named()]
        return Plan((Change(CERTIFICATE, self._common_name, CREATE, fields, {"data": "".join([one.pem, *chain])}),))

    def _binding(self, one: x509.Certificate | None, state: ServerCertificates) -> Plan:
        wanted = sorted(self.context.params["services"])
        installed = {known.thumbprint: known for known in (*state.fresh, *state.stale)}
        present = installed.get(one.thumbprint) if one else None
        before = sorted(present.services) if present else []
        after = sorted({*before, *wanted})
        if before == after:
            return Plan()
        name = one.thumbprint if one else self._common_name
        fields = (FieldChange.of(Field("services"), before, after),)
        return Plan((Change(SERVICES, name, UPDATE, fields, {"services": wanted}),))

    def apply(self, change: Change) -> None:
        if change.action == DELETE:
            self._exchange.write("Remove-ExchangeCertificate", {"Thumbprint": change.id, "Confirm": False})
        elif change.kind == REQUEST:
            self._apply_request(change)
        elif change.kind == CERTIFICATE:
            self._exchange.write("Import-ExchangeCertificate", {"FileData": change.desired["data"].encode()})
        else:
            services = ",".join(change.desired["services"])
            # Force answers the question whether the SMTP certificate may be replaced.
            self._exchange.write(
                "Enable-ExchangeCertificate", {"Thumbprint": change.id, "Services": services, "Force": True}
            )

    def _apply_request(self, change: Change) -> None:
        params = self.context.params
        wanted = {
            "GenerateRequest": True,
            "SubjectName": change.desired["subject"],
            "KeySize": params["key_size"],
            "FriendlyName": params["friendly_name"] or params["common_name"],
            "PrivateKeyExportable": params["private_key_exportable"],
        }
        if params["alternative_names"]:
            wanted["DomainName"] = [canonical_host(name) for name in params["alternative_names"]]
        self._exchange.write("New-ExchangeCertificate", wanted)

    def current(self, state: ServerCertificates) -> dict[str, Any]:
        installed = self._in_place(state)
        pending = next(iter(state.pending), None)
        if installed is not None:
            word = BOUND if {*self.context.params["services"]} <= set(installed.services) else INSTALLED
        else:
            word = REQUESTED if pending else ABSENT
        shown = installed or next(iter(state.stale), None)
        return {
            "state": word,
            "renewal_due": not state.fresh and bool(state.stale),
            "request": pending.request if pending and installed is None else None,
            "answered": bool(_answers(self._given, state)),
            "certificate": shown.as_dict() if shown else None,
            "in_use": state.in_use.as_dict() if state.in_use else None,
        }

    def _in_place(self, state: ServerCertificates) -> ServerCertificate | None:
        """Return the wanted certificate if it is there and need not be renewed."""
        chosen = self._chosen(state)
        return next((one for one in state.fresh if chosen and one.thumbprint == chosen.thumbprint), None)

    def assess(self, state: ServerCertificates) -> Plan:
        """Warn of a certificate that the server itself does not find valid."""
        shown = self._in_place(state) or next(iter(state.stale), None)
        if shown is None or shown.trusted or self._wanted not in (INSTALLED, BOUND):
            return Plan()
        return Plan(warnings=(shown.distrust,))

    def backup(self, state: ServerCertificates, plan: Plan) -> list[Entry]:
        used = state.in_use
        before = None if used is None else {"in_use": used.as_dict(), "usable": used.usable}
        return [saved(step, before if step.kind == SERVICES else None) for step in plan]

    def restarts(self, change: Change) -> Iterable[str]:
        """Name what has to learn of the new certificate (requirement C11)."""
        if change.kind == SERVICES and "IIS" in change.desired["services"]:
            return ("Cisco Presence Engine", "Cisco SIP Proxy")
        return ()


def _installed(one: x509.Certificate, state: ServerCertificates) -> bool:
    return one.thumbprint in {known.thumbprint for known in (*state.fresh, *state.stale)}


def _answers(given: Iterable[x509.Certificate], state: ServerCertificates) -> list[x509.Certificate]:
    """Return those of the given certificates that have the key of a pending request."""
    keys = {one.key for one in state.pending}
    return [one for one in given if one.key in keys]


def _what_to_do(state: ServerCertificates) -> str:
    if state.pending:
        return "Have the pending request signed and give what the authority issues for it."
    return "Request a new one with state=requested."


def _removal(one: ServerCertificate) -> Change:
    shown = {"subject": one.subject, "status": one.status}
    fields = tuple(FieldChange.of(Field(name), value, None) for name, value in shown.items())
    return Change(REQUEST if one.pending else CERTIFICATE, one.thumbprint, DELETE, fields)


def _nothing_to_install(state: ServerCertificates) -> str:
    if state.pending:
        return "certificate: needed; the request is pending, so have it issued and give what the CA returns."
    if state.stale:
        return "certificate: needed; the one that is there is due for renewal. Request a new one with state=requested."
    return "certificate: needed; nothing was requested yet. Begin with state=requested."


def _without_wildcard(name: str) -> str:
    return name.removeprefix("*.")
