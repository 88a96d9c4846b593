# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The rows about the cluster: interfaces and accounts, versions, services, IPv6. Pure: answers in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import IN_BETWEEN, STARTED, Service
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import Forbidden, NoPublicApi, Unauthorized
from ansible_collections.ucops.imp.plugins.module_utils._core.options import find_name
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row, failed, ok, skipped, unknown, warned
from ansible_collections.ucops.imp.plugins.module_utils._product import ipv6, releases
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import BY_OPTION, PRESENCE_ENGINE, problem

AXL_SERVICE = "Cisco AXL Web Service"
CENTER_PAGE = "Cisco Unified Serviceability, Tools, Control Center - Feature Services"
ACTIVATION_PAGE = "Cisco Unified Serviceability, Tools, Service Activation"


@dataclass(frozen=True)
class NodeFacts:
    """What the control center of a node tells; no version where it does not."""

    services: Mapping[str, Service]
    version: str | None


def interface_rows(answer: InterfaceAnswer) -> list[Row]:
    """Say whether an interface answers, whether the account logs in there, and whether it has its role."""
    subject = str(answer.interface)
    who = f"{answer.interface.connection.username} at {subject}"
    if answer.not_asked is not None:
        return _three(subject, who, [None, None, None], answer.not_asked)
    error = answer.error
    if isinstance(error, Unauthorized):
        text = f"{error.message} It was tried once only, so that the account is not locked."
        refused = failed("account-logs-in", who, "refused (HTTP 401)", "accepted", text)
        return _three(subject, who, [_answers(subject), refused, None], "it did not log in")
    if isinstance(error, Forbidden):
        lacking = failed("account-has-role", who, "not permitted (HTTP 403)", "permitted", error.message)
        return _three(subject, who, [_answers(subject), _logs_in(who), lacking], "")
    if isinstance(error, NoPublicApi):
        absent = unknown("interface-answers", subject, "there is no such interface", "it answers", error.message)
        return _three(subject, who, [absent, None, None], "there is no such interface")
    if error is not None:
        silent = failed("interface-answers", subject, error.code, "it answers", error.message)
        return _three(subject, who, [silent, None, None], "the interface does not answer properly")
    return [_answers(subject), _logs_in(who), ok("account-has-role", who, "permitted")]


def _three(subject: str, who: str, rows: Sequence[Row | None], why: str) -> list[Row]:
    """Return the rows, with a skipped one in the place of each that is missing."""
    checks = (("interface-answers", subject), ("account-logs-in", who), ("account-has-role", who))
    return [row or skipped(check, about, why) for row, (check, about) in zip(rows, checks, strict=True)]


def _answers(subject: str) -> Row:
    return ok("interface-answers", subject, "answers")


def _logs_in(who: str) -> Row:
    return ok("account-logs-in", who, "accepted")


def why_silent(answer: InterfaceAnswer) -> str:
    """Return why an answer has no value, for rows that depend on it."""
    if answer.not_asked is not None:
        return answer.not_asked
    if isinstance(answer.error, Unauthorized | Forbidden):
        return f"{answer.interface.connection.username} may not ask the {answer.interface}"
    return f"the {answer.interface} does not answer properly"


def version_row(answer: InterfaceAnswer, need: releases.Need) -> Row:
    """Say whether the collection works with the release of a node."""
    check, subject = "version-supported", answer.interface.probed.endpoint.host
    if not answer.answered:
        return skipped(check, subject, why_silent(answer))
    facts: NodeFacts = answer.value
    expected = f"{releases.written(need.oldest)} or newer"
    wrong = releases.problem(facts.version or "", need)
    if facts.version is None or wrong == "no-version":
        advice = "See Cisco Unified OS Administration, Show, Software."
        return unknown(check, subject, "the node does not say its version", expected, advice)
    if wrong == "too-old":
        return failed(check, subject, facts.version, expected, f"Upgrade the node: {need.reason}.")
    if wrong == "too-new":
        newest = releases.written(releases.NEWEST_KNOWN)
        advice = f"Test it in a laboratory first: nothing newer than {newest} is known."
        return warned(check, subject, facts.version, expected, advice)
    return ok(check, subject, facts.version, expected)


def same_version_row(answers: Sequence[InterfaceAnswer]) -> Row:
    """Say whether all nodes have the same release, which a deployment that is not centralized needs."""
    check, subject = "versions-match", "nodes of the cluster"
    told = {
        answer.interface.probed.endpoint.name: release
        for answer in answers
        if answer.answered and (release := releases.release_of(answer.value.version or ""))
    }
    if len(told) < 2:
        return skipped(check, subject, "the versions of fewer than two nodes are known")
    found = sorted(set(told.values()))
    if len(found) == 1:
        return ok(check, subject, releases.written(found[0]), "one release")
    advice = (
        "Unified CM and the IM and Presence Service must have the same release, unless the IM and Presence deployment "
        "is centralized."
    )
    shown = ", ".join(f"{name} {releases.written(release)}" for name, release in told.items())
    return warned(check, subject, shown, "one release", advice)


