"""Programmes: the rulebooks of disease areas, loaded from files beside this module and from a centre's directory."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tumorboard.domain.errors import BadProgram
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.model import Urgency
from tumorboard.domain.program_parts import (
    Clause,
    Clocks,
    CoreSeat,
    Exclusion,
    Milestone,
    Minutes,
    Option,
    Program,
    ReadinessItem,
    Rule,
    RuleKind,
    Score,
)
from tumorboard.domain.program_reader import read_program
from tumorboard.domain.program_sections import Section, near, refuse

__all__ = [
    "Clause",
    "Clocks",
    "CoreSeat",
    "Exclusion",
    "Field",
    "FieldKind",
    "Milestone",
    "Minutes",
    "Option",
    "Program",
    "ReadinessItem",
    "Rule",
    "RuleKind",
    "Score",
    "load_programs",
]

_BUILT_IN = Path(__file__).parent / "programs"
_INTAKE = ".intake.toml"
_LISTS = {"fields": "id", "seats": "specialty", "rules": "id", "readiness": "id"}
"""Lists of a file whose entries are replaced one by one, and the key that names an entry."""
_WHOLE = frozenset({"when", *Urgency})
"""Tables in which the keys of two files must not mix."""


@dataclass(slots=True)
class _Draft:
    """A programme while files are laid over each other: every list entry remembers its file."""

    file: str
    tables: dict[str, Any]
    lists: dict[str, list[tuple[str, Mapping[str, Any]]]] = field(default_factory=dict)
    intake: Mapping[str, Any] = field(default_factory=dict)


def load_programs(directory: Path | None = None) -> Mapping[str, Program]:
    """All programmes by id: the built-in ones and, over them, the files of a centre's directory.

    A file of the directory with the id of a built-in programme replaces it. A file with `extends = "…"` adds to that
    programme, or replaces entry by entry, and `disable = ["R43"]` drops rules and readiness items; with an `id` of its
    own it makes a new programme and leaves the extended one alone. `<id>.intake.toml` replaces the rules for imports;
    without one the programme keeps those of the programme it replaces or extends. Raises BadProgram.
    """
    if directory is None:
        return _load_built_in()
    drafts = _read_drafts(_BUILT_IN, {})
    return _build(_read_drafts(directory, drafts))


@cache
def _load_built_in() -> Mapping[str, Program]:
    return _build(_read_drafts(_BUILT_IN, {}))


def _build(drafts: Mapping[str, _Draft]) -> Mapping[str, Program]:
    return MappingProxyType(
        {
            identity: read_program(draft.tables, draft.lists, file=draft.file, intake=draft.intake)
            for identity, draft in drafts.items()
        }
    )


def _read_drafts(directory: Path, known: Mapping[str, _Draft]) -> dict[str, _Draft]:
    """The known drafts with the files of a directory laid over them, files that extend nothing first."""
    drafts = dict(known)
    files = [(path.name, _read_toml(path)) for path in _list_files(directory) if not path.name.endswith(_INTAKE)]
    own: set[str] = set()
    for file, content in sorted(files, key=lambda each: "extends" in each[1]):
        draft = _extend(file, content, drafts) if "extends" in content else _start(file, content, drafts)
        identity = str(draft.tables["id"])
        if identity in own and "extends" not in content:
            raise BadProgram(f"{file}, id: another file of this directory has '{identity}' too")
        own.add(identity)
        drafts[identity] = draft
    for path in _list_files(directory):
        identity = path.name.removesuffix(_INTAKE)
        if path.name.endswith(_INTAKE):
            if identity not in drafts:
                raise BadProgram(f"{path.name}: there is no programme '{identity}'{near(identity, list(drafts))}")
            drafts[identity].intake = _read_toml(path)
    return drafts


def _list_files(directory: Path) -> Iterator[Path]:
    if not directory.is_dir():
        raise BadProgram(f"{directory.name}: this directory of programmes does not exist")
    return iter(sorted(directory.glob("*.toml")))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise BadProgram(f"{path.name}: the file is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadProgram(f"{path.name}: not TOML: {error}") from None


def _split_lists(file: str, content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The tables of a file without its lists, and the lists with each entry naming the file."""
    lists: dict[str, list[Any]] = {}
    for key, name in _LISTS.items():
        entries = content.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise refuse(f"{file}, {key}", f"a list of tables is expected here ([[{key}]])")
        names = [entry.get(name) for entry in entries]
        for index, each in enumerate(names):
            if each in names[:index]:
                raise refuse(f"{file}, {key}", f"'{each}' is there twice")
        lists[key] = [(file, entry) for entry in entries]
    return {key: value for key, value in content.items() if key not in _LISTS}, lists


def _start(file: str, content: Mapping[str, Any], known: Mapping[str, _Draft]) -> _Draft:
    tables, lists = _split_lists(file, content)
    identity = Section(tables, place=file).id()
    replaced = known.get(identity)
    return _Draft(file, tables, lists, replaced.intake if replaced else {})


def _extend(file: str, content: Mapping[str, Any], known: Mapping[str, _Draft]) -> _Draft:
    tables, lists = _split_lists(file, content)
    top = Section(tables, place=file)
    base = known[top.word("extends", list(known), what="programme")]
    disabled = top.strings("disable")
    del tables["extends"]
    tables.pop("disable", None)
    draft = _Draft(file, deepcopy(base.tables), {}, base.intake)
    _lay_over(draft.tables, tables)
    for key, name in _LISTS.items():
        draft.lists[key] = _replace_entries(base.lists[key], lists[key], key=name)
    for identity in disabled:
        _disable(draft, identity, place=f"{file}, disable")
    return draft


def _lay_over(lower: dict[str, Any], upper: Mapping[str, Any]) -> None:
    """Put the upper tables over the lower ones, table by table; conditions and clocks are replaced as a whole."""
    for key, value in upper.items():
        if key not in _WHOLE and isinstance(value, dict) and isinstance(lower.get(key), dict):
            _lay_over(lower[key], value)
        else:
            lower[key] = value


def _replace_entries(
    lower: list[tuple[str, Mapping[str, Any]]], upper: list[tuple[str, Mapping[str, Any]]], *, key: str
) -> list[tuple[str, Mapping[str, Any]]]:
    """The lower entries, those with the name of an upper one replaced in their place, the other upper ones behind."""
    replacing = {entry.get(key): (file, entry) for file, entry in upper}
    old = {entry.get(key) for _, entry in lower}
    kept = [replacing.get(entry.get(key), (file, entry)) for file, entry in lower]
    return kept + [(file, entry) for file, entry in upper if entry.get(key) not in old]


def _disable(draft: _Draft, identity: str, *, place: str) -> None:
    for key in ("rules", "readiness"):
        left = [(file, entry) for file, entry in draft.lists[key] if entry.get("id") != identity]
        if len(left) < len(draft.lists[key]):
            draft.lists[key] = left
            return
    known = [str(entry.get("id")) for key in ("rules", "readiness") for _, entry in draft.lists[key]]
    raise refuse(place, f"'{identity}' is no rule or readiness item{near(identity, known)}")
