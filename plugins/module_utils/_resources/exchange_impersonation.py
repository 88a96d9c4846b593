# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The right to act for the mailboxes of others: what the module exchange_impersonation manages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell import ExchangePs, require_library
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Field, Plan, compare
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

KIND = "role_assignment"
ROLE = "ApplicationImpersonation"


@dataclass(frozen=True)
class RoleAssignments:
    """The direct assignments of the role to the account: names in their order."""

    assignments: tuple[str, ...]


class Impersonation(Resource[RoleAssignments]):
    """The role that lets the Presence Engine read everybody's calendar with one account (requirement G2)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        require_library()
        self._exchange = context.keep(ExchangePs(context.connection, context.params["auth"], backoff=context.backoff))
        self._account: str = context.params["account"]
        self._present: bool = context.params["state"] == "present"

    def read(self) -> RoleAssignments:
        wanted = {"Role": ROLE, "RoleAssignee": self._account}
        try:
            rows = self._exchange.read("Get-ManagementRoleAssignment", wanted)
        except ApiError as error:
            if self._present or error.code != "not-found":
                raise
            # An account that does not exist has no role.
            return RoleAssignments(())
        return RoleAssignments(tuple(sorted(_name(row) for row in rows if _direct(row))))

    def plan(self, state: RoleAssignments) -> Plan:
        current = {name: {"role": ROLE} for name in state.assignments}
        if not self._present:
            return compare(KIND, current, dict.fromkeys(state.assignments), (Field("role"),))
        if state.assignments:
            return Plan()
        return compare(KIND, {}, {self._account: {"role": ROLE, "account": self._account}}, _FIELDS)

    def apply(self, change: Change) -> None:
        if self._present:
            wanted = {"Role": ROLE, "User": self._account}
            if self.context.params["name"]:
                wanted["Name"] = self.context.params["name"]
            self._exchange.write("New-ManagementRoleAssignment", wanted)
        else:
            self._exchange.write("Remove-ManagementRoleAssignment", {"Identity": change.id, "Confirm": False})

    def backup(self, state: RoleAssignments, plan: Plan) -> list[Entry]:
        return [saved(step, {"account": self._account}) for step in plan]

    def current(self, state: RoleAssignments) -> dict[str, Any]:
        return {"account": self._account, "assignments": list(state.assignments)}


_FIELDS = (Field("role"), Field("account"))


def _direct(row: Any) -> bool:
    """Tell an assignment to the account itself from one that it has through a group, which is not ours to remove."""
    return isinstance(row, Mapping) and str(row.get("AssignmentMethod") or "Direct") == "Direct"


def _name(row: Mapping[str, Any]) -> str:
    if not row.get("Name"):
        raise UnexpectedAnswer("Get-ManagementRoleAssignment returned an assignment without a name. Check the release.")
    return str(row["Name"])
