# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of the command ``imp-emulator``, for what a person does to a running emulator: its control plane."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imp_emulator.client import ready_file as ready
from imp_emulator.client.control import Control, ControlError, Json
from imp_emulator.domain.imp.presence_rules import SignIn
from imp_emulator.scenario import faults as fault_sets

calendar = typer.Typer(help="Calendars of mailboxes of a running emulator, as iCalendar files.", no_args_is_help=True)
presence = typer.Typer(help="What a running emulator shows of users, and why.", no_args_is_help=True)
redundancy = typer.Typer(help="The presence redundancy groups of a running emulator.", no_args_is_help=True)
node = typer.Typer(help="Nodes of a running emulator: outages, and ports that are taken.", no_args_is_help=True)
exchange = typer.Typer(help="The Exchange servers of a running emulator, and their account.", no_args_is_help=True)
clock = typer.Typer(help="The virtual clock of a running emulator.", no_args_is_help=True)
snapshot = typer.Typer(help="Copies of the state of a running emulator, to go back to.", no_args_is_help=True)
faults = typer.Typer(help="What goes wrong in a running emulator: sets of faults.", no_args_is_help=True)
GROUPS = {
    "calendar": calendar,
    "presence": presence,
    "redundancy": redundancy,
    "node": node,
    "exchange": exchange,
    "clock": clock,
    "snapshot": snapshot,
    "faults": faults,
}
"""By their names."""

ReadyFile = Annotated[
    Path,
    typer.Option(
        "--ready-file", envvar="IMP_EMULATOR_READY", help="The JSON file that tells names, ports and passwords."
    ),
]
Address = Annotated[str, typer.Argument(help="An address of the mailbox.")]
Userid = Annotated[str, typer.Argument(help="The user's ID.")]
Cluster = Annotated[str | None, typer.Option(help="The user's cluster; it may be left out where there is only one.")]
ClusterOfNode = Annotated[str | None, typer.Option("--cluster", help="Its cluster; without it, the only one.")]
Node = Annotated[str, typer.Argument(help="A name or address of the node.")]
Port = Annotated[int, typer.Argument(min=1, max=65535, help="The TCP and UDP port.")]
Server = Annotated[str, typer.Argument(help="The name of the Exchange server.")]
Name = Annotated[str, typer.Argument(help="The snapshot's name.")]
CalendarFile = Annotated[
    Path, typer.Argument(help="A file in the format iCalendar (RFC 5545).", exists=True, dir_okay=False)
]


@calendar.command("put")
def put_calendar(
    ready_file: ReadyFile,
    address: Address,
    file: CalendarFile,
    replace: Annotated[bool, typer.Option(help="Whether to remove what the file does not have.")] = True,
) -> None:
    """Put the events of a file into a mailbox's calendar; exit status 1 when some had to be left out."""
    done = control_of(ready_file).put_calendar(address, file.read_bytes(), replace=replace)
    counts = ", ".join(f"{done[what]} {what}" for what in ("created", "updated", "unchanged", "deleted"))
    typer.echo(f"{address}: {counts}")
    for name, number in done["ignored"].items():
        typer.echo(f"imp-emulator: {file}: {number} {name} ignored, only events are taken", err=True)
    for problem in done["problems"]:
        typer.echo(f"imp-emulator: {file}, line {problem['line']}: {problem['reason']}", err=True)
    if done["problems"]:
        raise typer.Exit(1)


@calendar.command("get")
def get_calendar(ready_file: ReadyFile, address: Address) -> None:
    """Print a mailbox's calendar."""
    typer.echo(control_of(ready_file).calendar(address), nl=False)


@presence.command("list")
def list_presence(
    ready_file: ReadyFile,
    cluster: Annotated[str | None, typer.Option(help="Only users of this cluster.")] = None,
    shown: Annotated[str | None, typer.Option("--presence", help="Only users with this presence.")] = None,
) -> None:
    """Print what is shown of each user of IM and Presence: cluster, user ID, presence, activity and message."""
    for user in control_of(ready_file).presences(cluster=cluster, presence=shown):
        _print_shown(user)


@presence.command("show")
def show_presence(ready_file: ReadyFile, userid: Userid, cluster: Cluster = None) -> None:
    """Print what is shown of a user, and all that decides it, as JSON."""
    found = control_of(ready_file).presence(userid, _cluster(ready_file, cluster))
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))


@presence.command("sign-in")
def sign_in(ready_file: ReadyFile, userid: Userid, state: SignIn, cluster: Cluster = None) -> None:
    """Have a user's client sign in, say something else, or sign out (offline); prints what is shown then."""
    _print_shown(control_of(ready_file).sign_in(userid, state, _cluster(ready_file, cluster)))


