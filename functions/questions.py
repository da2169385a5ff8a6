"""What `reach` and `explain` do once their flags are parsed: read one cluster, ask, print; the answer is an exit code."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from functions.catalogues import catalogue_of
from functions.gate import Exit
from functions.output import colour, now, say_incomplete, say_warnings, text, width, write
from functions.sources import list_inputs
from functions.watch import watcher
from infra.memory import keep, uncollected
from infra.settings import SourceOptions
from infra.text import printable
from scanner.dataplane.model import DataPlane
from scanner.errors import InputError
from scanner.gaps import by_cause, gaps_of
from scanner.model import Read, Snapshot
from scanner.policy.model import PolicySet
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from scanner.reach.hypothetical import parse_hypothetical, with_hypothetical
from scanner.reach.model import Explanation
from scanner.reach.selection import Selection

if TYPE_CHECKING:
    from scanner.dataplane.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Where to read one cluster, and how to judge it.

    `dataplane` is "NAME[@VERSION]", empty for the one detected; `catalogues` are files beside what is known of data planes.
    """

    source: SourceOptions
    cluster: str = ""
    dataplane: str = ""
    ipblock_matches_pods: bool | None = None
    catalogues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachRequest:
    """The flags of `reach`. `answer` is json, table, csv, dot or md."""

    question: Question
    level: str
    answer: str
    output: str
    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    port: str = ""
    collapse: bool = False
    hypothetical: tuple[str, ...] = ()


@uncollected()
def run_reach(request: ReachRequest) -> int:
    """Print who can talk to whom; the exit code says whether the input could be read whole.

    Raises:
        InputError: the source, a filter or a hypothetical pod cannot be used.
    """
    imagined = [parse_hypothetical(each) for each in request.hypothetical]
    port = parse_port(request.port) if request.port else None
    snapshot = one_snapshot(request.question)
    reach = reach_of(request.question, with_hypothetical(snapshot, imagined), request.level)
    keep(snapshot, reach)
    ids = tuple(dict.fromkeys(pod.id for pod in imagined))
    selection = Selection(
        namespaces=request.namespaces,
        workloads=request.workloads or (() if request.namespaces else ids),
        port=(port[1], port[0]) if port else None,
        hypothetical=ids,
    )
    if request.collapse:
        write(_collapsed(reach, selection, request), request.output)
    else:
        write(_listed(reach, selection, request), request.output)
    if request.answer in {"csv", "dot"}:  # these have no place for what was wrong with the input
        say_warnings(reach.notices)
    return read_whole(snapshot)


def _listed(reach: ClusterReach, selection: Selection, request: ReachRequest) -> Iterable[bytes]:
    listing = reach.listing(selection)
    match request.answer:
        case "json":
            from reports.reach.document import reach_document

            return reach_document(listing)
        case "csv":
            from reports.reach.sheet import reach_csv

            return reach_csv(listing)
        case "dot":
            from reports.reach.dot import reach_dot

            return reach_dot(listing)
        case "md":
            from reports.reach.markdown import reach_markdown

            return reach_markdown(listing)
        case _:
            from reports.reach.table import reach_table

            return reach_table(listing, width=width(), colour=colour(request.output))


def _collapsed(reach: ClusterReach, selection: Selection, request: ReachRequest) -> Iterable[bytes]:
    if request.answer == "json":
        from reports.reach.classes import classes_document

        return classes_document(reach.collapsed(selection))
    from reports.reach.overview import pairs_csv, pairs_table, title
    from scanner.reach.summary import by_namespace

    listing = reach.listing(selection)
    pairs = by_namespace(listing)
    match request.answer:
        case "csv":
            return pairs_csv(pairs)
        case "dot":
            from reports.reach.dot import pairs_dot

            return pairs_dot(pairs, title(listing))
        case "md":
            from reports.reach.markdown import pairs_markdown

            return pairs_markdown(pairs, title(listing), listing.notices)
        case _:
            return pairs_table(listing, pairs, width=width(), colour=colour(request.output))


