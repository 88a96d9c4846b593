# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running emulator, from its state file to its clean end."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from imp_emulator.client import ready_file
from imp_emulator.client.addresses import connect_address
from imp_emulator.console import app as console
from imp_emulator.console.app import Front
from imp_emulator.console.live import Live
from imp_emulator.control import faults
from imp_emulator.control.app import Control, application
from imp_emulator.domain.events import AccountPasswordChanged
from imp_emulator.scenario.model import Scenario
from imp_emulator.serving import background, ready_content
from imp_emulator.serving.listeners import Listeners, Server, operations
from imp_emulator.store.database import Database, NotStored, StateError
from imp_emulator.store.journal import DEFAULT_LIMIT
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced
from imp_emulator.world.pace import ServicePace
from imp_emulator.world.snapshots import Snapshots, StateFolder, prepare


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    Attributes:
        host: The address to bind to.
        control_port: The control plane's port; 0 takes the one of the last start when it is free, or any.
        journal_limit: How many requests the journal remembers.
        durable: Whether a write is acknowledged only when it is on the disk itself, so that a power cut takes none.
    """

    scenario: Scenario
    state: Path
    ready_file: Path
    host: str = "127.0.0.1"
    control_port: int = 0
    journal_limit: int = DEFAULT_LIMIT
    durable: bool = False


def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; then close, remove the ready file and return.

    Raises:
        StateError: The state file cannot be used.
        ScenarioError: The scenario names an environment variable that is not set, or a meeting that cannot be.
        OSError: An address or port cannot be bound, a file cannot be written, or the ready file is that of an
            emulator that runs.
    """
    # Its lock is held until the process is gone: whoever waits for that takes no end for it that is only near.
    folder = StateFolder(options.state, options.ready_file)
    ready_file.require_free(options.ready_file)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, folder))
    except NotStored as error:
        raise StateError(f"{options.state} cannot be written: {error}") from None
    finally:
        # Last of all: whoever waits for the ready file to go finds everything else done.
        ready_file.remove(options.ready_file)


async def _serve(options: Options, folder: StateFolder) -> None:
    # Whoever serves opens the state file and closes it; everybody else is given it.
    database = Database(options.state, "FULL" if options.durable else "NORMAL")
    try:
        snapshots = Snapshots(database, folder.path / "snapshots")
        prepare(database, snapshots, options.scenario, background.complete)
        environment = Environment(
            database, Clock(), ServicePace(), options.scenario, journal_limit=options.journal_limit
        )
        engines = background.wire(environment)
        listeners = Listeners(environment, options.host)
        plane = Control(environment, snapshots, operations(listeners.protocols), secrets.token_urlsafe(24))
        faults.begin(environment, plane.operations)
        socket = listeners.bind("control", options.control_port)
        url = _url(options.host, socket.getsockname()[1])
        live = Live(environment)
        listeners.add(Server(Front(console.application(plane, live, url), application(plane)), socket))
        listeners.remember()
        reached = {"url": url, "token": plane.token}
        content = ready_content.describe(environment, listeners, folder.path / "pki", reached)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await listeners.start()
        await background.start(environment, engines)
        _settle()
        ready_file.write(options.ready_file, content)
        describe = partial(ready_content.describe, environment, listeners, folder.path / "pki", reached)
        for kind in (AccountPasswordChanged, StateReplaced):
            environment.events.subscribe(kind, lambda _: _tell_password(options.ready_file, environment, describe))
        sys.stdout.write(f"imp-emulator is ready, see {options.ready_file}\n")
        sys.stdout.flush()
        await stopped.wait()
        live.close()
        await environment.scheduler.stop()
        await engines.close()
        await listeners.stop()
    finally:
        database.close()


def _tell_password(path: Path, environment: Environment, describe: Callable[[], dict[str, Any]]) -> None:
    """Write the ready file anew when the account of the gateways has another password than the one it tells."""
    told = ready_file.read(path)
    if told is not None and told["exchange_account"] != ready_content.exchange_account(environment.database):
        ready_file.write(path, describe())


def _settle() -> None:
    """Have the garbage collector leave alone what lives until the end; to go through it would take 0.1 s each time."""
    gc.collect()
    gc.freeze()


def _url(host: str, port: int) -> str:
    address = connect_address(host)
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"
