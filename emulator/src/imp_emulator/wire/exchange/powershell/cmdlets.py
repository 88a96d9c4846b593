# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cmdlets of the session, their parameters, and how the parameters are bound; there is no other command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from psrpcore.types import PSObject

from imp_emulator.domain.exchange import certificates, management_roles, management_scopes, trust
from imp_emulator.errors import DomainError, InvalidValue, NotFound
from imp_emulator.wire.exchange.powershell import records
from imp_emulator.world.context import Context

Values = dict[str, Any]
"""The bound parameters by their full names."""


@dataclass(slots=True)
class Session:
    """What a cmdlet works on: what rules are given, the server asked, and a key where one was made for it."""

    context: Context
    server: str
    key: rsa.RSAPrivateKey | None = None


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """A cmdlet.

    Attributes:
        write: Whether it changes the environment.
        parameters: Name and type of each; ``!`` at the end of a type makes it mandatory.
        positional: The parameter that an argument without a name is for.
        confirms: Whether it asks for confirmation.
    """

    name: str
    write: bool
    parameters: Mapping[str, str]
    run: Callable[[Session, Values], Sequence[PSObject | str]]
    positional: str | None = None
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a client wants to run: one cmdlet with its arguments, or something that is none.

    Attributes:
        arguments: Name (``None`` for a positional one) and value of each.
    """

    name: str
    script: bool = False
    arguments: Sequence[tuple[str | None, Any]] = field(default_factory=tuple)


def _new_certificate(session: Session, values: Values) -> Sequence[PSObject | str]:
    if not values.get("GenerateRequest"):
        text = "Only certificate requests are made here; use the GenerateRequest parameter."
        raise InvalidValue("generate-request", text)
    request = certificates.checked_request(
        session.context,
        session.server,
        values["SubjectName"],
        values.get("DomainName", []),
        _key_size(values),
        friendly_name=values.get("FriendlyName", ""),
        exportable=bool(values.get("PrivateKeyExportable", False)),
    )
    key = session.key or certificates.generate_key(request.key_size)
    return [certificates.add_request(session.context, session.server, request, key).request]


def _import_certificate(session: Session, values: Values) -> Sequence[PSObject | str]:
    stored = certificates.import_issued(
        session.context, session.server, values["FileData"], values.get("FriendlyName", "")
    )
    return [records.certificate(stored, trust.judge(session.context, stored))]


def _get_certificate(session: Session, values: Values) -> Sequence[PSObject | str]:
    if "Thumbprint" in values:
        found = [certificates.find(session.context, session.server, values["Thumbprint"])]
    else:
        found = certificates.certificates(session.context, session.server)
    return [records.certificate(stored, trust.judge(session.context, stored)) for stored in found]


def _enable_certificate(session: Session, values: Values) -> Sequence[PSObject | str]:
    words = [word.strip() for text in values["Services"] for word in text.split(",")]
    known = {service.lower(): service for service in certificates.SERVICES}
    unknown = [word for word in words if word.lower() not in known]
    if unknown or not words:
        text = f"Cannot convert value {', '.join(unknown) or 'nothing'} to a service; known are {', '.join(known)}."
        raise InvalidValue("services", text, "Services")
    services = [known[word.lower()] for word in words]
    certificates.enable(session.context, session.server, values["Thumbprint"], services)
    return []


def _remove_certificate(session: Session, values: Values) -> Sequence[PSObject | str]:
    certificates.remove(session.context, session.server, values["Thumbprint"])
    return []


def _new_assignment(session: Session, values: Values) -> Sequence[PSObject | str]:
    assigned = management_roles.assign(
        session.context, values["Role"], values["User"], values.get("Name"), values.get("CustomRecipientWriteScope")
    )
    return [records.assignment(assigned)]


def _get_assignment(session: Session, values: Values) -> Sequence[PSObject | str]:
    if "Identity" in values:
        return [records.assignment(management_roles.assignment(session.context, values["Identity"]))]
    found = management_roles.assignments(session.context, values.get("Role"), values.get("RoleAssignee"))
    return [records.assignment(known) for known in found]


def _remove_assignment(session: Session, values: Values) -> Sequence[PSObject | str]:
    management_roles.unassign(session.context, values["Identity"])
    return []


def _new_scope(session: Session, values: Values) -> Sequence[PSObject | str]:
    return [records.scope(management_scopes.add(session.context, values["Name"], values["RecipientRestrictionFilter"]))]


def _get_scope(session: Session, values: Values) -> Sequence[PSObject | str]:
    if "Identity" in values:
        return [records.scope(management_scopes.scope(session.context, values["Identity"]))]
    return [records.scope(known) for known in management_scopes.scopes(session.context)]


def _set_scope(session: Session, values: Values) -> Sequence[PSObject | str]:
    management_scopes.change(session.context, values["Identity"], values["RecipientRestrictionFilter"])
    return []


def _remove_scope(session: Session, values: Values) -> Sequence[PSObject | str]:
    management_scopes.remove(session.context, values["Identity"])
    return []


_COMMON = {
    "Confirm": "bool",
    "WhatIf": "bool",
    "ErrorAction": "text",
    "WarningAction": "text",
    "Verbose": "bool",
    "Debug": "bool",
    "DomainController": "text",
}

CMDLETS: Mapping[str, Cmdlet] = {
    cmdlet.name.lower(): cmdlet
    for cmdlet in (
        Cmdlet(
            "New-ExchangeCertificate",
            True,
            {
                "GenerateRequest": "bool",
                "SubjectName": "text!",
                "DomainName": "texts",
                "KeySize": "number",
                "FriendlyName": "text",
                "PrivateKeyExportable": "bool",
                "Server": "text",
            },
            _new_certificate,
        ),
        Cmdlet(
            "Import-ExchangeCertificate",
            True,
            {"FileData": "bytes!", "FriendlyName": "text", "PrivateKeyExportable": "bool", "Server": "text"},
            _import_certificate,
        ),
        Cmdlet(
            "Get-ExchangeCertificate", False, {"Thumbprint": "text", "Server": "text"}, _get_certificate, "Thumbprint"
        ),
        Cmdlet(
            "Enable-ExchangeCertificate",
            True,
            {"Thumbprint": "text!", "Services": "texts!", "Force": "bool", "Server": "text"},
            _enable_certificate,
            "Thumbprint",
        ),
        Cmdlet(
            "Remove-ExchangeCertificate",
            True,
            {"Thumbprint": "text!", "Server": "text"},
            _remove_certificate,
            "Thumbprint",
            confirms=True,
        ),
        Cmdlet(
            "New-ManagementRoleAssignment",
            True,
            {"Role": "text!", "User": "text!", "Name": "text", "CustomRecipientWriteScope": "text"},
            _new_assignment,
            "Name",
        ),
        Cmdlet(
            "Get-ManagementRoleAssignment",
            False,
            {"Identity": "text", "Role": "text", "RoleAssignee": "text"},
            _get_assignment,
            "Identity",
        ),
        Cmdlet(
            "Remove-ManagementRoleAssignment",
            True,
            {"Identity": "text!"},
            _remove_assignment,
            "Identity",
            confirms=True,
        ),
        Cmdlet(
            "New-ManagementScope", True, {"Name": "text!", "RecipientRestrictionFilter": "text!"}, _new_scope, "Name"
        ),
        Cmdlet("Get-ManagementScope", False, {"Identity": "text"}, _get_scope, "Identity"),
        Cmdlet(
            "Set-ManagementScope",
            True,
            {"Identity": "text!", "RecipientRestrictionFilter": "text!"},
            _set_scope,
            "Identity",
        ),
        Cmdlet("Remove-ManagementScope", True, {"Identity": "text!"}, _remove_scope, "Identity", confirms=True),
    )
}


def cmdlet_of(invocation: Invocation) -> Cmdlet | None:
    """Return the cmdlet that is meant, or ``None`` when there is no such one."""
    return None if invocation.script else CMDLETS.get(invocation.name.lower())


def run(session: Session, invocation: Invocation) -> Sequence[PSObject | str]:
    """Run a cmdlet and return what it puts out.

    Raises:
        records.CmdletError: Anything else than a known cmdlet with good parameters, or the environment refuses.
    """
    if invocation.script:
        raise records.no_language()
    cmdlet = cmdlet_of(invocation)
    if cmdlet is None:
        raise records.unknown_command(invocation.name)
    values = _bind(cmdlet, invocation)
    if cmdlet.confirms and values.get("Confirm", True):
        raise records.prompts(cmdlet.name)
    if values.get("WhatIf"):
        return []
    try:
        _check_server(session, values)
        return cmdlet.run(session, values)
    except DomainError as error:
        now = session.context.clock.now()
        raise records.refused(error, cmdlet.name, session.server, now) from None


generate_key = certificates.generate_key


def key_to_make(invocation: Invocation) -> int | None:
    """Return the size of the key that an invocation needs, or ``None`` when it needs none or is refused anyway."""
    cmdlet = cmdlet_of(invocation)
    if cmdlet is None or cmdlet.run is not _new_certificate:
        return None
    try:
        size = _key_size(_bind(cmdlet, invocation))
    except records.CmdletError:
        return None
    return size if size in certificates.KEY_SIZES else None


def _key_size(values: Values) -> int:
    return int(values.get("KeySize", certificates.DEFAULT_KEY_SIZE))


def _check_server(session: Session, values: Values) -> None:
    name = str(values.get("Server", session.server)).lower()
    if name not in (session.server.lower(), session.server.lower().partition(".")[0]):
        raise NotFound("server-not-found", f"The server {name} isn't this one, and no other can be reached from here.")


def _bind(cmdlet: Cmdlet, invocation: Invocation) -> Values:
    known = {**cmdlet.parameters, **_COMMON}
    values: Values = {}
    for given, value in invocation.arguments:
        name = cmdlet.positional if given is None else _full_name(cmdlet.name, known, given.strip("-:"))
        if name is None or name in values:
            text = "A positional parameter cannot be found that accepts the given argument."
            raise records.binding(text, "PositionalParameterNotFound", cmdlet.name, given or "")
        values[name] = _converted(cmdlet.name, name, known[name].rstrip("!"), value)
    missing = [name for name, kind in cmdlet.parameters.items() if kind.endswith("!") and name not in values]
    if missing:
        text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}."
        raise records.binding(text, "MissingMandatoryParameter", cmdlet.name, missing[0])
    return values


def _full_name(cmdlet: str, known: Mapping[str, str], given: str) -> str:
    """Return a parameter's full name: letter case does not count, and a beginning that is unique will do."""
    exact = [name for name in known if name.lower() == given.lower()]
    found = exact or [name for name in known if given and name.lower().startswith(given.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        text = f"Parameter cannot be processed because the parameter name '{given}' is ambiguous."
        raise records.binding(text, "AmbiguousParameter", cmdlet, given)
    text = f"A parameter cannot be found that matches parameter name '{given}'."
    raise records.binding(text, "NamedParameterNotFound", cmdlet, given)


def _converted(cmdlet: str, name: str, kind: str, value: Any) -> Any:
    try:
        return _CONVERSIONS[kind](value)
    except (TypeError, ValueError):
        text = f"Cannot process argument transformation on parameter '{name}': the value is of the wrong type."
        raise records.binding(text, "ParameterArgumentTransformationError", cmdlet, name) from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return str(value)


def _texts(value: Any) -> list[str]:
    return [_text(one) for one in (value if isinstance(value, list) else [value])]


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def _flag(value: Any) -> bool:
    """A switch without a value is on."""
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return value is None or value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | list):
        raise TypeError
    return bytes(value)


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "texts": _texts,
    "number": _number,
    "bool": _flag,
    "bytes": _bytes,
}
