# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a module would refuse, told without running it: its own argument spec and its own checks, and nothing is sent.

The playbooks ask for it before the first task of a run. Options that depend on what an earlier task finds are not known
then; what cannot be judged without them is left to the module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import AnsibleValidationError, MutuallyExclusiveError, UnsupportedError
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, OptionSpec
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import (
    GivenOptions,
    ModuleOptions,
    masked,
    unusable,
)

_NOT_KNOWN = "not known yet"


@dataclass(frozen=True)
class Job:
    """What a module's ``main`` hands to the runner, to look at options without doing anything.

    ``refuse`` raises :class:`InvalidInput` for options that cannot be right beyond the argument spec.
    """

    arguments: Arguments
    refuse: Callable[[ModuleOptions], None]


class _OnlyAsked(Exception):
    """Ends a ``main`` that is only asked for its job."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


_ASKED: ContextVar[bool] = ContextVar("asked", default=False)


def job_of(main: Callable[[], None]) -> Job:
    """Return the job of a module by its ``main``, which makes no module and sends nothing then."""
    token = _ASKED.set(True)
    try:
        main()
    except _OnlyAsked as answer:
        return answer.job
    finally:
        _ASKED.reset(token)
    raise TypeError(main)


def tell(job: Job) -> None:
    """End the ``main`` that calls this, when it is only asked for its job."""
    if _ASKED.get():
        raise _OnlyAsked(job)


def problems_of(
    job: Job, given: Mapping[str, Any], later: Collection[str] = (), *, same_python: bool = False
) -> list[str]:
    """Return what a module would refuse of these options, one sentence each, none with a secret in it.

    ``later`` names the options that are not known yet, or not as a whole. Of these only what is wrong with a place in
    them counts, such as ``certificates[0]``. With ``same_python`` the module will run with the Python that runs this,
    so that a library that is missing here is missing there.
    """
    spec = {name: _optional(option) if name in later else option for name, option in job.arguments.spec.items()}
    given = {**_stand_ins(job, given, later), **{name: one for name, one in given.items() if one is not None}}
    looked_at = GivenOptions(spec, given, [*job.arguments.may_be_empty, *PENDING_RESTARTS])
    found = looked_at.wrong_shapes
    if not found:
        checked = ArgumentSpecValidator(spec, **({} if later else _rules(job))).validate(looked_at.plain)
        found = [_told(error, looked_at.plain) for error in checked.errors] or _refused(
            job, looked_at, spec, checked.validated_parameters, same_python
        )
    unknown = tuple(f"{name}:" for name in later)
    return [masked(said, looked_at.secrets) for said in dict.fromkeys(found) if not said.startswith(unknown)]


def _stand_ins(job: Job, given: Mapping[str, Any], later: Collection[str]) -> dict[str, str]:
    """Return texts for options that the module cannot do without, and that are not known yet."""
    spec = job.arguments.spec
    due = [name for name in later if spec.get(name, {}).get("required")]
    for group in job.arguments.required_one_of:
        if all(given.get(name) is None for name in group):
            due += [name for name in group if name in later][:1]
    return {name: _NOT_KNOWN for name in due if spec[name].get("type") in ("str", "path")}


def _told(error: AnsibleValidationError, given: Mapping[str, Any]) -> str:
    """Return what ansible's validator says, as a sentence."""
    said = str(error)
    if isinstance(error, MutuallyExclusiveError) and " found in " not in said:
        # It names all that exclude each other. What is of use is which of them are there.
        names = [name for name in re.findall(r"\w+", said.rpartition(": ")[2]) if given.get(name) is not None]
        return f"only one of these can be given: {', '.join(names)}"
    # It names the options alone; where the module's name stands before them, it is clear what is meant.
    return f"there is no option {said}" if isinstance(error, UnsupportedError) else said


def _optional(option: OptionSpec) -> OptionSpec:
    return {**option, "required": False}


def _rules(job: Job) -> dict[str, Any]:
    """Return the rules between options, as ansible's validator takes them."""
    kept = ("mutually_exclusive", "required_together", "required_one_of", "required_if")
    return {name: rule for name, rule in job.arguments.module_kwargs().items() if name in kept}


@dataclass
class _Options:
    """Options in the place of a module; see :class:`~.secrets.ModuleOptions`."""

    params: dict[str, Any]
    unusable: list[str]
    odd_values: list[str]
    check_mode: bool = True
    module_name: str = ""
    no_log_values: set[str] = field(default_factory=set)

    def input_problems(self) -> list[str]:
        return self.unusable

    def warn(self, warning: str) -> None:
        """Leave it to the module, which warns as well."""

    def log(self, msg: str) -> None:
        """Keep quiet, for nothing is done."""


def _refused(
    job: Job, looked_at: GivenOptions, spec: Mapping[str, OptionSpec], params: dict[str, Any], same_python: bool
) -> list[str]:
    """Return what the checks beyond the argument spec refuse."""
    try:
        job.refuse(_Options(params, unusable(spec, params), looked_at.odd_values))
    except InvalidInput as refused:
        return refused.problems
    except ImpError as error:
        return [error.message] if same_python else []
    except Exception:  # noqa: BLE001 - it needs an option that is not known yet: the module tells
        return []
    return []
