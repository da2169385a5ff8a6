"""Which engine decides in a cluster, and whether it works: what is inside the cluster first, the cloud's record second."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.cloud.facts import EngineSettings
from scanner.cloud.gke import HALF_ADDON
from scanner.dataplane.catalogue import CATALOGUE
from scanner.dataplane.controller import NODE_CLASSES, UNDETERMINED, Verdict, auto_mode, controller, settings_of
from scanner.dataplane.model import Enforcing, Proof
from scanner.dataplane.sighting import DAEMON_SETS, Place, Sighting, Switch, place, sightings
from scanner.model import Collected, Snapshot

COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
# What a cloud's managed engine is called, and what the same engine looks like inside the cluster.
_INSIDE = {"gke-calico": "calico", "aks-calico": "calico", "aks-cilium": "cilium"}
_GAPS = frozenset({Collected.PARTIAL, Collected.FORBIDDEN})
_UNSAID = EngineSettings(managed=None, enabled=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The engine and whether it runs, before any node is looked at. `seen` are the DaemonSets of that engine."""

    name: str
    enforcing: Enforcing
    reason: str
    proofs: tuple[Proof, ...]
    version: str = ""
    seen: tuple[Sighting, ...] = ()
    settings: EngineSettings = _UNSAID


def decide(snapshot: Snapshot, settings: EngineSettings | None) -> Decision:
    """Decide on the engine. A doubt of any kind is `unknown`; `no` needs a whole list of DaemonSets or a half-on switch."""
    record = settings or _UNSAID
    seen = sightings(snapshot)
    engines = _engines(snapshot, record, seen)
    standing = place(snapshot)
    if len(engines) > 1:
        proofs = tuple(proof for name in engines for proof in _of(seen, name, record))
        return Decision(
            name="unknown", enforcing=Enforcing.UNKNOWN, reason="two-engines", proofs=proofs, settings=record
        )
    if standing is Place.UNREAD:
        decision = _without_engine(snapshot, record, seen, standing)
    elif engines:
        decision = _with_engine(snapshot, record, engines[0], seen, standing)
    else:
        decision = _without_engine(snapshot, record, seen, standing)
    return decision


def _of(seen: tuple[Sighting, ...], name: str, record: EngineSettings) -> tuple[Proof, ...]:
    proofs = tuple(proof for sighting in seen if sighting.name == name for proof in sighting.proofs)
    return proofs or (Proof(f"{name} is switched on", record.where or COMPUTE_TYPE),)


def _is_auto(snapshot: Snapshot, record: EngineSettings) -> bool:
    """Whether some nodes are Auto Mode's, where EKS runs the agent out of sight (no aws-node pod)."""
    labelled = any(node.labels.get(COMPUTE_TYPE) == "auto" for node in snapshot.nodes)
    classes = snapshot.collection.get(NODE_CLASSES)
    unseen = classes is not None and classes.status in _GAPS  # the kind is served, so there may be some
    return record.auto_mode or labelled or unseen or any(settings_of(snapshot, "NodeClass", "eks.amazonaws.com"))


def _engines(snapshot: Snapshot, record: EngineSettings, seen: tuple[Sighting, ...]) -> list[str]:
    """The engines that are installed and not switched off, sorted."""
    auto = _is_auto(snapshot, record)
    names = {
        sighting.name
        for sighting in seen
        if sighting.switch is not Switch.OFF
        and not (auto and sighting.name == "eks-vpc-cni" and sighting.daemon_set.desired == 0)
    }
    if auto and "eks-vpc-cni" not in names and (not names or _may_run(snapshot)):
        names.add("eks-auto-mode")
    return sorted(names)


def _may_run(snapshot: Snapshot) -> bool:
    """Whether Auto Mode's controller runs, or nobody could read whether it does: another engine is then not alone."""
    enforcing, reason, _ = controller(snapshot)
    return enforcing is Enforcing.YES or reason == UNDETERMINED


