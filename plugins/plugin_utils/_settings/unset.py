# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Variables that are not set where something needs them: which one it is, and in which file it belongs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import Host

_LONGEST_PROBLEM = 400
_LARGEST_FILE = 1_000_000
"""Bytes; a larger file of variables is not searched."""
_MOST_PLACES = 3
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_NAME = re.compile(r"[A-Za-z_]\w*")
_NOT_SEARCHED = ("hostvars", "vars", "groups")
"""Variables of ansible itself that hold all others."""
_IN_THE_VAULT = "vault_"
"""Begins the names of variables that the vault has, by convention."""


class Unset:
    """Collects what could not be filled in, and tells each variable that is missing once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.noted = 0
        """So often something was noted."""
        self._places: dict[str, list[str]] = {}
        self._others: list[str] = []

    def note(self, place: str, value: Any, error: AnsibleError) -> None:
        """Note that the template ``value`` at ``place`` needs what is not there."""
        self.noted += 1
        cause = _cause(value, error, self._host, set())
        if cause is None or cause == place:
            self._others.append(shortened(f"{place}: {' '.join(str(error).split())}", _LONGEST_PROBLEM))
        else:
            self._places.setdefault(cause, []).append(place)

    def sentences(self) -> list[str]:
        """Return a sentence for each variable that is missing, and for what failed for another reason."""
        return [self._sentence(*missing) for missing in self._places.items()] + self._others

    def _sentence(self, variable: str, places: list[str]) -> str:
        # What a role makes of a variable that is told anyhow is no news.
        given = [place for place in dict.fromkeys(places) if _name(place) in self._host.variables] or places
        told, more = given[:_MOST_PLACES], len(given) - _MOST_PLACES
        names = [*told, f"{more} more"] if more > 0 else told
        needing = f"{', '.join(names[:-1])} and {names[-1]} need" if len(names) > 1 else f"{names[0]} needs"
        return f"{variable}: it is not set, and {needing} it. {_where(variable, self._host.variables)}"


def filled_in(place: str, value: Any, host: Host, unset: Unset) -> Any:
    """Fill the templates of a value in, piece by piece; what cannot be is noted and left out."""
    if isinstance(value, Mapping):
        pairs = {key: filled_in(f"{place}.{key}", one, host, unset) for key, one in value.items()}
        return {key: one for key, one in pairs.items() if one is not None}
    try:
        return host.value(value)
    except AnsibleError as error:
        unset.note(place, value, error)
        return None


def _cause(value: Any, error: AnsibleError, host: Host, seen: set[str]) -> str | None:
    """Return the variable that a template lacks, behind all the variables that it is taken from."""
    text = _text(value)
    for name in dict.fromkeys(_NAME.findall(text)):
        known = host.variables.get(name)
        if name in seen or name in _NOT_SEARCHED or not isinstance(known, (str, dict, list)):
            continue
        seen.add(name)
        try:
            host.value(known)
        except AnsibleError as deeper:
            return _cause(known, deeper, host, seen) or name
    named = _UNDEFINED.search(str(error))
    return named[1] if named and named[1] in text else None


def _name(place: str) -> str:
    return place.partition(".")[0]


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - up to core 2.18 an encrypted value is opened for its text
        return ""


def _where(variable: str, variables: Mapping[str, Any]) -> str:
    """Say in which file a variable belongs."""
    inventory = variables.get("inventory_dir")
    if not inventory:
        return "Set it in the inventory."
    folder = Path(inventory)
    for path in _files(folder):
        if re.search(rf"^{variable}\s*:", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
            if ".example." not in path.name:
                return f"Set it in {_shown(path)}."
            own = path.with_name(path.name.replace(".example.", "."))
            return f"Set it in {_shown(own)}; {path.name} beside it shows how."
    if variable.startswith(_IN_THE_VAULT):
        return f"Set it in {_shown(folder / 'group_vars' / 'all' / 'vault.yml')}."
    return f"Set it in the variables of the inventory {_shown(folder)}."


def _files(inventory: Path) -> Iterator[Path]:
    """Yield the files of variables of an inventory that can be read."""
    for part in ("group_vars", "host_vars"):
        yield from (path for path in sorted((inventory / part).rglob("*")) if _is_readable(path))


def _is_readable(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST_FILE and os.access(path, os.R_OK)
    except OSError:
        return False


def _shown(path: Path) -> str:
    """Return a path as a user types it where the command was started."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
