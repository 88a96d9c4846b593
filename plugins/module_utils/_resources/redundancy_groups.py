# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The presence redundancy groups of a cluster, put together from all that tell of them.

Whether high availability is on, AXL of Unified CM tells, or the admin API of IM and Presence. How the nodes stand, the
admin API tells, or AXL of IM and Presence, which is off by default. Cisco has no other interface for it.
"""

from __future__ import annotations

from contextlib import suppress

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, ImpError
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import (
    GROUPS_PAGE,
    RedundancyGroup,
    merged,
    with_states,
)

Groups = tuple[RedundancyGroup, ...]


class UnknownGroups(ImpError):
    """Who tells of the groups is out of order, so that nothing is taken down; ``reason`` has no period."""

    default_code = "not-tried"

    def __init__(self, reason: str) -> None:
        self.reason = reason.rstrip(".")
        super().__init__(f"The state of the presence redundancy groups is not known: {self.reason}. See {GROUPS_PAGE}.")


class GroupSource:
    """All that tells of the groups: ``axl`` of Unified CM and a server of IM and Presence, either as far as known."""

    def __init__(self, axl: Axl | None, presence: Transport | None) -> None:
        self._axl = axl
        self._admin = None if presence is None else ImpAdmin(presence)
        self._imp_axl = None if presence is None else ImpAxl(presence)

    def groups(self) -> Groups | None:
        """Return the groups with the switch as Unified CM tells it; ``None`` when nobody tells them.

        Raises :class:`ImpError` when Unified CM is there to be asked and does not answer.
        """
        told = self._told()
        if self._axl is None:
            return told
        return self._with_states(merged(self._axl.redundancy_groups(), told or ()))

    def standing(self) -> Groups | None:
        """Return the same with as few questions as possible, for who asks again and again."""
        told = self._told()
        return told if told is not None or self._axl is None else self.groups()

    def _told(self) -> Groups | None:
        """Return what the admin API tells; raise :class:`UnknownGroups` when it is out of order."""
        if self._admin is None:
            return None
        try:
            found = self._admin.redundancy_groups()
        except ApiError as error:
            if error.status < 500:
                return None
            raise UnknownGroups(error.message) from None
        except ImpError:
            # No such interface, or it does not answer, which is told by whoever looks at the services.
            return None
        return None if found is None else tuple(found)

    def _with_states(self, groups: Groups) -> Groups:
        if self._imp_axl is not None and any(group.ha_enabled and not group.is_told for group in groups):
            # Off by default, and no more than a help.
            with suppress(ImpError):
                return with_states(groups, self._imp_axl.node_states())
        return groups

    def aliases(self, listed: list[str]) -> dict[str, list[str]]:
        """Return all names and addresses of these nodes, as far as the admin API tells them."""
        found = {name: [name] for name in listed}
        if self._admin is not None:
            with suppress(ImpError):
                nodes = self._admin.nodes()
                for name in listed:
                    for node in (one for one in nodes if called(name, {"": [str(one["name"])]})):
                        known = (node.get(key) for key in ("name", "fqdn", "eth0_ipv4", "eth0_ipv6"))
                        found[name] += [str(value) for value in known if value]
        return found
