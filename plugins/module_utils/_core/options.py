# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Options: the connection to each kind of endpoint, and the checks that an argument spec cannot express.

A module describes itself with :class:`Arguments`::

    ARGUMENTS = Arguments(CUCM, {"out_of_office_information": {"type": "str", "choices": [...]}})

``Arguments.module_kwargs()`` are the keyword arguments of ``AnsibleModule``; ``connection_from(kind, params)`` makes
the :class:`Connection`. Checks return a list of sentences (``[]`` when all is well), so that a user sees every problem
of a task at once and before anything is sent.
"""

from __future__ import annotations

import ipaddress
import os
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ansible.module_utils.basic import env_fallback

T = TypeVar("T")

OptionSpec = dict[str, Any]
"""The argument spec of one option."""

DAY = 86_400
"""Seconds: the longest time that anything is waited for."""
CENTURY = 36_525
"""Days: more than any certificate has left."""
MOST_RETRIES = 1000
SHORTEST_SECRET = 4
"""ansible masks every occurrence of a secret in the output; a shorter one would blot out ordinary words."""


@dataclass(frozen=True)
class EndpointKind:
    """A kind of endpoint: its name, the prefix of its environment variables, its usual port, and the ways to log in.

    ``account`` says which account it takes, ``rights`` what an account needs that may not do what was asked: sentences
    for the user. ``login_page`` is a page that changes nothing, for a login that authenticates a connection. Where
    there is more than Basic there is an option ``auth``. With ``own_login`` the protocol logs in with requests of its
    own: no password goes along with others, and what 401 means is for the client of the protocol to say.
    """

    name: str
    environment: str
    port: int
    account: str
    rights: str
    logins: tuple[str, ...] = ()
    usual_login: str = "basic"
    login_page: str = "/"
    own_login: bool = False


def connection_options(kind: EndpointKind) -> dict[str, OptionSpec]:
    """Return the argument spec of the connection options for a kind of endpoint."""
    spec: dict[str, OptionSpec] = {
        "hostname": {"type": "str", "required": True},
        "port": {"type": "int", "default": kind.port},
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "int", "default": 30},
        "retries": {"type": "int", "default": 5},
    }
    if kind.logins:
        spec["auth"] = {"type": "str", "choices": list(kind.logins), "default": kind.usual_login}
    for name in spec.keys() - {"retries"}:
        spec[name]["fallback"] = (env_fallback, [f"{kind.environment}_{name.upper()}"])
    return spec


REPORT_UNDECLARED: dict[str, OptionSpec] = {"report_undeclared": {"type": "bool", "default": False}}
"""The option with which a module tells of objects that nobody asked for; documented by the fragment
``ucops.imp.audit``, listed in the action group of that name."""

DIFF_PATH: dict[str, OptionSpec] = {"diff_path": {"type": "path"}}
"""The option of a module that may change more than a ``diff`` shows: a file for all of it."""


@dataclass(frozen=True)
class Arguments:
    """A module's argument spec without its connection options, which come from the ``kind`` of endpoint.

    Every module of the collection supports check mode. An empty text is a value for the options in ``may_be_empty``
    only, as in ``gateways.description``.
    """

    kind: EndpointKind
    options: Mapping[str, OptionSpec] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    may_be_empty: Sequence[str] = ()

    @property
    def spec(self) -> dict[str, OptionSpec]:
        """The whole argument spec."""
        return {**connection_options(self.kind), **self.options}

    def module_kwargs(self) -> dict[str, Any]:
        """Return the keyword arguments for ``AnsibleModule``."""
        return {
            "argument_spec": self.spec,
            "mutually_exclusive": self.mutually_exclusive,
            "required_together": self.required_together,
            "required_one_of": self.required_one_of,
            "required_if": self.required_if,
            "supports_check_mode": True,
        }


@dataclass(frozen=True)
class Connection:
    """Where and as whom to talk HTTPS; ``timeout`` in seconds, for each try from connecting to the last byte."""

    kind: EndpointKind
    hostname: str
    port: int
    username: str
    password: str = field(repr=False)
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 30
    retries: int = 5
    auth: str = "basic"

    def at(self, hostname: str, port: int | None = None) -> Connection:
        """Return the same account and settings for another server."""
        return replace(self, hostname=hostname, port=self.port if port is None else port)

    def problems(self) -> list[str]:
        """Return what cannot be right with these options."""
        found = check_host("hostname", self.hostname) + check_port("port", self.port)
        found += [] if self.username.strip() else ["username: must not be empty."]
        found += check_secret("password", self.password)
        if self.ca_path and not os.path.isfile(self.ca_path):  # noqa: PTH113 (Path raises for a name that is too long)
            found.append(f"ca_path: there is no file {self.ca_path} on the controller.")
        found += check_range("timeout", self.timeout, 1, DAY, "seconds")
        return found + check_range("retries", self.retries, 0, MOST_RETRIES)


def connection_from(kind: EndpointKind, params: Mapping[str, Any]) -> Connection:
    """Make the connection from a module's or plugin's options."""
    return Connection(kind=kind, **{name: params[name] for name in connection_options(kind)})


def given(params: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the options among ``names`` that the user set; an option left out (``None``) is not managed."""
    return {name: params[name] for name in names if params.get(name) is not None}