@redundancy.command("list")
def list_redundancy(
    ready_file: ReadyFile,
    cluster: Annotated[str | None, typer.Option(help="Only groups of this cluster.")] = None,
) -> None:
    """Print each node: cluster, group, high availability, node, users there of those assigned, state and reason."""
    for group in control_of(ready_file).redundancy_groups(cluster):
        switch = "on" if group["ha_enabled"] else "off"
        for node in group["nodes"]:
            users = f"{node['users_here']} of {node['users_assigned']}"
            words = (group["cluster"], group["name"], switch, node["node"], users, node["state"], node["reason"])
            typer.echo("\t".join(words))


@redundancy.command("fallback")
def fall_back(ready_file: ReadyFile, node: Node, cluster: ClusterOfNode = None) -> None:
    """Have the users of a node come back to it, when it is well again after a failover."""
    control, name = control_of(ready_file), _cluster(ready_file, cluster)
    groups = control.redundancy_groups(name)
    group = next((one["name"] for one in groups if node in [member["node"] for member in one["nodes"]]), None)
    if group is None:
        raise typer.BadParameter(f"no presence redundancy group of {name} has the node {node}", param_hint="NODE")
    control.fall_back(group, node, name)


@node.command("away")
def begin_outage(
    ready_file: ReadyFile,
    node: Node,
    at_restart: Annotated[
        bool, typer.Option("--at-restart", help="Not now, but as soon as a service of the node restarts.")
    ] = False,
    cluster: ClusterOfNode = None,
) -> None:
    """Have a node go away: nobody gets an answer from it, and nothing runs there."""
    control_of(ready_file).begin_outage(node, _cluster(ready_file, cluster), at_restart=at_restart)


@node.command("back")
def end_outage(ready_file: ReadyFile, node: Node, cluster: ClusterOfNode = None) -> None:
    """Have a node come back, with the services that ran before; or withdraw an outage that is still to come."""
    control_of(ready_file).end_outage(node, _cluster(ready_file, cluster))


@node.command("take-port")
def take_port(
    ready_file: ReadyFile,
    node: Node,
    port: Port,
    used_by: Annotated[str, typer.Option(help="Who has it.")] = "another program",
    cluster: ClusterOfNode = None,
) -> None:
    """Have something take a port of a node; a service that wants it does not start any more."""
    control_of(ready_file).occupy_port(node, port, used_by, _cluster(ready_file, cluster))


@node.command("release-port")
def release_port(ready_file: ReadyFile, node: Node, port: Port, cluster: ClusterOfNode = None) -> None:
    """Free a port that was taken."""
    control_of(ready_file).release_port(node, port, _cluster(ready_file, cluster))


@exchange.command("password")
def change_password(
    ready_file: ReadyFile,
    password_env: Annotated[
        str | None, typer.Option(help="An environment variable with the new password; without it, one is made.")
    ] = None,
) -> None:
    """Give the account of the presence gateways another password in its domain; the ready file tells it."""
    password = None if password_env is None else os.environ.get(password_env)
    if password_env is not None and not password:
        raise typer.BadParameter(f"the environment variable {password_env} is not set", param_hint="--password-env")
    control_of(ready_file).change_exchange_password(password)


@exchange.command("impersonation")
def set_impersonation(
    ready_file: ReadyFile,
    allowed: Annotated[bool, typer.Option("--allow/--deny", help="Whether it may.")] = True,
) -> None:
    """Let the account of the presence gateways act for every mailbox, so that calendars can be read, or not."""
    control_of(ready_file).impersonation(allowed=allowed)


@exchange.command("certificate")
def issue_certificate_again(
    ready_file: ReadyFile,
    server: Server,
    days: Annotated[int, typer.Option(help="In how many days it ends; negative for one that is over.")],
) -> None:
    """Have an Exchange server show its certificate issued anew, with another end; prints it."""
    typer.echo(f"{server}\t{control_of(ready_file).issue_certificate_again(server, days=days)['not_after']}")


@clock.command("show")
def show_clock(ready_file: ReadyFile) -> None:
    """Print the time and whether the clock stands still."""
    _print_clock(control_of(ready_file).clock())


@clock.command("stop")
def stop_clock(ready_file: ReadyFile) -> None:
    """Have the clock stand still: nothing happens until it is moved."""
    _print_clock(control_of(ready_file).clock(frozen=True))


@clock.command("run")
def run_clock(ready_file: ReadyFile) -> None:
    """Have the clock go on."""
    _print_clock(control_of(ready_file).clock(frozen=False))


