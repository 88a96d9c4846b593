# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: imp_emulator
short_description: The servers of a running emulator
version_added: 0.1.0
author:
  - ucops contributors (@ucops)
description:
  - Makes a host of each server of the emulator C(imp-emulator), whatever its scenario is, with the groups and
    connections that the playbooks and roles of this collection work with. It reads the emulator's ready file, once.
  - The groups are C(cucm_publisher), C(cucm_subscribers), C(imp_publisher), C(imp_subscribers), C(imp_nodes) with
    publisher and subscribers, C(exchange), and one for each cluster. They exist also when they are empty.
  - The group of a cluster has the variables C(ucops_imp_cluster), C(ucops_imp_cucm), C(ucops_imp_publisher),
    C(ucops_imp_platform), C(trust_nodes), C(presence_engine_nodes) and C(ucops_imp_pending_restarts_path). An IM and
    Presence subscriber has its own C(ucops_imp_publisher) and C(ucops_imp_platform), an Exchange server has
    C(ucops_exchange).
  - All hosts have C(ucops_ca), C(preflight_gateways) with the Exchange servers, C(imp_emulator) with the whole content
    of the ready file, and C(imp_emulator_ready_file) with its path.
  - The variables hold passwords and ports, which are new with every environment. So nothing is kept in a cache.
  - The name of a configuration file must end in C(imp_emulator.yml) or C(imp_emulator.yaml).
  - As long as there is no ready file there are no hosts, and a warning. The playbooks of this collection refuse such a
    run.
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices: [ucops.imp.imp_emulator]
  ready_file:
    description:
      - The ready file. A relative path starts in the folder of the configuration file, one from the environment in the
        working directory.
    type: path
    required: true
    env:
      - name: IMP_EMULATOR_READY
  host_names:
    description:
      - How the hosts of nodes are called. V(cluster) is the node's name in the cluster and the cluster, as in
        C(imp-pub.dc1). V(full) is the full name, as in C(imp-pub.dc1.example.com).
    type: str
    choices: [cluster, full]
    default: cluster
  clusters:
    description:
      - Only these clusters, all unless given.
    type: list
    elements: str
  exchange_servers:
    description:
      - Only these Exchange servers, all unless given.
    type: list
    elements: str
  certification_authority:
    description:
      - The host of the certification authority that C(ucops_ca) connects to, the first one by name unless given.
    type: str
  retries:
    description:
      - How often a request is tried again; a part of every connection. That of the modules unless given.
    type: int
  timeout:
    description:
      - Seconds that each try of a request may take; a part of every connection. That of the modules unless given.
    type: int
seealso:
  - plugin: ucops.imp.imp_cluster
    plugin_type: inventory
"""

EXAMPLES = r"""
# test.imp_emulator.yml: whatever the scenario has; IMP_EMULATOR_READY names the ready file
plugin: ucops.imp.imp_emulator

# Another file: a ready file beside this one, hosts called as on the real cluster, and no long waits for what is down.
# plugin: ucops.imp.imp_emulator
# ready_file: ready.json
# host_names: full
# certification_authority: eca.example.com
# retries: 1
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible import constants as C  # noqa: N812 - as everywhere in Ansible
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined, shortened
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.hosts import GROUPS, Hosts, Wanted, hosts_of
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import NotReady, Ready, read

CLUSTER = "ucops_imp_cluster"
SOURCE = "imp_cluster_source"
READY_FILE = "imp_emulator_ready_file"
"""The variables that tell where a host comes from: its cluster, the file of a real one, and the emulator's."""
UNREAD = "imp_cluster_unread"
"""The variable of all hosts that tells the playbooks of this collection what is missing."""