def service_rows(answer: InterfaceAnswer, names: Sequence[str]) -> list[Row]:
    """Say of each of these services whether it runs on an IM and Presence node (requirement R1)."""
    return [_service_row("service-runs", answer, name) for name in names]


def axl_row(answer: InterfaceAnswer) -> Row:
    """Say whether AXL runs where the collection uses it: on the Unified CM publisher, and nowhere else."""
    return _service_row("axl-service-runs", answer, AXL_SERVICE)


def _service_row(check: str, answer: InterfaceAnswer, name: str) -> Row:
    node = answer.interface.probed.endpoint.name
    subject = f"{name} on {node}"
    if not answer.answered:
        return skipped(check, subject, why_silent(answer))
    service = find_service(answer.value, name)
    if service is None or not service.exists:
        return failed(
            check, subject, "not installed", STARTED, f"See whether the name is right, and {node} the right node."
        )
    if service.status == STARTED:
        return ok(check, subject, service.status)
    if not service.activated:
        advice = f"Activate it: ucops.imp.services with state activated, or {ACTIVATION_PAGE}."
        return failed(check, subject, "not activated", STARTED, advice)
    if service.status in IN_BETWEEN:
        return failed(
            check, subject, service.status, STARTED, "Wait until it has settled, and run the preflight again."
        )
    advice = f"Start it: ucops.imp.services with state started, or {CENTER_PAGE}."
    return failed(check, subject, service.status, STARTED, advice)


def notification_port_row(axl: InterfaceAnswer) -> Row:
    """Say whether the port for notifications from Exchange is one that the product does not use itself (P2).

    Whether another program of a node has taken it, no interface tells.
    """
    parameter = BY_OPTION["exchange_notification_port"]
    about = ("notify-port-unused", parameter.label)
    if not axl.answered:
        return skipped(*about, why_silent(axl))
    expected = "a port that nothing else uses"
    value = find_name(axl.value, parameter.name)
    if value is None:
        advice = f"See System, Service Parameters, {PRESENCE_ENGINE}; AXL does not know {parameter.name}."
        return unknown(*about, "no such parameter", expected, advice)
    said = problem(parameter, parameter.decode(value))
    if said is None:
        return ok(*about, value, expected)
    advice = f"Set it: ucops.imp.calendaring_parameters with exchange_notification_port {parameter.default}. {said}"
    return failed(*about, value, expected, advice)


def find_service(facts: NodeFacts, name: str) -> Service | None:
    """Return a service by its name in any letter case."""
    return find_name(facts.services, name)


def ipv6_rows(axl: InterfaceAnswer, admin: InterfaceAnswer, names: Sequence[str], enable: bool) -> list[Row]:
    """Say whether the cluster is ready for those of the gateways that are IPv6 addresses (requirement G7).

    ``enable`` tells whether the playbooks are going to switch IPv6 on, so that it may still be off.
    """
    enabled, addresses = ("ipv6-enabled", f"enterprise parameter {ipv6.PARAMETER}"), "ipv6-address"
    if not any(ipv6.is_ipv6(name) for name in names):
        why = "no gateway is an IPv6 address"
        return [skipped(*enabled, why), skipped(addresses, "Eth0 of the nodes", why)]
    rows = [_parameter_row(enabled, axl, enable)]
    if isinstance(admin.error, NoPublicApi):
        advice = "See Cisco Unified IM and Presence OS Administration, Settings, IP, Ethernet IPv6, on every node."
        return [*rows, unknown(addresses, "Eth0 of the nodes", "no interface tells", "an IPv6 address", advice)]
    if not admin.answered:
        return [*rows, skipped(addresses, "Eth0 of the nodes", why_silent(admin))]
    nodes: list[dict[str, Any]] = admin.value.nodes
    return [*rows, *(_eth0_row(node) for node in nodes)]


def _parameter_row(about: tuple[str, str], axl: InterfaceAnswer, enable: bool) -> Row:
    if not axl.answered:
        return skipped(*about, why_silent(axl))
    value = find_name(axl.value, ipv6.PARAMETER)
    if value == ipv6.ON:
        return ok(*about, value, ipv6.ON)
    if enable and value is not None:
        advice = "Nothing to do here: the role presence_gateways sets it, see presence_gateways_enable_ipv6."
        return warned(*about, value, ipv6.ON, advice)
    advice = f"Set it: ucops.imp.service_parameters with {ipv6.PARAMETER} {ipv6.ON}, or leave IPv6 gateways out."
    return failed(*about, value or "no such parameter", ipv6.ON, advice)


def _eth0_row(node: Mapping[str, Any]) -> Row:
    check, subject = "ipv6-address", f"Eth0 of {node['name']}"
    if not ipv6.nodes_without_address([node]):
        return ok(check, subject, str(node["eth0_ipv6"]), "an IPv6 address")
    advice = "Set it in Cisco Unified IM and Presence OS Administration, Settings, IP, Ethernet IPv6."
    return failed(check, subject, "none", "an IPv6 address", advice)
