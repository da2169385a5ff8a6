"""Documents to objects: what each is, whether a cluster would take it, and where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.kinds import KINDS, POLICY_KINDS, Kind
from infra.manifests.admission import Admission, Refusal
from infra.manifests.catalogue import is_kustomization, is_silent, known_kind, makes_pods
from infra.manifests.documents import HELM_MESSAGE, Document, Foreign, Found, Trouble
from infra.manifests.notes import Notes
from infra.objects import Objects
from infra.objects.pods import DEFAULT_ACCOUNT, account
from infra.text import printable
from infra.wire import WIRE_TYPES, AnyObject, Metadata, Pod, PodMetadata, Reduced
from scanner.model import Origin

_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    resource: msgspec.json.Decoder(form) for resource, form in WIRE_TYPES.items()
}
_POD = msgspec.json.Decoder(Pod)
_MESHED = frozenset(
    {
        "authorizationpolicies.security.istio.io",
        "authorizationpolicies.policy.linkerd.io",
        "serverauthorizations.policy.linkerd.io",
    }
)
MESH_ALONE = "count for the mesh controls alone"  # of a notice that is no mistake
_ANY = msgspec.json.Decoder()
_LEFT_OUT = "; a cluster refuses it, so it is left out"


@dataclass(slots=True)
class _Unknown:
    count: int
    file: str
    line: int


class Loader:
    """Takes what the files hold, one after another. `objects` is what a cluster would have taken of it."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.notes = Notes()
        self.documents = 0  # Kubernetes objects of any kind that could be read
        self._admission = Admission(self.objects.pieces)
        self._places: dict[tuple[str, str, str], tuple[str, int]] = {}  # resource, namespace, name -> file, line
        self._unknown: dict[tuple[str, str], _Unknown] = {}
        self._foreign: set[str] = set()
        self._meshed: dict[
            str, tuple[int, str, int]
        ] = {}  # kinds by which meshes deny: how many, the first one's place

    def take(self, file: str, found: Found) -> None:
        """Take one document of `file`, or what is wrong with it."""
        match found:
            case Document():
                self._document(file, found)
            case Trouble():
                self.notes.trouble(file, found)
            case Foreign():
                if file not in self._foreign:
                    self._foreign.add(file)
                    message = "is no Kubernetes object (no apiVersion and kind), so it is not read: keep it elsewhere"
                    self.notes.add(file, f"{file}:{found.line}", "", message)

    @property
    def counts(self) -> dict[str, int]:
        """How many objects of each kind there are."""
        return Counter(resource for resource, _, _ in self._places)

    def finish(self) -> None:
        """Say what was not read because its kind is not known: one notice a kind."""
        for (api_version, kind), unknown in sorted(self._unknown.items()):
            name = printable(f"{kind} ({api_version})", 120)
            message = (
                f"{unknown.count} of kind {name} not read: this version does not know what the kind does to connections"
            )
            self.notes.add(unknown.file, f"{unknown.file}:{unknown.line}", "kind", message)
        for name, (count, file, line) in sorted(self._meshed.items()):
            message = f"{count} of kind {name} {MESH_ALONE}: what they deny stays among the connections"
            self.notes.add(file, f"{file}:{line}", "kind", message)

    def _document(self, file: str, document: Document) -> None:
        api_version, name = document.api_version, document.kind
        if name == "Pod" and api_version == "v1":
            self._pod(file, document)
            return
        kind, removed = known_kind(api_version, name)
        if kind is not None:
            self._known(file, document, kind, removed=removed)
            return
        self.documents += 1
        place = f"{file}:{document.line}"
        if is_kustomization(api_version):
            message = "is not built, its patches do not count: give the output of kubectl kustomize instead"
            self.notes.trouble(file, Trouble(message, document.line, lost=False))
        elif makes_pods(api_version, name):
            message = "creates pods that are not in this folder: they are not judged; audit the cluster itself"
            self.notes.add(file, _custom_identity(document, place), "kind", f"{message} ({place})")
        elif not is_silent(api_version, name):
            self._unknown.setdefault((api_version, name), _Unknown(0, file, document.line)).count += 1

    def _pod(self, file: str, document: Document) -> None:
        """Take a pod: as `_known` takes anything, but the shortest way, for a dump holds 60,000 of them."""
        try:
            wire = document.pod or _POD.decode(document.json)
            _complete_pod(wire)
            shape = self.objects.pieces.shape(wire)
            refused = self._admission.pod(wire, shape)
        except (msgspec.DecodeError, RecursionError) as error:
            self.notes.trouble(file, _refused(document, KINDS["pods"], error))
            return
        if refused:
            self._refuse(file, document, KINDS["pods"], refused)
            return
        self.documents += 1
        self._count(file, document, KINDS["pods"], wire)
        self.objects.pod(wire, shape, Origin(file=file, line=document.line))

    def _known(self, file: str, document: Document, kind: Kind, *, removed: bool) -> None:
        try:
            wire = _DECODERS[kind.resource].decode(document.json)
            _complete(wire, kind, document)
            refused = self._admission.refusals(kind.resource, wire)
            if not refused:  # what was only skipped over so far, such as Cilium's `specs`, may turn out broken here
                self.objects.add(kind.resource, wire, _origin(file, document, kind))
        except (msgspec.DecodeError, RecursionError) as error:
            self.notes.trouble(file, _refused(document, kind, error))
            return
        if refused:
            self._refuse(file, document, kind, refused)
            return
        self.documents += 1
        if kind.resource in _MESHED:
            count, first, line = self._meshed.get(kind.name, (0, file, document.line))
            self._meshed[kind.name] = count + 1, first, line
        if removed and kind.resource not in POLICY_KINDS:
            message = f"{document.api_version} is refused by current clusters, read as {kind.api_version}: change it"
            message = f"{message} ({file}:{document.line})"
            self.notes.add(file, _identity(kind, wire), "apiVersion", message)
        self._count(file, document, kind, wire)

    def _refuse(self, file: str, document: Document, kind: Kind, refused: list[Refusal]) -> None:
        """Say why a cluster would not take an object."""
        if document.templated:
            self.notes.trouble(file, Trouble(HELM_MESSAGE, document.line))
            return
        for field, problem in refused[:3]:
            self.notes.add(file, f"{file}:{document.line}", field, f"{kind.name}: {problem}{_LEFT_OUT}")

    def _count(self, file: str, document: Document, kind: Kind, wire: Any) -> None:  # noqa: ANN401
        """Count an object once; of two with one name the last counts, as it does to `kubectl apply`."""
        key = (kind.resource, wire.metadata.namespace or "", wire.metadata.name)
        place = (file, document.line)
        before = self._places.setdefault(key, place)
        if before is place:
            return
        self._places[key] = place
        places = f"stands at {before[0]}:{before[1]} and again at {file}:{document.line}"
        self.notes.add(file, _identity(kind, wire), "metadata.name", f"{places}; the last counts: remove one")