@clock.command("advance")
def advance_clock(
    ready_file: ReadyFile, time: Annotated[str, typer.Argument(help="How long: 90s, 30m, 2h or 21d.")]
) -> None:
    """Let time pass, with all that is due on the way."""
    given = re.fullmatch(r"(\d{1,9})([smhd])", time)
    if given is None:
        raise typer.BadParameter("a number and s, m, h or d is expected, such as 30m", param_hint="TIME")
    control = control_of(ready_file)
    control.advance(int(given[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[given[2]])
    _print_clock(control.clock())


@snapshot.command("take")
def take_snapshot(ready_file: ReadyFile, name: Name) -> None:
    """Keep the whole state under a name; an older one of that name is replaced."""
    control_of(ready_file).snapshot(name)


@snapshot.command("restore")
def restore_snapshot(ready_file: ReadyFile, name: Name) -> None:
    """Go back to a snapshot, with its clock."""
    control_of(ready_file).restore(name)


@snapshot.command("remove")
def remove_snapshot(ready_file: ReadyFile, name: Name) -> None:
    """Delete a snapshot."""
    control_of(ready_file).remove_snapshot(name)


@snapshot.command("list")
def list_snapshots(ready_file: ReadyFile) -> None:
    """Print the names of all snapshots."""
    for name in control_of(ready_file).snapshots():
        typer.echo(name)


@faults.command("sets")
def list_sets() -> None:
    """Print the sets of faults that come along, with what each is about."""
    for name in fault_sets.shipped():
        typer.echo(f"{name}\t{fault_sets.load(name).about}")


@faults.command("begin")
def begin_faults(
    ready_file: ReadyFile,
    name: Annotated[str, typer.Argument(help="The name of a set, or a YAML file of your own with faults.")],
) -> None:
    """Put the faults of a set in force, beside those that are; none of them when one is refused."""
    control, found = control_of(ready_file), fault_sets.load(name).faults
    try:
        control.inject_faults(found)
    except ControlError as error:
        raise ControlError(f"{name}:", error.reason) from None
    _print_faults(control.faults())
    for said in _struck_by_nothing(found, list(control.about()["protocols"])):
        typer.echo(f"imp-emulator: {said}", err=True)


@faults.command("list")
def list_faults(ready_file: ReadyFile) -> None:
    """Print the faults in force: number, effect, where, and what each has struck of what it has seen.

    These are requests, and connections for another certificate.
    """
    _print_faults(control_of(ready_file).faults())


@faults.command("end")
def end_faults(ready_file: ReadyFile) -> None:
    """Withdraw all faults, and print what each had struck, as ``list`` does."""
    control = control_of(ready_file)
    found = control.faults()
    control.clear_faults()
    _print_faults(found)


def _struck_by_nothing(found: Iterable[Mapping[str, Any]], served: Sequence[str]) -> Iterator[str]:
    """Yield a warning for each protocol of faults that no server of this environment speaks, though others do."""
    for protocol in dict.fromkeys(fault.get("protocol") for fault in found):
        if protocol is not None and protocol not in served:
            yield f"nothing here speaks {protocol}, so its faults strike nothing; there are {', '.join(served)}"


def _print_faults(found: Json) -> None:
    for fault in found:
        where = [fault[name] for name in ("cluster", "node", "protocol", "operation") if fault[name] is not None]
        effect = " ".join(_effect(fault["effect"]))
        struck = f"{fault['hits']} of {fault['matched']}"
        typer.echo("\t".join((str(fault["id"]), effect, "/".join(where) or "everywhere", struck)))


def _effect(effect: dict[str, Any]) -> list[str]:
    """Return the words about an effect: its kind, what belongs to it, and the names of its switches."""
    told = [(name, value) for name, value in effect.items() if value is not None and not isinstance(value, dict)]
    return [name if value is True else str(value) for name, value in told]


def _print_clock(found: Json) -> None:
    now = datetime.fromisoformat(found["now"])
    typer.echo(f"{now:%Y-%m-%d %H:%M:%S} UTC, {'stands still' if found['frozen'] else 'runs'}")


def _print_shown(user: Json) -> None:
    words = (user["cluster"], user["userid"], user["presence"], user["activity"] or "-", user["message"])
    typer.echo("\t".join(words).rstrip("\t"))


def _cluster(ready_file: Path, name: str | None) -> str:
    """Return the cluster that is meant: the one that is named, or the only one."""
    names = list(content_of(ready_file)["clusters"])
    if name is None and len(names) != 1:
        raise typer.BadParameter(f"one of {', '.join(names)} is expected", param_hint="--cluster")
    return name or names[0]


def control_of(ready_file: Path) -> Control:
    """Return the control client of a running emulator."""
    return Control(**content_of(ready_file)["control"])


def content_of(ready_file: Path) -> dict[str, Any]:
    """Return what a ready file tells; raises ``FileNotFoundError``."""
    content = ready.read(ready_file)
    if content is None:
        raise FileNotFoundError(f"{ready_file} is no ready file; imp-emulator start writes one, stop removes it")
    return content
