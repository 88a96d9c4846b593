# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The scenario of a twin as the text of a file, and the note that says what the twin cannot be. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.ucops.imp.plugins.module_utils._core.options import canonical_host
from ansible_collections.ucops.imp.plugins.plugin_utils._scenario.build import URLS, is_made_up

_HEADER = (
    "# Written by ucops.imp.export. Start it: imp-emulator start --scenario scenario.yml\n"
    "# No secret is in it: passwords are made at the first start.\n---\n"
)
_WIDTH = 1_000_000_000
"""Characters; a longer line than any value."""
_LONGEST = 300
"""Characters of a mapping that is written on one line."""
_NOT_AS_IT_IS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What JSON may hold as it is and YAML may not, or takes for the end of a line."""


def note(twin: Mapping[str, Any], scenario: Mapping[str, Any], *, other_names: bool = False) -> str:
    """Return what the twin is of and in what it is not like the cluster, in sentences.

    Args:
        twin: What the module ``twin_info`` returns of the cluster.
        scenario: What was made of it.
        other_names: Whether the scenario is anonymous.
    """
    (cluster,) = scenario["clusters"]
    of = "a cluster" if other_names else f"the cluster {cluster['name']}"
    said = [
        f"A twin of {of} with release {cluster['version']}, as ucops.imp.export has read it.",
        "Passwords are new, and calendars are empty.",
        "An Exchange server shows a chain with the names and dates of the real one, and has keys of its own.",
    ]
    if other_names:
        said.append("All names are other ones, and parameters whose value may be a name are as the product makes them.")
    said += [f"Not read, and as the product makes it: {part['part']}." for part in twin["unread"]]
    return " ".join([*said, *_of_nodes(twin), *_of_servers(scenario), *_of_urls(twin, cluster)])


def _of_nodes(twin: Mapping[str, Any]) -> Iterable[str]:
    presence = {node["name"] for node in twin["nodes"] if node["role"] == "imp"}
    told = {
        "trust stores": set(twin["trust"][0]["nodes"]) if twin["trust"] else presence,
        "running services": {one["node"] for one in twin["services"] if one["running"] is not None} & presence,
    }
    for what, nodes in told.items():
        if len(nodes) < len(presence):
            yield f"Of {len(presence)} IM and Presence nodes the {what} of {len(nodes)} were read."


def _of_servers(scenario: Mapping[str, Any]) -> Iterable[str]:
    (cluster,) = scenario["clusters"]
    servers = scenario["exchange"]["servers"]
    if any(is_made_up(one["ipv4"]) for one in (*cluster["nodes"], *servers) if "ipv4" in one):
        yield "Addresses out of 198.18.0.0/15 are made up."
    known = {server.get(name) for server in servers for name in ("name", "ipv4", "ipv6")}
    known |= {name for server in servers for name in server.get("aliases", ())}
    gateways = [one for one in cluster["presence_gateways"] if one["type"] == "exchange_ews"]
    lost = sum(canonical_host(one["name"]) not in known for one in gateways)
    if lost:
        yield f"Gateways whose server was not reached: {lost}. Nobody reaches them in the twin."


def _of_urls(twin: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterable[str]:
    pairs = zip(twin["gateways"] or [], cluster["presence_gateways"], strict=True)
    lost = sum(bool(one.get(name)) and name not in shown for one, shown in pairs for name in URLS)
    if lost:
        yield f"URLs of Office 365 gateways left out, because they have no full host name, or another form: {lost}."


class _Line(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as they are, and nothing refers to what stands elsewhere."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _line(dumper: _Dumper, value: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Line, _line)


def written(scenario: Mapping[str, Any], said: str) -> str:
    """Return the text of a scenario of one cluster with its note; each user is one line, at the end."""
    (cluster,) = scenario["clusters"]
    users: Sequence[Mapping[str, Any]] = cluster["users"]["listed"]
    rest = {name: value for name, value in cluster.items() if name != "users"}
    content = {
        "format": scenario["format"],
        "note": said,
        "exchange": scenario["exchange"],
        "clusters": [rest],
    }
    text = yaml.dump(_shaped(content), Dumper=_Dumper, width=_WIDTH, allow_unicode=True, sort_keys=False)
    if not users:
        return f"{_HEADER}{text}"
    return f"{_HEADER}{text}  users:\n    listed:\n" + "".join(f"    - {_user(user)}\n" for user in users)


def _shaped(value: Any) -> Any:
    """Return a value with the mappings in lists that fit on one line marked as such."""
    if isinstance(value, Mapping):
        return {name: _shaped(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_Line(item) if _fits(item) else _shaped(item) for item in value]
    return value


def _fits(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    lists = (item for item in value.values() if isinstance(item, list))
    text = json.dumps(value, ensure_ascii=False)
    return (
        len(text) <= _LONGEST
        and "\\n" not in text
        and not any(isinstance(one, Mapping) for item in lists for one in item)
    )


def _user(user: Mapping[str, Any]) -> str:
    """Return a user on one line, which takes a hundredth of the time of a dumper."""
    return f"{{{', '.join(f'{name}: {_scalar(value)}' for name, value in user.items())}}}"


def _scalar(value: Any) -> str:
    """Return a text or a truth value as JSON, which is YAML but for a few characters."""
    return _NOT_AS_IT_IS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