def _origin(file: str, document: Document, kind: Kind) -> Origin:
    """Where an object stands; the lines of single rules are of use in policies alone."""
    lines = document.lines() if kind.resource in POLICY_KINDS else {}
    return Origin(file=file, line=document.line, lines=lines)


def _complete_pod(wire: Pod) -> None:
    """What the API server would fill in."""
    metadata, spec = wire.metadata, wire.spec
    metadata.namespace = metadata.namespace or "default"
    if not metadata.name:
        _name(metadata)
    if spec is not None and not spec.service_account_name:
        spec.service_account_name = account(spec) or DEFAULT_ACCOUNT


def _complete(wire: Any, kind: Kind, document: Document) -> None:  # noqa: ANN401 - any of WIRE_TYPES but Pod
    """What the API server would fill in, and what a typed list says for its items.

    A resourceVersion in a file is that of some cluster at some time, and says nothing of the object that a cluster has.
    """
    metadata = wire.metadata
    metadata.namespace = (metadata.namespace or "default") if kind.namespaced else None
    metadata.resource_version = None
    _name(metadata)
    if isinstance(wire, AnyObject | Reduced):
        wire.api_version = wire.api_version or document.api_version
        wire.kind = wire.kind or document.kind


def _name(metadata: Metadata | PodMetadata) -> None:
    """The server adds a random end to `generateName`; the pods of one owner share what stands before it."""
    if not metadata.name and metadata.generate_name:
        metadata.name = metadata.generate_name.rstrip("-.")


def _identity(kind: Kind, wire: Any) -> str:  # noqa: ANN401
    namespace = wire.metadata.namespace
    return f"{kind.name} {namespace}/{wire.metadata.name}" if namespace else f"{kind.name} {wire.metadata.name}"


class _CustomMetadata(msgspec.Struct):
    name: str = ""
    namespace: str = "default"


class _Custom(msgspec.Struct):
    metadata: _CustomMetadata


_CUSTOM = msgspec.json.Decoder(_Custom)


def _custom_identity(document: Document, place: str) -> str:
    try:
        metadata = _CUSTOM.decode(document.json).metadata
    except (msgspec.DecodeError, RecursionError):
        return place
    return printable(f"{document.kind} {metadata.namespace}/{metadata.name}", 200)


def _refused(document: Document, kind: Kind, error: Exception) -> Trouble:
    """A decoding error in a person's words; the usual one is a label that YAML reads as a boolean or number."""
    if document.templated:
        return Trouble(HELM_MESSAGE, document.line)
    if isinstance(error, RecursionError):
        return Trouble(f"{kind.name}: nested too deep to be read: flatten it", document.line)
    for path, labels in _label_maps(_ANY.decode(document.json), ""):
        for key, entry in labels.items():
            if not isinstance(entry, str | None):
                form = (
                    "boolean"
                    if isinstance(entry, bool)
                    else "number"
                    if isinstance(entry, int | float)
                    else "structure"
                )
                value = printable(msgspec.json.encode(entry).decode(), 60)
                what = f'{path}: "{printable(key, 80)}" is the {form} {value} and must be text: quote it{_LEFT_OUT}'
                return Trouble(f"{kind.name}: {what}", document.line, lost=False)
    return Trouble(f"{kind.name}: {printable(str(error), 200)}: mend the field; left out", document.line)


def _label_maps(value: Any, path: str) -> list[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - decoded JSON
    """Every map of labels in an object, down to a CronJob's pod template, with its path."""
    if not isinstance(value, dict):
        return []
    metadata = value.get("metadata")
    maps = []
    if isinstance(metadata, dict) and isinstance(metadata.get("labels"), dict):
        maps.append((f"{path}metadata.labels", metadata["labels"]))
    spec = value.get("spec")
    if isinstance(spec, dict):
        selector = spec.get("selector")
        if isinstance(selector, dict) and not isinstance(selector.get("matchLabels"), dict):  # a Service's
            maps.append((f"{path}spec.selector", selector))
        for inner in ("template", "jobTemplate"):
            maps += _label_maps(spec.get(inner), f"{path}spec.{inner}.")
    return maps