_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that ``value`` writes, or ``None`` when it is a name."""
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def in_url(host: str) -> str:
    """Return a host name or an address as a URL has it: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


_ASCII_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def ascii_lower(text: str) -> str:
    """Return a text with the letters A to Z in lower case and all others as they are.

    So servers compare names: DNS by RFC 4343, Unified CM by assumption. ``str.lower`` and ``str.casefold`` would take
    names for one that a server tells apart, such as those with a sharp s, a ligature or the Kelvin sign.
    """
    return text.translate(_ASCII_LOWER)


def canonical_host(value: str) -> str:
    """Return the form in which host names and addresses are compared: lower case, IPv6 as in RFC 5952."""
    ip = address(value)
    return str(ip) if ip else ascii_lower(value)


def check_host(option: str, value: str, *, qualified: bool = False) -> list[str]:
    """Check an IPv4 address, an IPv6 address without brackets or zone, or a host name (RFC 1123).

    ``qualified=True`` wants a fully qualified name, as presence gateways do (requirement G2); otherwise a single label
    will do, with underscores in it, which many a lab has.
    """
    ip = address(value)
    if ip is not None:
        return [f"{option}: {value} has a zone; give the address without %."] if "%" in value else []
    labels = (value if qualified else value.replace("_", "x")).split(".")
    if len(value) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return [f"{option}: {value!r} is no host name, IPv4 or IPv6 address."]
    if qualified and len(labels) < 2:
        return [f"{option}: {value} is not fully qualified; give a name with its domain, or an address."]
    return []


def check_range(option: str, value: float, least: float, most: float, unit: str = "") -> list[str]:
    """Check a number; ``unit`` is what it counts."""
    what = f" {unit}" if unit else ""
    return [] if least <= value <= most else [f"{option}: {value} is not in the range {least} to {most}{what}."]


def check_port(option: str, value: int) -> list[str]:
    """Check a TCP port."""
    return [] if 1 <= value <= 65535 else [f"{option}: {value} is no TCP port; give 1 to 65535."]


_NEVER_MEANT = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: control characters, what was no UTF-8, separators of lines and of paragraphs."""
_BYTE_ORDER_MARK = "\ufeff"


def check_secret(option: str, value: str) -> list[str]:
    """Refuse a password that nobody can have meant, and one that ansible's masking turns into a blot over the output.

    The sentences never tell a part of the value. Letters of any language and blanks inside of a password are fine.
    """
    if not value.strip():
        return [f"{option}: it is empty or has only blanks."]
    if value.strip("\r\n") != value:
        return [f"{option}: it begins or ends with a line break, which is no part of a password. Remove it (| trim)."]
    for sign in value:
        if unicodedata.category(sign) in _NEVER_MEANT or sign == _BYTE_ORDER_MARK:
            return [f"{option}: it has the control character U+{ord(sign):04X}. Look at where the password comes from."]
    if len(value.strip()) < SHORTEST_SECRET:
        text = f"a secret needs at least {SHORTEST_SECRET} characters, or masking it would garble the output."
        return [f"{option}: {text}"]
    return []


def check_unique(option: str, names: Iterable[str], key: Callable[[str], str] = str) -> list[str]:
    """Refuse a name that is given twice; ``key`` returns the form in which the server compares names."""
    given_as: dict[str, list[str]] = {}
    for name in names:
        given_as.setdefault(key(name), []).append(name)
    return [f"{option}: {same[0]} is given more than once." for same in given_as.values() if len(same) > 1]


def find_name(known: Mapping[str, T], wanted: str) -> T | None:
    """Return what a server lists under a name: under the very name, else under the only one in other letter case."""
    if wanted in known:
        return known[wanted]
    same = [value for name, value in known.items() if ascii_lower(name) == ascii_lower(wanted)]
    return same[0] if len(same) == 1 else None
