# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell's error records, and the objects that the cmdlets put out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    NETException,
    PSObject,
    add_note_property,
)

from imp_emulator.domain.exchange.certificates import ExchangeCertificate
from imp_emulator.domain.exchange.management_roles import RoleAssignment
from imp_emulator.domain.exchange.management_scopes import ManagementScope
from imp_emulator.domain.exchange.trust import Trust
from imp_emulator.errors import DomainError, Duplicate, InvalidValue, NotFound
from imp_emulator.x509.distinguished_names import Name

_ATTRIBUTE = re.compile(r"(?:[^\\+]|\\.)+", re.DOTALL)
"""One attribute of a part of a distinguished name as RFC 4514 writes it, where a backslash takes the next character."""
_ESCAPED = re.compile(r'\\([\\"+,;<># ])')
_QUOTED = re.compile(r'[,+="<>#;\r\n]|^\s|\s$')
"""What Windows puts into quotes."""
_WINDOWS_NAMES = {"ST": "S"}
"""The short names of attributes that Windows writes otherwise than RFC 4514."""
_AUTOMATION = "System.Management.Automation"
_WINDOWS_TIME = "%m/%d/%Y %I:%M:%S %p"
_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"


class CmdletError(Exception):
    """What makes a cmdlet fail.

    Attributes:
        terminating: Whether the whole pipeline ends with it; otherwise the cmdlet itself has done nothing.
    """

    def __init__(self, record: ErrorRecord, terminating: bool) -> None:
        super().__init__(str(record))
        self.record = record
        self.terminating = terminating


def _record(
    message: str, types: Sequence[str], category: ErrorCategory, error_id: str, activity: str, target: str = ""
) -> ErrorRecord:
    exception = NETException(Message=message, HResult=-2146233088)
    exception.PSObject.type_names = [*types, "System.Exception", "System.Object"]
    exception.PSObject.to_string = f"{types[0]}: {message}"
    info = ErrorCategoryInfo(
        Category=category,
        Activity=activity,
        Reason=types[0].rpartition(".")[2],
        TargetName=target,
        TargetType="String" if target else "",
    )
    return ErrorRecord(Exception=exception, CategoryInfo=info, FullyQualifiedErrorId=error_id)


