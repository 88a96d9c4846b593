# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Presence gateways and the account that they share: what the module presence_gateways manages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.verdicts import advice, verdict_of
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    canonical_host,
    check_host,
    check_port,
    check_unique,
    given,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    CREATE,
    DELETE,
    DIFFERS,
    Change,
    Field,
    Plan,
    Refusal,
    Undeclared,
    Unknown,
    compare,
    undeclared,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.words import named
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365
from ansible_collections.ucops.imp.plugins.module_utils._product.ipv6 import PARAMETER, is_ipv6, nodes_without_address

TYPES = office_365.GATEWAY_TYPES
EWS = TYPES[office_365.EXCHANGE_EWS]

_WORDS = {wire: word for word, wire in TYPES.items()}


def describe(gateway: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{name, type, description, port, position}`` of a gateway; a kind without a word keeps the product's.

    One of Office 365 has the fields of :data:`~._product.office_365.FIELDS` too.
    """
    shown = {name: gateway[name] for name in ("name", "type", "description", "port", "position")}
    return {**shown, "type": _WORDS.get(gateway["type"], gateway["type"]), **(gateway.get("office_365") or {})}


GATEWAY = "presence_gateway"
CREDENTIALS = "gateway_credentials"
SECRET_OF = {"client_secret": "client_id", "proxy_password": "proxy_username"}
"""Whose secret each is."""
SHARED = "shared"
ALWAYS = "always"

FIELDS = (
    *(Field(name) for name in ("type", "description", "port", *office_365.FIELDS)),
    *(Field(name, secret=True) for name in office_365.SECRETS),
)
CREDENTIAL_FIELDS = (Field("account"), Field("password", secret=True))

ACCOUNT = re.compile(r"[^\s@\\]+@[^\s@\\]+|[^\s@\\]+\\[^\s@\\]+")
"""user@domain or domain\\user."""


@dataclass(frozen=True)
class KnownGateways:
    """What is there; ``password_matches`` is ``None`` when nobody needs to know it.

    ``secrets_match`` tells, by the gateway's name, of the secrets that were compared; ``version`` is the node's, where
    it matters and is known.
    """

    gateways: list[dict[str, Any]]
    account: str | None
    password_matches: bool | None
    ipv6_missing: str | None
    secrets_match: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    version: str | None = None

    @property
    def by_name(self) -> dict[str, dict[str, Any]]:
        """The gateways by the form in which names are compared, all fields on one level."""
        return {canonical_host(one["name"]): {**one, **(one.get("office_365") or {})} for one in self.gateways}

    @property
    def has_exchange(self) -> bool:
        """Whether there is a gateway that uses the account."""
        return any(one["type"] == EWS for one in self.gateways)


class Gateways(Resource[KnownGateways]):
    """The gateways of a cluster and the account that they share (requirements G1, G2, G4, G5, G7)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._admin = ImpAdmin(context.transport())
        params = context.params
        self._present: bool = params["state"] == "present"
        self._account: str | None = params["account"]
        self._password: str | None = params["account_password"]
        self._verify_password: bool = params["update_password"] == ALWAYS
        self._wanted = {canonical_host(gateway["name"]): gateway for gateway in params["gateways"] or []}

    def problems(self) -> list[str]:
        params = self.context.params
        found = []
        for number, gateway in enumerate(params["gateways"] or []):
            found += check_host(f"gateways[{number}].name", gateway["name"], qualified=True)
            found += check_port(f"gateways[{number}].port", gateway["port"])
            found += office_365.problems(f"gateways[{number}]", gateway, wanted=self._present)
        found += check_unique("gateways", [canonical_host(gateway["name"]) for gateway in params["gateways"] or []])
        if self._account is not None and not ACCOUNT.fullmatch(self._account):
            found.append("account: give it as user@domain or as domain\\user.")
        return found + self._contradictions()

    def _contradictions(self) -> list[str]:
        params = self.context.params
        found = []
        if not self._present and params["purge"]:
            found.append("purge: works with state=present only.")
        if not self._present and self._account is not None:
            found.append("account: works with state=present only.")
        if params["purge"] and params["gateways"] is None:
            found.append("purge: needs gateways; give an empty list to delete all of them.")
        if params["purge"] and params["gateways"] == [] and self._account is not None:
            found.append("account: goes with the last gateway, and an empty list with purge=true deletes all of them.")
        return found

    def read(self) -> KnownGateways:
        gateways, account = self._admin.gateways(), self._admin.account()
        known = {canonical_host(gateway["name"]) for gateway in gateways}
        new_ipv6 = self._present and any(is_ipv6(name) for name in self._wanted if name not in known)
        return KnownGateways(
            gateways,
            account,
            self._compare_password(account),
            self._ipv6_missing() if new_ipv6 and self.context.check_mode else None,
            self._compare_secrets(gateways),
            self._version(),
        )

    def _online(self) -> dict[str, dict[str, Any]]:
        """Return the wanted gateways of Office 365, by the form in which names are compared."""
        online = {name: one for name, one in self._wanted.items() if one["type"] == "office_365"}
        return online if self._present else {}

    def _version(self) -> str | None:
        """Return the node's version, which only Office 365 depends on; without one nothing is said about it."""
        if not self._online():
            return None
        try:
            return ControlCenter(self.context.transport()).version()
        except ImpError:
            return None

    def _compare_secrets(self, gateways: list[dict[str, Any]]) -> dict[str, dict[str, bool]]:
        """Compare the secrets of those gateways that are there with the same client and user of the proxy."""
        known = {canonical_host(one["name"]): one for one in gateways}
        found = {}
        for name, wanted in self._online().items():
            stored = known.get(name, {}).get("office_365")
            fields = self._managed(wanted, stored or {})
            # Failed comparisons are limited in number: another client's secret is another one anyway.
            same = [one for one, owner in SECRET_OF.items() if stored and fields.get(owner) == stored[owner]]
            if given(fields, same):
                found[name] = self._admin.secrets_match(known[name], given(fields, same))
        return found

    def _managed(self, wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of Office 365 without the secrets that are only used when something is created."""
        fields = office_365.fields(wanted)
        if self._verify_password or not stored:
            return fields
        for name, owner in SECRET_OF.items():
            if fields.get(owner) == stored.get(owner):
                fields.pop(name, None)
        return fields

    def _compare_password(self, stored: str | None) -> bool | None:
        """Compare only where it matters: failed comparisons are limited in number."""
        if self._account is None or self._password is None or stored != self._account:
            return None
        if not self._verify_password:
            return True
        return self._admin.credentials_match(self._account, self._password)

    def _ipv6_missing(self) -> str | None:
        """Say what an IPv6 gateway still lacks (requirement G7); the server refuses it for the same reasons."""
        nodes = self._admin.nodes()
        missing = []
        if not all(node.get("ipv6_enabled") for node in nodes):
            missing.append(f"the enterprise parameter {PARAMETER} is not on")
        without = nodes_without_address(nodes)
        if without:
            missing.append(f"Eth0 has no IPv6 address on {', '.join(without)}")
        return "; ".join(missing) or None

    def plan(self, state: KnownGateways) -> Plan:
        current = {name: self._as_compared(name, gateway, state) for name, gateway in state.by_name.items()}
        refusals = tuple(self._refusals(state))
        refused = {refusal.id for refusal in refusals}
        desired = {
            name: self._fields(gateway, current.get(name, {})) if self._present else None
            for name, gateway in self._wanted.items()
            if name not in refused
        }
        gateways = compare(GATEWAY, current, desired, FIELDS, purge=self.context.params["purge"])
        removals = Plan(tuple(step for step in gateways if step.action == DELETE))
        others = Plan(tuple(step for step in gateways if step.action != DELETE))
        cautions = Plan(warnings=tuple(self._warnings(others, state)), refusals=refusals)
        if state.account is None:
            # The first gateway brings the account, so there is nothing to set it on before.
            return cautions + others + self._credentials(state, first=others) + removals
        # Removals come last: the account goes with the last gateway, and the new ones need it.
        return cautions + self._credentials(state, first=others) + others + removals

    def _fields(self, gateway: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        fields = {"name": gateway["name"], "type": TYPES[gateway["type"]], "port": gateway["port"]}
        return {**fields, **given(gateway, ["description"]), **self._managed(gateway, stored)}

    def _as_compared(self, name: str, gateway: dict[str, Any], state: KnownGateways) -> dict[str, Any]:
        """Return a gateway with what is known of its secrets: the wanted value where it is the stored one."""
        wanted = office_365.fields(self._wanted.get(name, {}))
        compared = state.secrets_match.get(name, {})
        return {**gateway, **{one: wanted[one] if same else DIFFERS for one, same in compared.items()}}

    def _refusals(self, state: KnownGateways) -> Iterable[Refusal]:
        known = state.by_name
        for name, gateway in self._online().items():
            for sentence in office_365.release_problems(state.version, gateway):
                yield Refusal(f"{name}: {sentence}", id=name)
            fields, stored = office_365.fields(gateway), known.get(name, {})
            if "client_secret" not in fields and stored.get("client_id") != fields["client_id"]:
                yield Refusal(f"{name}: a new gateway or client_id needs its client_secret.", id=name)

    def _credentials(self, state: KnownGateways, first: Plan) -> Plan:
        if self._account is None:
            if state.account is None and any(_to_exchange(change) for change in first):
                needs = "account: the first Exchange server needs account and account_password."
                return Plan(refusals=(Refusal(needs),))
            return Plan()
        stored: dict[str, Any] = {"account": state.account}
        if state.password_matches is not None:
            stored["password"] = self._password if state.password_matches else DIFFERS
        wanted = {"account": self._account, "password": self._password}
        if state.account != self._account:
            stored.pop("password", None)
        current = {} if state.account is None else {SHARED: stored}
        return compare(CREDENTIALS, current, {SHARED: wanted}, CREDENTIAL_FIELDS)

    def _warnings(self, changes: Plan, state: KnownGateways) -> Iterable[str]:
        yield from self._warn_of_odd_ports()
        said = office_365.warning(state.version) if self._online() else None
        if said:
            yield f"{', '.join(self._online())}: {said}"
        yield from self._warn_of_predictions(changes, state)
        yield from self._warn_of_what_stays(state)

    def _kept(self, state: KnownGateways) -> list[str]:
        """Return the gateways that the list leaves out and that stay."""
        params = self.context.params
        if not self._present or params["purge"] or params["gateways"] is None:
            return []
        # A kind that the list cannot hold is nobody's omission.
        known = [gateway["name"] for gateway in state.gateways if gateway["type"] in _WORDS]
        return [name for name in known if canonical_host(name) not in self._wanted]

    def _warn_of_what_stays(self, state: KnownGateways) -> Iterable[str]:
        """Tell what a list leaves behind; where undeclared things are reported, that report does."""
        kept = self._kept(state)
        if kept and not self.context.params["report_undeclared"]:
            told = ("is", "stays", "the gateway", "it") if len(kept) == 1 else ("are", "stay", "the gateways", "them")
            are, stay, gateways, them = told
            yield (
                f"{named(kept)} {are} not in the list and {stay}, because purge is off. Add {gateways} to the list, or "
                f"remove {them} with purge=true (presence_gateways_purge in the roles)."
            )

    def more_results(self, state: KnownGateways) -> dict[str, Any]:
        return {"kept": self._kept(state)}

    def _warn_of_odd_ports(self) -> Iterable[str]:
        for name, gateway in self._wanted.items():
            if self._present and gateway["port"] != 443:
                yield f"{name}: Cisco recommends port 443, not {gateway['port']}."

    def _warn_of_predictions(self, changes: Plan, state: KnownGateways) -> Iterable[str]:
        """Tell which changes check mode predicts though the server would refuse them as things are."""
        if not self.context.check_mode:
            return
        if state.ipv6_missing:
            yield (
                f"The IPv6 gateway is refused as long as {state.ipv6_missing}. The change is "
                "predicted as if an earlier task of the play did that."
            )
        if self._account is not None and not state.has_exchange and not any(_to_exchange(one) for one in changes):
            yield (
                "There is no Exchange server yet that could use the account. The change is predicted as if "
                "an earlier task of the play added one."
            )

    def apply(self, change: Change) -> None:
        if change.kind == CREDENTIALS:
            self._apply_credentials(change)
        elif change.action == CREATE:
            self._admin.create_gateway(self._new(change))
        else:
            self._apply_to_existing(change)

    def _new(self, change: Change) -> dict[str, Any]:
        """Return a new gateway; the account goes with it where there may be none yet."""
        return self._with_account(_body({"description": "", **change.desired}))

    def _with_account(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["type"] == EWS and self._account is not None and self._admin.account() is None:
            body.update(account=self._account, password=self._password)
        return body

    def _apply_to_existing(self, change: Change) -> None:
        """Replace or delete with a fresh ETag: another change of this run may have altered it."""
        for gateway in self._admin.gateways():
            if canonical_host(gateway["name"]) != change.id:
                continue
            if change.action == DELETE:
                self._admin.delete_gateway(gateway)
                return
            kept = {name: gateway[name] for name in ("type", "name", "description", "port")}
            merged = {**kept, **(gateway.get("office_365") or {}), **change.desired, "name": gateway["name"]}
            self._admin.replace_gateway(gateway, self._with_account(_body(merged)))
            return
        if change.action != DELETE:
            self._admin.create_gateway(self._new(change))

    def _apply_credentials(self, change: Change) -> None:
        account, password = str(self._account), str(self._password)
        if change.action == CREATE and self._admin.credentials_match(account, password):
            return  # the first gateway has brought them
        self._admin.set_credentials(account, password)

    def current(self, state: KnownGateways) -> dict[str, Any]:
        return {"account": state.account, "gateways": [describe(gateway) for gateway in state.gateways]}

    def restarts(self, change: Change) -> Iterable[str]:
        return ("Cisco Presence Engine",)

    def backup(self, state: KnownGateways, plan: Plan) -> list[Entry]:
        account = {"account": state.account}
        known = {canonical_host(one["name"]): {**describe(one), **account} for one in state.gateways}
        return [saved(step, account if step.kind == CREDENTIALS else known.get(step.id)) for step in plan]

    def undeclared(self, state: KnownGateways) -> list[Undeclared]:
        params = self.context.params
        # A task that deletes, or that is about the account alone, does not say which gateways there should be.
        if not self._present or params["purge"] or params["gateways"] is None:
            return []
        return undeclared(GATEWAY, state.by_name, self._wanted, FIELDS)

    def unknown(self, state: KnownGateways) -> list[Unknown]:
        if self._verify_password:
            return []
        reason = "With update_password=on_create the stored {} is not compared with the given one."
        found = []
        if self._account is not None and state.account == self._account:
            found.append(Unknown(CREDENTIALS, SHARED, "password", reason.format("password")))
        known = state.by_name
        for name, wanted in self._online().items():
            left_out = office_365.fields(wanted).keys() - self._managed(wanted, known.get(name, {})).keys()
            words = ((one, one.replace("_", " ")) for one in office_365.SECRETS if one in left_out)
            found += [Unknown(GATEWAY, name, one, reason.format(word)) for one, word in words]
        return found


def _to_exchange(change: Change) -> bool:
    """Whether a change leaves an Exchange server as a gateway, which needs the account."""
    return change.action != DELETE and change.desired.get("type") == EWS


def _body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a gateway as the admin API takes it."""
    body = {name: value for name, value in fields.items() if name not in office_365.OPTIONS}
    if fields["type"] == office_365.TYPE:
        body["office_365"] = given(fields, office_365.OPTIONS)
    return body


def read_gateways(context: Context) -> dict[str, Any]:
    """Return the results of the module presence_gateways_info."""
    admin = ImpAdmin(context.transport())
    result: dict[str, Any] = {
        "account": admin.account(),
        "gateways": [
            {**describe(gateway), "subscriptions": gateway.get("subscriptions")} for gateway in admin.gateways()
        ],
    }
    if context.params["status"]:
        found = admin.status(context.params["node"])
        result.update(node=found["node"], status=[_describe_status(item) for item in found["items"]])
    return result


def _describe_status(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status row with its verdicts as truth values beside the product's closed set of texts (G6)."""
    told = {name: item.get(name) for name in ("name", "position", "checked", "reachability", "verification", "detail")}
    reachable = str(item["reachability"]).endswith("(pingable)") if item["checked"] else None
    verified = str(item["verification"]).endswith("- Verified") if item["checked"] else None
    # Which authority is missing is in the detail, which the node has written.
    wanted = advice(verdict_of(str(item["verification"])), str(item["name"]), None) if item["checked"] else None
    return {**told, "reachable": reachable, "verified": verified, "advice": wanted}
