# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``imp-emulator``."""

from __future__ import annotations

import gc
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from imp_emulator import __version__
from imp_emulator.cli_groups import GROUPS, ReadyFile, content_of, control_of
from imp_emulator.client import ready_file as ready
from imp_emulator.client.addresses import is_loopback
from imp_emulator.client.control import ControlError, JournalForm
from imp_emulator.client.launch import EmulatorError, launch
from imp_emulator.client.ready_file import Stopped
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.store.database import StateError
from imp_emulator.store.journal import DEFAULT_LIMIT

_DOORS = 12
"""How many hosts ``start`` shows; a generated scenario may have a thousand."""

app = typer.Typer(
    help="An emulator of Unified CM, its IM and Presence Service and Microsoft Exchange.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)
StateFile = Annotated[Path, typer.Option("--state", help="The state file; it is created, or gone on with.")]


def main() -> None:
    """Run the command; what the user can put right becomes one sentence and exit status 2."""
    try:
        app()
    except (ControlError, ScenarioError, StateError, EmulatorError, OSError) as error:
        typer.echo(f"imp-emulator: {error}", err=True)
        sys.exit(2)


@app.command()
def serve(
    state: StateFile,
    ready_file: ReadyFile,
    scenario: Annotated[str, typer.Option(help="A scenario file, or the name of a shipped scenario.")] = "default",
    host: Annotated[str, typer.Option(help="The address to bind to.")] = "127.0.0.1",
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="The control plane's port; 0 takes any.")] = 0,
    journal_limit: Annotated[int, typer.Option(min=1, help="How many requests to remember.")] = DEFAULT_LIMIT,
    durable: Annotated[
        bool, typer.Option("--durable", help="Also keep what was acknowledged when the machine loses its power.")
    ] = False,
) -> None:
    """Serve an environment until SIGTERM or Ctrl-C."""
    # The servers' libraries take a second to load, which the other commands need not wait for; a sixth of it would be
    # looking for garbage among what stays until the end.
    gc.disable()
    from imp_emulator.scenario import file as scenario_file  # noqa: PLC0415
    from imp_emulator.serving import server  # noqa: PLC0415

    gc.freeze()
    gc.enable()

    try:
        loopback = is_loopback(host)
    except ValueError:
        raise typer.BadParameter(f"{host!r} is not an IP address", param_hint="--host") from None
    if not loopback:
        typer.echo(f"imp-emulator: warning: {host} can be reached from other machines", err=True)
    loaded = scenario_file.load(scenario)
    server.serve(server.Options(loaded, state, ready_file, host, control_port, journal_limit, durable))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def start(
    context: typer.Context,
    state: StateFile,
    ready_file: ReadyFile,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 60,
) -> None:
    """Serve in the background, with all options of serve; ends when the environment is ready, and says where it is."""
    log = state.with_name(f"{state.name}.log")
    launch(state, ready_file, log, *context.args, seconds=timeout)
    for line in _told(ready_file, content_of(ready_file)):
        typer.echo(line)
    typer.echo(f"Log:           {log}")
    typer.echo(f"To stop it:    imp-emulator stop --ready-file {shlex.quote(str(ready_file))}")


def _told(ready_file: Path, content: dict[str, Any]) -> list[str]:
    """Return what a person wants to know of an emulator that has just become ready."""
    doors = ready.doors(content)
    heading = ("SERVER", "WHAT IT IS", ["PORT: REAL ONE"])
    width, kind = (max(len(row[column]) for row in (heading, *doors)) for column in (0, 1))
    lines = []
    for host, what, ports in (heading, *doors[:_DOORS]):
        first, *others = (", ".join(ports[start : start + 2]) for start in range(0, len(ports), 2))
        lines += [f"  {host:{width}}  {what:{kind}}  {first}", *(" " * (width + kind + 6) + other for other in others)]
    control = content["control"]["url"]
    address = str(urlsplit(control).hostname)
    console = ready.link(content) if is_loopback(address) else "none, it opens at a loopback address only"
    return [
        f"The emulator is ready: process {content['pid']}, on {address}.",
        *(f"  {line}".rstrip() for line in content.get("note", "").splitlines()),
        *lines,
        *([f"  and {len(doors) - _DOORS} more, see the ready file"] if len(doors) > _DOORS else []),
        f"Control plane: {control}",
        f"Console:       {console}",
        f"Ready file:    {ready_file} (names, ports, passwords)",
    ]


