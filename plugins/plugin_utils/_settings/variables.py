# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The variables of roles and playbooks: their argument specs, and their values as these specs say.

Ansible validates the variables of a role and then hands them to its tasks as they are: the text ``no`` of
``-e trust_purge=no`` stays a text, which is true. Extra variables win over everything that a role could set, so the
role takes its variables from a dictionary of another name, which :func:`converted` makes.
"""

from __future__ import annotations

import ast
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import joined, shortened
from ansible_collections.ucops.imp.plugins.module_utils._module.shapes import (
    depth_problems,
    only_nulls,
    shape_problems,
    too_deep,
    without_nulls,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import STAND_IN
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import (
    TWIN,
    Ready,
    certificates,
    chosen,
    pending_restarts,
)

try:
    from ansible.errors import AnsibleValueOmittedError as _Omitted
except ImportError:  # up to core 2.18, where omit is a text

    class _Omitted(Exception):  # type: ignore[no-redef]
        """Never raised."""


try:
    from ansible.template import AnsibleNativeEnvironment as _Native
except ImportError:  # from core 2.19 on, where null stays null
    _Native = None

try:
    from ansible.template import trust_as_template as _trusted
except ImportError:  # up to core 2.18, which trusts every text

    def _trusted(value: str) -> str:
        return value


SETTINGS = "settings"
"""What all playbooks read."""
CERTIFICATES = "exchange_certificate_directory"
"""Where requests and certificates are, which the next run goes on with."""
COLLECTION = Path(__file__).parents[3]
_KNOWS_TRUST = "trusted_as_template" in signature(DataLoader.load_from_file).parameters
_LEFT_OUT = "null"
"""What leaves a variable out on the command line, where everything is text; a text may well be this word."""
_TEXTS = ("str", "path", "raw")
_LONGEST_SHOWN = 60
_LONGEST_PROBLEM = 600

Spec = Mapping[str, Mapping[str, Any]]
"""Options by name, as in ``argument_specs.yml``."""


@cache
def _argument_specs(path: Path) -> dict[str, dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as text:
        return dict(yaml.load(text, Loader=loader)["argument_specs"])  # noqa: S506 (it is a safe loader)


def roles() -> list[str]:
    """Return the names of the collection's roles."""
    return sorted(path.parts[-3] for path in COLLECTION.glob("roles/*/meta/argument_specs.yml"))


def playbooks() -> list[str]:
    """Return the names under which playbooks describe variables of their own."""
    return sorted(_argument_specs(COLLECTION / "playbooks" / "meta" / "argument_specs.yml"))


def spec_of(name: str) -> Spec:
    """Return the options of a role, of all its entry points, or of a playbook.

    Raises ``KeyError`` when there is neither.
    """
    if name in roles():
        entries = _argument_specs(COLLECTION / "roles" / name / "meta" / "argument_specs.yml")
        return {option: spec for entry in entries.values() for option, spec in entry.get("options", {}).items()}
    return dict(_argument_specs(COLLECTION / "playbooks" / "meta" / "argument_specs.yml")[name]["options"])


def templated(templar: Templar, value: Any, omit: Any) -> Any:
    """Return what a value says once its templates are filled in, without what is ``omit``; all of it omitted is None.

    ``omit`` is the variable of that name: up to ansible-core 2.18 a text that only the task itself would take out. So
    far, Ansible also makes an empty text of a template that is null; evaluated natively, the two can be told apart.
    """
    try:
        found = templar.template(value)
    except _Omitted:
        return None
    if not isinstance(omit, str):
        return found
    if _Native is not None and _holds_empty_text(found):
        natively = templar.copy_with_new_env(environment_class=_Native, finalize=lambda one: one)
        found = _with_nulls(found, natively.template(value))
    return _plain(found, omit)


def _holds_empty_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_empty_text, value.values()))
    return any(map(_holds_empty_text, value)) if isinstance(value, list) else isinstance(value, str) and not value


def _with_nulls(value: Any, natively: Any) -> Any:
    """Return a value with null in place of each empty text that is null when evaluated natively."""
    if natively is None:
        return None if value == "" else value
    if isinstance(value, Mapping) and isinstance(natively, Mapping):
        return {key: _with_nulls(one, natively.get(key, one)) for key, one in value.items()}
    if isinstance(value, list) and isinstance(natively, list) and len(value) == len(natively):
        return [_with_nulls(one, other) for one, other in zip(value, natively, strict=True)]
    return value


def _plain(value: Any, omit: str) -> Any:
    """Return a value without what is omitted, dates and infinity as texts.

    Up to ansible-core 2.18 the result of a lookup is written as text and read again, which such values do not survive.
    """
    if isinstance(value, Mapping):
        return {key: _plain(one, omit) for key, one in value.items() if one != omit}
    if isinstance(value, list):
        return [_plain(one, omit) for one in value if one != omit]
    if isinstance(value, date) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return None if value == omit else value