def unknown_command(name: str) -> CmdletError:
    """A command that the session does not offer."""
    text = (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    types = [f"{_AUTOMATION}.CommandNotFoundException", f"{_AUTOMATION}.RuntimeException"]
    record = _record(text, types, ErrorCategory.ObjectNotFound, "CommandNotFoundException", "", name)
    return CmdletError(record, terminating=True)


def no_language() -> CmdletError:
    """A script where there is no language: the session takes cmdlets with parameters only."""
    text = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
    types = [f"{_AUTOMATION}.ScriptRequiresException", f"{_AUTOMATION}.RuntimeException"]
    return CmdletError(_record(text, types, ErrorCategory.ParserError, "ScriptsNotAllowed", ""), terminating=True)


def binding(message: str, error_id: str, cmdlet: str, parameter: str) -> CmdletError:
    """A parameter that the cmdlet does not have, that it lacks, or whose value has the wrong type."""
    types = [f"{_AUTOMATION}.ParameterBindingException", f"{_AUTOMATION}.RuntimeException"]
    record = _record(message, types, ErrorCategory.InvalidArgument, f"{error_id},{cmdlet}", cmdlet, parameter)
    return CmdletError(record, terminating=True)


def prompts(cmdlet: str) -> CmdletError:
    """A cmdlet that asks for confirmation, which nobody can give here: ``-Confirm:$false`` says it beforehand."""
    text = (
        "A command that prompts the user failed because the host program or the command type does not support user "
        f"interaction. The command {cmdlet} asks for confirmation; use -Confirm:$false."
    )
    types = [f"{_AUTOMATION}.Host.HostException", f"{_AUTOMATION}.RuntimeException"]
    # PowerShell's own category and id of this error.
    record = _record(text, types, ErrorCategory.NotImplemented, f"HostFunctionNotImplemented,{cmdlet}", cmdlet)
    return CmdletError(record, terminating=True)


_CATEGORIES: Mapping[type[DomainError], tuple[str, ErrorCategory]] = {
    NotFound: ("ManagementObjectNotFoundException", ErrorCategory.ObjectNotFound),
    Duplicate: ("ManagementObjectAlreadyExistsException", ErrorCategory.ResourceExists),
    InvalidValue: ("ArgumentException", ErrorCategory.InvalidArgument),
}


def refused(error: DomainError, cmdlet: str, server: str, at: datetime) -> CmdletError:
    """What the environment refuses; the identifier has the form in which Exchange writes it, with our code in it."""
    name, category = _CATEGORIES.get(type(error), ("InvalidOperationException", ErrorCategory.InvalidOperation))
    namespace = "System" if name in ("ArgumentException", "InvalidOperationException") else "Microsoft.Exchange.Data"
    error_id = _error_id(name, error.code, cmdlet, server, at)
    return CmdletError(_record(error.message, [f"{namespace}.{name}"], category, error_id, cmdlet), terminating=False)


def passing(name: str, message: str, cmdlet: str, server: str, at: datetime) -> CmdletError:
    """What Exchange cannot do just now, under the name of one of its exceptions."""
    error_id = _error_id(name, "4D3F", cmdlet, server, at)
    types = [f"Microsoft.Exchange.Data.{name}", "Microsoft.Exchange.Data.TransientException"]
    return CmdletError(_record(message, types, ErrorCategory.ResourceBusy, error_id, cmdlet), terminating=False)


def _error_id(name: str, code: str, cmdlet: str, server: str, at: datetime) -> str:
    verb, _, noun = cmdlet.partition("-")
    return (
        f"[Server={server.partition('.')[0].upper()},RequestId={uuid.uuid4()},"
        f"TimeStamp={at.strftime(_WINDOWS_TIME)}] [FailureCategory=Cmdlet-{name}] "
        f"{code},{_TASKS}.{verb}{noun}"
    )


def _shown(types: Sequence[str], text: str, values: Mapping[str, Any]) -> PSObject:
    """Make an object; ``text`` is what its ``ToString`` gives, which goes over the wire beside the properties."""
    shown = PSObject()
    shown.PSObject.type_names = [*types, "System.Object"]
    shown.PSObject.to_string = text
    for name, value in values.items():
        add_note_property(shown, name, value)
    return shown


def certificate(stored: ExchangeCertificate, trust: Trust) -> PSObject:
    """Show a certificate as Get-ExchangeCertificate does; the private key is no part of it."""
    known = stored.certificate
    names = list(dict.fromkeys([*known.dns_names, *known.addresses] or known.common_names[:1] or [""]))
    values = {
        "Thumbprint": stored.thumbprint,
        "Subject": _windows_name(known.parts.subject),
        "Issuer": _windows_name(known.parts.issuer),
        "NotBefore": known.not_before,
        "NotAfter": known.not_after,
        "SerialNumber": known.serial.upper(),
        "CertificateDomains": names,
        "CertificateRequest": stored.request or None,
        "FriendlyName": stored.friendly_name,
        "HasPrivateKey": True,
        "PrivateKeyExportable": stored.exportable,
        "IsSelfSigned": known.parts.self_issued,
        "PublicKeySize": known.rsa_bits,
        "Services": ", ".join(stored.services) or "None",
        "RootCAType": trust.root_ca_type,
        "Status": trust.status,
        "RawData": known.parts.der,
    }
    types = [f"{_TASKS}.ExchangeCertificate", "System.Security.Cryptography.X509Certificates.X509Certificate2"]
    return _shown(types, _certificate_text(values), values)


def _certificate_text(values: Mapping[str, Any]) -> str:
    """Write a certificate as Windows does, in American English and UTC."""
    parts = {
        "Subject": values["Subject"],
        "Issuer": values["Issuer"],
        "Serial Number": values["SerialNumber"],
        "Not Before": values["NotBefore"].strftime(_WINDOWS_TIME),
        "Not After": values["NotAfter"].strftime(_WINDOWS_TIME),
        "Thumbprint": values["Thumbprint"],
    }
    return "\n".join(f"[{title}]\n  {value}\n" for title, value in parts.items())


def _windows_name(name: Name) -> str:
    """Write a distinguished name as Windows does: the innermost part first, with a space after each comma."""
    return ", ".join(" + ".join(map(_windows_attribute, _ATTRIBUTE.findall(part))) for part in reversed(name.relative))


def _windows_attribute(attribute: str) -> str:
    short, _, value = attribute.partition("=")
    readable = not value.startswith("#")
    value = _ESCAPED.sub(r"\1", value)
    if readable and _QUOTED.search(value):
        value = '"{}"'.format(value.replace('"', '""'))
    return f"{_WINDOWS_NAMES.get(short, short)}={value}"


def assignment(known: RoleAssignment) -> PSObject:
    """Show a role assignment as Get-ManagementRoleAssignment does."""
    return _shown(
        ["Microsoft.Exchange.Data.Directory.Management.ExchangeRoleAssignmentPresentation"],
        known.name,
        {
            "Name": known.name,
            "Identity": known.name,
            "Role": known.role,
            "RoleAssignee": known.assignee,
            "RoleAssigneeName": known.assignee.rpartition("\\")[2].partition("@")[0],
            "RoleAssigneeType": "User",
            "AssignmentMethod": "Direct",
            "RoleAssignmentDelegationType": "Regular",
            "RecipientWriteScope": "Organization" if known.scope is None else "CustomRecipientScope",
            "CustomRecipientWriteScope": known.scope,
            "Enabled": True,
        },
    )


def scope(known: ManagementScope) -> PSObject:
    """Show a management scope as Get-ManagementScope does."""
    return _shown(
        ["Microsoft.Exchange.Data.Directory.SystemConfiguration.ManagementScope"],
        known.name,
        {
            "Name": known.name,
            "Identity": known.name,
            "ScopeRestrictionType": "RecipientScope",
            "RecipientFilter": known.restriction,
            "Exclusive": False,
        },
    )