@app.command()
def scenario(
    users: Annotated[int, typer.Option(min=0, max=1_000_000, help="Users of each cluster.")],
    clusters: Annotated[int, typer.Option(min=1, max=255, help="Clusters.")] = 1,
    admin_api: Annotated[bool, typer.Option(help="Whether they serve the admin API; no real cluster does.")] = True,
    gateways: Annotated[
        bool, typer.Option("--gateways", help="Have the Exchange servers as presence gateways from the start.")
    ] = False,
    certificate_days: Annotated[
        tuple[int, int] | None,
        typer.Option(help="First and last day of the Exchange servers' certificates, from the first start on."),
    ] = None,
) -> None:
    """Print a scenario of the wanted size."""
    # What reads certificates takes longer to load than most commands take.
    from imp_emulator.scenario import file as scenario_file  # noqa: PLC0415
    from imp_emulator.scenario import writer as scenario_writer  # noqa: PLC0415

    # The rules for the days are the reader's, and a small scenario tells in a moment whether they hold.
    scenario_file.read(scenario_writer.generate(0, certificate_days=certificate_days))
    text = scenario_writer.generate(
        users, clusters, admin_api=admin_api, gateways=gateways, certificate_days=certificate_days
    )
    typer.echo(text, nl=False)


@app.command()
def wait(
    ready_file: ReadyFile,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 30,
) -> None:
    """Wait until the emulator answers; exit status 1 when it does not in time."""
    if not ready.wait(ready_file, timeout):
        typer.echo(f"imp-emulator: nothing answers for {ready_file} after {timeout:g} seconds", err=True)
        raise typer.Exit(1)


@app.command()
def stop(
    ready_file: ReadyFile,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait before it is killed.")] = 30,
) -> None:
    """Stop the emulator and wait until its process is gone; no running emulator is no error."""
    how = ready.stop(ready_file, timeout)
    if how is Stopped.NOTHING:
        typer.echo(f"imp-emulator: nothing runs for {ready_file}", err=True)
    else:
        typer.echo("The emulator has stopped.")
    if how is Stopped.KILLED:
        typer.echo(
            f"imp-emulator: it did not end within {timeout:g} seconds and was killed;"
            " what it had answered is in its state file",
            err=True,
        )


@app.command()
def errors(
    ready_file: ReadyFile,
    protocol: Annotated[str | None, typer.Option(help="Only those of this protocol.")] = None,
) -> None:
    """Print the errors that a fault can inject into a running emulator: protocol, code and words."""
    found = control_of(ready_file).errors()
    if protocol is not None and protocol not in found:
        raise typer.BadParameter(f"one of {', '.join(found)} is expected", param_hint="--protocol")
    for name, known in found.items():
        for code, words in known.items():
            if protocol in (None, name):
                typer.echo(f"{name}\t{code}\t{words}")


@app.command()
def journal(
    ready_file: ReadyFile,
    form: Annotated[JournalForm, typer.Option("--format", help="HAR 1.2 for browsers and proxies, or plain JSON.")] = (
        JournalForm.HAR
    ),
    cluster: Annotated[str | None, typer.Option(help="Only requests to this cluster.")] = None,
    node: Annotated[str | None, typer.Option(help="Only requests to this node.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Only requests of this protocol.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this operation.")] = None,
    writes: Annotated[bool | None, typer.Option("--writes/--reads", help="Only what writes, or only the rest.")] = None,
) -> None:
    """Print the requests that a running emulator has seen, without secrets, as a file for a bug report."""
    found = control_of(ready_file).export_journal(
        form, writes=writes, cluster=cluster, node=node, protocol=protocol, operation=operation
    )
    typer.echo(found, nl=False)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