def is_own_playbook(folder: Path) -> bool:
    """Tell whether the playbooks of a folder are those of the collection."""
    return folder.resolve() == (COLLECTION / "playbooks").resolve()


_COUNTED_BY_ROLES = ("_canary", "_delay", "_retries")
"""How options are called that no module is given, so that none refuses a number that cannot be meant."""


def converted(spec: Spec, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the options with the types and defaults of their spec, and a sentence for each that cannot have them.

    A value of None counts as not given, a list of nothing but None is refused; an option that is not given and has no
    default is left out, in dictionaries inside of options too.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, option in spec.items():
        value = values.get(name)
        told = depth_problems(too_deep({name: value})) or only_nulls({name: _parsed(value, option)})
        if not told:
            given = without_nulls({name: option}, {name: _parsed(value, option)})
            known, told = _validated(name, value, option, given)
            found.update(known)
        problems += [shortened(problem, _LONGEST_PROBLEM) for problem in told]
    return found, problems


def _validated(
    name: str, value: Any, option: Mapping[str, Any], given: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return what core makes of one option, without nulls, and what is wrong with it."""
    spec = {name: option}
    # Shorter than what core says of the same, and as the modules say it.
    told = shape_problems(spec, given, free=False)
    if told:
        return {}, [joined(told)]
    try:
        result = ArgumentSpecValidator(spec).validate(given)
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        # Core takes for granted that what has options is a dictionary and a number finite, and falls over others.
        shape = " of ".join(filter(None, [option["type"], option.get("elements")]))
        return {}, [f"{name}: it must be a {shape}, as its argument spec says."]
    if result.error_messages:
        return {}, [_told(name, value, option, " ".join(dict.fromkeys(result.error_messages)))]
    found = without_nulls(spec, result.validated_parameters)
    if name.endswith(_COUNTED_BY_ROLES) and found.get(name, 0) < 0:
        return {}, [f"{name}: {found[name]} is too small. Give 0 or more."]
    return found, []


class Host:
    """The variables of a host, and what fills their templates in."""

    def __init__(self, variables: Mapping[str, Any], templar: Templar, loader: DataLoader) -> None:
        self.variables = variables
        self._templar = templar
        self._loader = loader

    def with_variables(self, more: Mapping[str, Any]) -> Host:
        """Return the same host with further variables, which count first."""
        variables = {**self.variables, **more}
        return Host(variables, self._templar.copy_with_new_env(available_variables=variables), self._loader)

    def value(self, value: Any) -> Any:
        """Fill the templates of a value in; raises ``AnsibleError`` for one that needs what is not there."""
        return templated(self._templar, value, self.variables.get("omit"))

    def file(self, path: Path) -> Any:
        """Return what a file of the collection holds, with its templates."""
        # ansible-core 2.19 and newer want to be told that a file's templates can be trusted.
        trusted = {"trusted_as_template": True} if _KNOWS_TRUST else {}
        return self._loader.load_from_file(str(path), **trusted)

    def twin(self) -> Ready | None:
        """Return the twin that the run works on, if it does; raises ``NotReady``."""
        return chosen(self.value(self.variables.get(TWIN)))

    def holds(self, condition: Any) -> bool:
        """Tell whether a condition of the collection's own task is met; raises what :meth:`value` raises."""
        return str(self.value(_trusted(f"{{{{ ({condition}) is truthy(convert_bool=true) }}}}"))) == "True"


@dataclass
class Options:
    """The options of a role or playbook: their values, a sentence for each that does not fit, and what is not ready.

    ``unready`` has, by variable, a template that needs what is not there, and its error; ``unfit`` are the variables of
    both sorts, which have no value.
    """

    values: dict[str, Any]
    problems: list[str]
    unready: dict[str, tuple[Any, AnsibleError]]
    unfit: frozenset[str]


def options_of(source: str, spec: Spec, host: Host) -> Options:
    """Work out options: what the host has, else the default of the spec, else the one that the role works out.

    On a twin no secret of the real cluster is asked for, and what belongs to an environment is kept beside the twin's.
    Raises ``NotReady`` for a twin that cannot be used.
    """
    twin = host.twin()
    if twin is not None:
        host = _without_secrets(host, spec)
    given = {name: host.variables[name] for name in spec if host.variables.get(name) is not None}
    values, unready = _filled_in(given, host)
    values = {name: value for name, value in values.items() if value != _LEFT_OUT or spec[name]["type"] in _TEXTS}
    missing = {name for name in spec if name not in values.keys() | unready.keys() and "default" not in spec[name]}
    if missing:
        computed = computed_defaults(source, host)
        more, failed = _filled_in({name: computed[name] for name in missing & computed.keys()}, host)
        values.update(more)
        unready.update(failed)
    found, problems = converted({name: spec[name] for name in spec if name not in unready}, values)
    unfit = frozenset(values.keys() | unready.keys()) - found.keys()
    found = located(spec, found, host.variables.get("playbook_dir") or ".")
    return Options(found if twin is None else _beside(twin, found), problems, unready, unfit)


def _without_secrets(host: Host, spec: Spec) -> Host:
    """Return a host without the secrets that a twin has of its own, so that no vault has to be opened for them."""
    known = {**spec_of(SETTINGS), **spec}
    given = {name: host.variables[name] for name in known if host.variables.get(name) is not None}
    return host.with_variables({name: without_secrets(name, value, known[name]) for name, value in given.items()})


def without_secrets(name: str, value: Any, option: Mapping[str, Any]) -> Any:
    """Return what is given for an option without the secrets, and the file that the twin has another of."""
    if name.endswith("_password"):
        return STAND_IN
    if option.get("type") != "dict" or not isinstance(value, Mapping):
        return value
    return {key: one for key, one in value.items() if key not in ("password", "ca_path")}


def _beside(twin: Ready, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the places of what a run keeps of an environment: they are the twin's."""
    return {
        name: pending_restarts(twin, value)
        if name.endswith("pending_restarts_path")
        else certificates(twin, value)
        if name == CERTIFICATES and value
        else value
        for name, value in options.items()
    }


def _filled_in(given: Mapping[str, Any], host: Host) -> tuple[dict[str, Any], dict[str, tuple[Any, AnsibleError]]]:
    """Fill in the templates; what is ``omit`` or null then is as good as left out."""
    found: dict[str, Any] = {}
    unready: dict[str, tuple[Any, AnsibleError]] = {}
    for name, value in given.items():
        try:
            one = host.value(value)
        except AnsibleError as error:
            unready[name] = (value, error)
            continue
        if one is not None:
            found[name] = one
    return found, unready


def computed_defaults(role: str, host: Host) -> dict[str, Any]:
    """Return the defaults of a role that are templates. Ansible itself has them only while the role runs."""
    path = COLLECTION / "roles" / role / "defaults" / "main.yml"
    loaded = (host.file(path) or {}) if path.is_file() else {}
    return {name: value for name, value in loaded.items() if "{{" in str(value)}


def located(spec: Spec, options: Mapping[str, Any], playbook_folder: str) -> dict[str, Any]:
    """Return converted options with the place of each file that is named by a relative path, in dictionaries too.

    Ansible runs a module in the folder of the playbook, and that is where a file of a user's own playbook is looked for
    first. A playbook of the collection has no files of the user beside it: there, and where the first place has none,
    the working directory of the process counts. A path with which nothing is found stays as it is in a playbook of the
    user's own, because the module says so.
    """
    return {name: _located(value, spec[name], Path(playbook_folder)) for name, value in options.items()}


def _located(value: Any, option: Mapping[str, Any], playbook_folder: Path) -> Any:
    if isinstance(value, list):
        return [_located(entry, option, playbook_folder) for entry in value]
    if isinstance(value, Mapping):
        inner = option.get("options") or {}
        return {key: _located(one, inner.get(key, {}), playbook_folder) for key, one in value.items()}
    if option.get("type") != "path" or not value or Path(value).is_absolute():
        return value
    try:
        here = Path.cwd() / value
    except OSError:  # the working directory is gone
        return value
    # Path raises for a name that is too long.
    beside, below = os.path.isfile(here), os.path.isfile(playbook_folder / value)  # noqa: PTH113
    return str(here) if is_own_playbook(playbook_folder) or (beside and not below) else value


def _parsed(value: Any, option: Mapping[str, Any]) -> Any:
    """Read a list that is written as text; what is none stays as it is, and is refused with core's message."""
    if option.get("type") != "list" or not isinstance(value, str):
        return value
    text = value.strip()
    if not text.startswith("["):
        return [part.strip() for part in text.split(",")]
    # JSON, then Python's way, then names without quotation marks, whose words must stay texts ("no" is a name here).
    readers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval, _flow_of_texts)
    read = (_list_or_none(reader, text) for reader in readers)
    return next((found for found in read if found is not None), value)


def _list_or_none(reader: Callable[[str], Any], text: str) -> list[Any] | None:
    try:
        return list(reader(text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError, yaml.YAMLError):
        return None


def _flow_of_texts(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes texts only)


def _told(name: str, value: Any, option: Mapping[str, Any], message: str) -> str:
    """Name the option, the value where it cannot be a secret, and the rule."""
    shown = f" {json.dumps(value, default=str)[:_LONGEST_SHOWN]}:" if "choices" in option and value is not None else ""
    return f"{name}:{shown} {message.rstrip('.')}."


def needed(variable: str) -> str:
    """Return what is said of a variable that is not set where something needs it."""
    return f"{variable}: it is needed here. Set it in the inventory."


def known_variables() -> frozenset[str]:
    """Return every variable that a user may set for a role or playbook of the collection."""
    return frozenset(option for name in [*roles(), *playbooks()] for option in spec_of(name))


def used_names() -> frozenset[str]:
    """Return every word of the roles' and playbooks' files: what these set themselves is no misspelling of a user."""
    files = [path for part in ("playbooks", "roles") for path in (COLLECTION / part).rglob("*.yml")]
    return frozenset(word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))