def _with_engine(
    snapshot: Snapshot, record: EngineSettings, engine: str, seen: tuple[Sighting, ...], standing: Place
) -> Decision:
    """One engine is there: is it this cluster's, is it ready, and is it on?"""
    name = _managed_name(engine, record, seen)
    mine = tuple(sighting for sighting in seen if sighting.name == engine)
    proofs = tuple(proof for sighting in mine for proof in sighting.proofs)
    if standing is Place.UNASKED and record.enabled and _INSIDE.get(record.managed or "", record.managed) == engine:
        return _from_record(record, proofs)
    enforcing, reason, more = _verdict(snapshot, record, engine, mine, standing)
    versions = {sighting.version for sighting in mine if not sighting.windows}
    version = versions.pop() if len(versions) == 1 else ""
    return Decision(
        name=name,
        enforcing=enforcing,
        reason=reason,
        proofs=(*proofs, *more),
        version=version or (record.version if name == record.managed else ""),
        seen=mine,
        settings=record,
    )


def _managed_name(engine: str, record: EngineSettings, seen: tuple[Sighting, ...]) -> str:
    """The cloud's name of an engine where the cloud runs it (its DaemonSet is then the platform's), else its own."""
    if engine not in CATALOGUE and engine != "eks-auto-mode":
        return "unknown"
    managed = record.managed or ""
    own = any(sighting.daemon_set.namespace in {"kube-system", "calico-system"} for sighting in seen)
    return managed if own and _INSIDE.get(managed) == engine and record.enabled else engine


def _verdict(
    snapshot: Snapshot, record: EngineSettings, engine: str, mine: tuple[Sighting, ...], standing: Place
) -> Verdict:
    doubt = _doubt(record, engine, mine, standing)
    if doubt is not None:
        return Enforcing.UNKNOWN, *doubt
    if engine == "eks-auto-mode":
        return auto_mode(snapshot)
    ready = _readiness(snapshot, mine)
    if ready is not None:
        return ready
    if engine == "eks-vpc-cni":
        return controller(snapshot)
    return Enforcing.YES, "on", _agreement(record, engine)


def _agreement(record: EngineSettings, engine: str) -> tuple[Proof, ...]:
    if record.managed and record.enabled and _INSIDE.get(record.managed, record.managed) == engine:
        return (Proof(f"the cloud runs {record.managed}", record.where),)
    return ()


def _doubt(
    record: EngineSettings, engine: str, mine: tuple[Sighting, ...], standing: Place
) -> tuple[str, tuple[Proof, ...]] | None:
    """Why the engine's presence proves nothing, if it does not."""
    if engine != "eks-auto-mode" and engine not in CATALOGUE:
        return "engine-undetermined", (Proof("this engine is not in the catalogue", mine[0].where),)
    if standing is not Place.LISTED:
        return "engine-unconfirmed", (Proof("not all DaemonSets could be read, so others may be there", DAEMON_SETS),)
    if any(not sighting.trusted for sighting in mine):
        return "engine-unconfirmed", (
            Proof("the namespace is not one that an engine is known to run in", mine[0].where),
        )
    if any(sighting.switch is Switch.UNCLEAR for sighting in mine):
        return "switch-unclear", ()
    return _contradiction(record, engine, mine)


def _contradiction(
    record: EngineSettings, engine: str, mine: tuple[Sighting, ...]
) -> tuple[str, tuple[Proof, ...]] | None:
    """Where the cloud says one thing and the cluster another. On EKS the add-on's values may lag, and the cluster decides."""
    managed = record.managed or ""
    if record.half and engine == "calico" and mine[0].daemon_set.namespace == "kube-system":
        return "node-enforcement-off" if record.half == HALF_ADDON else "addon-off", (Proof(record.half, record.where),)
    if record.enabled and _INSIDE.get(managed, managed) != engine and not managed.startswith("eks-"):
        return "mismatch", (Proof(f"the cloud says that it runs {managed}", record.where),)
    return None


