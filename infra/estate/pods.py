"""Hosts, and the pods that controllers put on them: what a pod is called and labelled follows from what made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.estate.names import number, token
from scanner.model import ContainerPort, Node, Pod, WorkloadRef

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"
_JOB_MINUTE = 29_666_280  # of the newest run of every CronJob: minutes since 1970, as the controller numbers them


@dataclass(frozen=True, slots=True)
class Host:
    """A node, the pool it belongs to, and the addresses that its pods take one after the other."""

    node: Node
    pool: str
    addresses: Iterator[str]


def app_labels(namespace: str, name: str) -> dict[str, str]:
    """The recommended labels, as a chart per business area would write them."""
    release = f"{1 + number(name, 6)}.{number(name + namespace, 30)}.{number(namespace, 9)}"
    return {
        NAME: name,
        INSTANCE: name,
        "app.kubernetes.io/component": name.rpartition("-")[2],
        "app.kubernetes.io/part-of": namespace,
        "app.kubernetes.io/version": release,
    }


def made_by(kind: str, cluster: str, namespace: str, name: str, index: int) -> tuple[str, dict[str, str]]:
    """The name of a workload's pod and the labels that its controller adds."""
    seed = f"{cluster}/{namespace}/{name}"
    match kind:
        case "Deployment":
            template = token(seed, 10)
            return f"{name}-{template}-{token(f'{seed}/{index}', 5)}", {"pod-template-hash": template}
        case "StatefulSet":
            full = f"{name}-{index}"
            return full, {
                "apps.kubernetes.io/pod-index": str(index),
                "controller-revision-hash": f"{name}-{token(seed, 10)}",
                "statefulset.kubernetes.io/pod-name": full,
            }
        case "CronJob":
            job = f"{name}-{_JOB_MINUTE - 60 * index}"
            return f"{job}-{token(f'{seed}/{index}', 5)}", {"job-name": job, "batch.kubernetes.io/job-name": job}
        case _:
            raise ValueError(f"{kind} {namespace}/{name}: no such kind of workload in the estate")


def pod_on(
    host: Host,
    *,
    namespace: str,
    name: str,
    labels: dict[str, str],
    workload: WorkloadRef,
    ports: tuple[ContainerPort, ...] = (),
    host_network: bool = False,
) -> Pod:
    """A pod of a host: running and ready, with an address of the pool's range or, in the host's network, the host's own.

    A CronJob's pod is that of a finished run.
    """
    finished = workload.kind == "CronJob"
    return Pod(
        namespace=namespace,
        name=name,
        labels=dict(sorted(labels.items())),
        workload=workload,
        ports=ports,
        node=host.node.name,
        host_network=host_network,
        phase="Succeeded" if finished else "Running",
        ready=not finished,
        ips=(host.node.addresses[0] if host_network else next(host.addresses),),
    )