class InventoryModule(BaseInventoryPlugin):
    NAME = "ucops.imp.imp_emulator"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(("imp_emulator.yml", "imp_emulator.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._folder = Path(path).absolute().parent
        try:
            # So that templates may use extra variables.
            self.templar.available_variables = self._vars
            self._read_config_data(path)
            ready = self._ready()
            if ready is not None:
                self._add(self._hosts(ready))
        except Exception as error:
            # Ansible only warns, and a run that leaves hosts out would look well.
            self._not_read(f"{path}: {error}")
            raise

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the options; a text of the configuration file may be a template, whatever type the option has."""
        direct = {name: self._templated(name, value) for name, value in (direct or {}).items()}
        known = sorted(C.config.get_configuration_definitions("inventory", self._load_name))
        # Ansible itself takes a misspelt option for nothing.
        if unknown := [str(name) for name in direct if name not in known]:
            raise AnsibleParserError(f"there is no option {', '.join(unknown)}; there are {', '.join(known)}")
        if isinstance(direct.get("ready_file"), str):
            direct["ready_file"] = str(self._folder / Path(direct["ready_file"]).expanduser())
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def _templated(self, name: str, value: Any) -> Any:
        try:
            return self.templar.template(value) if isinstance(value, str) else value
        except AnsibleError as error:
            raise AnsibleParserError(shortened(f"{name}: {error.message}")) from None

    def _ready(self) -> Ready | None:
        """Return what the ready file tells, ``None`` when there is none, of which the user is warned."""
        path = Path(self.get_option("ready_file"))
        try:
            there, is_folder = path.exists(), path.is_dir()
        except OSError as error:
            raise AnsibleParserError(f"ready_file: {shortened(str(path), 100)}: {error.strerror}.") from None
        # So it is, too, when the option or the variable of the environment is empty.
        if is_folder:
            raise AnsibleParserError(f"ready_file: {path} is a folder. Name the file, here or in IMP_EMULATOR_READY.")
        if not there:
            text = f"there is no file {path}, so there are no hosts. Start the emulator, or name its ready file."
            self.display.warning(f"{self.NAME}: {text}")
            self._not_read(text)
            for group in GROUPS:
                self.inventory.add_group(group)
            return None
        try:
            return read(path)
        except NotReady as reason:
            raise AnsibleParserError(f"ready_file: {reason}") from None

    def _not_read(self, text: str) -> None:
        unread = self.inventory.groups["all"].get_vars().get(UNREAD, [])
        self.inventory.set_variable("all", UNREAD, [*unread, wrap_var(text)])

    def _hosts(self, ready: Ready) -> Hosts:
        common = {name: self.get_option(name) for name in ("retries", "timeout") if self.get_option(name) is not None}
        chosen = {name: self.get_option(name) for name in ("clusters", "exchange_servers")}
        authority = self.get_option("certification_authority")
        wanted = Wanted(self.get_option("host_names") == "full", **chosen, authority=authority, common=common)
        try:
            found = hosts_of(ready, wanted)
        except KeyError as error:
            raise AnsibleParserError(f"ready_file: {ready.path} lacks {error} of a server.") from None
        except LookupError as error:
            raise AnsibleParserError(str(error.args[0])) from None
        if problems := [*found.problems(), *self._others(ready, found)]:
            raise AnsibleParserError(joined(problems))
        return found

    def _others(self, ready: Ready, found: Hosts) -> Iterator[str]:
        """Yield why the inventory has something already that this emulator would silently take the place of."""
        other = self.inventory.groups["all"].get_vars().get(READY_FILE)
        if other is not None and Path(other).resolve() != ready.path.resolve():
            yield f"the inventory has the emulator of {other} already, not that of {ready.path}; take one of them."
            return
        for name, host in self.inventory.hosts.items():
            known = {**get_group_vars(host.get_groups()), **host.get_vars()}
            cluster = known.get(CLUSTER)
            if name not in found.variables:
                if other is not None and str(cluster) in found.group_variables:
                    yield f"host_names: the cluster {cluster} has the host {name} already; call its nodes as there."
            elif known.get(SOURCE) is not None:
                yield f"{name}: it is a host of the cluster of {known[SOURCE]} already."
            elif cluster is not None and name not in found.groups.get(str(cluster), ()):
                yield f"{name}: the inventory has a host of this name with {CLUSTER}={cluster} already."

    def _add(self, found: Hosts) -> None:
        for name, variables in found.variables.items():
            self.inventory.add_host(name)
            self.inventory.set_variable(name, "ansible_connection", "local")
            self.inventory.set_variable(name, "ansible_python_interpreter", sys.executable)
            self._set(name, variables)
        for group, names in found.groups.items():
            self.inventory.add_group(group)
            for name in names:
                self.inventory.add_host(name, group=group)
        for group, variables in found.group_variables.items():
            self._set(group, variables)

    def _set(self, name: str, variables: dict[str, Any]) -> None:
        for variable, value in variables.items():
            # No template, whatever stands in it.
            self.inventory.set_variable(name, variable, wrap_var(value))