@uncollected()
def run_explain(question: Question, src: str, dst: str, port: str, *, json: bool, output: str) -> int:
    """Print why a connection is possible or not, declared and effective.

    Raises:
        InputError: the source, a peer or the port cannot be used.
    """
    from reports.reach.explain import explanation_lines, render_explanations
    from scanner.reach.effects.because import with_causes
    from scanner.reach.effects.rules import rules_of, shown_by

    number, protocol = parse_port(port)
    snapshot = one_snapshot(question)
    policies = resolve(snapshot)
    keep(snapshot, policies)
    plane = dataplane_of(question.dataplane, snapshot, question.catalogues)

    def ask(plane: DataPlane | None) -> tuple[Explanation, ...]:
        reach = build(snapshot, policies, plane, ipblock_matches_pods=question.ipblock_matches_pods)
        return reach.explain(src, dst, protocol, number)

    declared = ask(None)
    rules = shown_by(rules_of(plane, policies), snapshot, policies)
    explanations = [*declared, *with_causes(declared, ask(plane), rules, ask)]
    if json:
        write((render_explanations(explanations),), output)
    else:
        write(text(explanation_lines(explanations, width=width(), colour=colour(output))), output)
    return read_whole(snapshot)


def reach_of(question: Question, snapshot: Snapshot, level: str, policies: PolicySet | None = None) -> ClusterReach:
    """One cluster's reach at one level."""
    plane = dataplane_of(question.dataplane, snapshot, question.catalogues) if level == "effective" else None
    found = resolve(snapshot) if policies is None else policies
    return build(snapshot, found, plane, ipblock_matches_pods=question.ipblock_matches_pods)


def dataplane_of(name: str, snapshot: Snapshot, catalogues: tuple[str, ...] = ()) -> DataPlane:
    """The data plane that was named ("NAME[@VERSION]"), else the one detected.

    Raises:
        InputError: there is no such data plane or version, or a catalogue file does not load.
    """
    catalogue = catalogue_of(catalogues)
    if not name:
        return detected(snapshot, catalogue)
    from scanner.dataplane.catalogue import named

    engine, _, version = name.partition("@")
    return named(engine, version, catalogue)


def detected(snapshot: Snapshot, catalogue: Catalogue | None = None) -> DataPlane:
    """The data plane that a snapshot and its cloud record show."""
    from scanner.cloud.read import read_facts
    from scanner.dataplane.catalogue import CATALOGUE
    from scanner.dataplane.detect import detect

    facts = read_facts(snapshot.cloud_record) if snapshot.cloud_record else None
    return detect(snapshot, facts, CATALOGUE if catalogue is None else catalogue)


def one_snapshot(question: Question) -> Snapshot:
    """The one cluster that is asked about.

    Raises:
        InputError: none or several match.
    """
    inputs = list_inputs(question.source, taken=now())
    if question.cluster:
        chosen = [entry for entry in inputs if question.cluster in {entry.label, Path(entry.label).name}]
        chosen = chosen or [entry for entry in inputs if question.cluster in entry.label]
        inputs = tuple(chosen)
    if len(inputs) != 1:
        known = ", ".join(printable(entry.label, 80) for entry in inputs[:10]) or "none"
        raise InputError(f"{len(inputs)} clusters match, one is needed: name it with --cluster ({known})")
    with watcher() as watch:
        watch.start(1)
        return inputs[0].read(watch.note)


def read_whole(snapshot: Snapshot) -> int:
    """3 where the snapshot has gaps: an answer from part of a cluster must not look like the whole of it."""
    if snapshot.read is Read.COMPLETE:
        return Exit.DONE
    say_incomplete([snapshot.unread] if snapshot.unread else by_cause(gaps_of(snapshot)))
    return Exit.INCOMPLETE


def is_snapshot(path: str) -> bool:
    """Whether a path means stored snapshots: a URL, a .zst file, a store's root, or one of its runs."""
    if "://" in path or path.endswith(".zst"):
        return True
    join, is_folder = os.path.join, os.path.isdir  # these never raise, whatever the path
    run = is_folder(join(path, "clusters")) and os.path.isfile(join(path, "run.json"))  # noqa: PTH113
    return run or is_folder(join(path, "v1", "runs"))


def source_of(path: str, records: tuple[str, ...] = ()) -> SourceOptions:
    """A folder of manifests or stored snapshots as a way in."""
    if is_snapshot(path):
        return SourceOptions(snapshots=path, cloud_records=records)
    return SourceOptions(manifests=path, cloud_records=records)


def parse_port(text: str) -> tuple[int, str]:
    """Read "5432" or "53/UDP" as number and protocol.

    Raises:
        InputError: no such port.
    """
    number, _, protocol = text.partition("/")
    protocol = (protocol or "TCP").upper()
    fine = number.isdecimal() and number.isascii() and len(number) <= 5 and 1 <= int(number) <= 65535
    if not fine or protocol not in {"TCP", "UDP", "SCTP"}:
        raise InputError(
            f"--port {printable(text, 40)!r}: write a number from 1 to 65535, and /UDP or /SCTP where it is not TCP"
        )
    return int(number), protocol