def _readiness(snapshot: Snapshot, mine: tuple[Sighting, ...]) -> Verdict | None:
    """A verdict where no pod of the engine is ready, or nobody can tell; None where it runs somewhere."""
    sets = [sighting.daemon_set for sighting in mine if not sighting.windows] or [item.daemon_set for item in mine]
    if any(item.desired is None or item.ready is None for item in sets):
        return Enforcing.UNKNOWN, "engine-unconfirmed", ()
    if sum(item.ready or 0 for item in sets) > 0:
        return None
    if not any(item.desired for item in sets) and not snapshot.nodes:
        return Enforcing.UNKNOWN, "no-nodes", (Proof("no node to run on was seen", "nodes"),)
    return Enforcing.NO, "engine-not-ready", ()


def _from_record(record: EngineSettings, proofs: tuple[Proof, ...] = ()) -> Decision:
    return Decision(
        name=record.managed or "unknown",
        enforcing=Enforcing.YES,
        reason="on",
        proofs=(*proofs, Proof(f"the cloud runs {record.managed}", record.where)),
        version=record.version,
        settings=record,
    )


def _without_engine(
    snapshot: Snapshot, record: EngineSettings, seen: tuple[Sighting, ...], standing: Place
) -> Decision:
    """No engine that is on was found: nothing runs, or nobody looked everywhere."""
    stated = _statement(record)
    proofs = (*(proof for sighting in seen for proof in sighting.proofs), *stated)

    def answer(name: str, enforcing: Enforcing, reason: str, *more: Proof) -> Decision:
        return Decision(
            name=name, enforcing=enforcing, reason=reason, proofs=(*proofs, *more), settings=record, seen=seen
        )

    if record.half == HALF_ADDON:
        return answer("none", Enforcing.NO, "node-enforcement-off")
    maybe = record.managed if record.managed and record.enabled is not False else "unknown"
    if standing is Place.UNREAD:
        return answer(maybe, Enforcing.UNKNOWN, "unread", Proof(snapshot.unread, "Kubernetes API"))
    if standing is Place.UNASKED:
        if record.enabled and not seen:
            return _from_record(record)
        return answer(maybe, Enforcing.UNKNOWN, "engine-undetermined", Proof("no DaemonSets were read", DAEMON_SETS))
    if standing is Place.REFUSED:
        refused = Proof(f"DaemonSets could not be read whole: {_why(snapshot)}", DAEMON_SETS)
        return answer(
            maybe, Enforcing.UNKNOWN, "engine-unconfirmed" if record.enabled else "engine-undetermined", refused
        )
    return _nothing_runs(snapshot, record, seen, proofs)


def _nothing_runs(
    snapshot: Snapshot, record: EngineSettings, seen: tuple[Sighting, ...], proofs: tuple[Proof, ...]
) -> Decision:
    """Every DaemonSet was read and none is an engine that is on. That is evidence, not a remembered fact."""
    counted = Proof(f"{len(snapshot.daemon_sets)} DaemonSets were read, none is an engine that is on", DAEMON_SETS)
    name, enforcing, reason = "none", Enforcing.NO, "no-engine"
    agents = [sighting for sighting in seen if sighting.capable]
    if "+k3s" in snapshot.kubernetes_version:
        name, enforcing, reason = "unknown", Enforcing.UNKNOWN, "engine-undetermined"
        counted = Proof("k3s may run its engine inside the server process", "kubernetes version")
    elif agents:
        name, reason = agents[0].name, "off"
    elif record.enabled and not seen:
        name, enforcing, reason = record.managed or "unknown", Enforcing.UNKNOWN, "engine-missing"
    elif record.enabled is False and not seen:
        reason = "off"
    version = agents[0].version or record.version if agents else ""
    return Decision(
        name=name,
        enforcing=enforcing,
        reason=reason,
        proofs=(*proofs, counted),
        version=version,
        seen=seen,
        settings=record,
    )


def _why(snapshot: Snapshot) -> str:
    status = snapshot.collection.get(DAEMON_SETS)
    return status.reason or str(status.status) if status else "not asked for"


def _statement(record: EngineSettings) -> tuple[Proof, ...]:
    """What the cloud's record says of its own switch, as a proof."""
    if record.half:
        return (Proof(record.half, record.where),)
    if record.enabled is None:
        return ()
    said = f"the cloud's setting for {record.managed} is " if record.managed else "the cloud's policy setting is "
    return (Proof(said + ("on" if record.enabled else "off"), record.where),)
