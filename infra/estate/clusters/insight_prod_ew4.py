"""insight-prod-ew4: GKE Standard on the legacy data path. The policy add-on is on, the nodes never got it: nothing enforces."""

from __future__ import annotations

from infra.estate.draft import Draft
from infra.estate.gke import RESOLVERS, SERVER, Gke, add_nodes, add_system, describe, record
from infra.estate.network import INSIGHT_NODES, INSIGHT_PODS
from infra.estate.rights import add_rights
from infra.estate.rules import deny_all, deny_ingress, flow_policies, isolate
from scanner.model import Snapshot

SITE = Gke(
    name="insight-prod-ew4",
    project="insight-prod-90d2",
    region="europe-west4",
    nodes=INSIGHT_NODES,
    pods=INSIGHT_PODS,
    services="10.68.0.0/20",
    pool="batch-n2d",
    count=10,
    autopilot=False,
    machine_type="n2d-standard-16",
)
AREAS = ("dashboards", "features", "ingest", "models")
WORKLOADS = """
ingest/event-collector Deployment 5 http:8080,metrics:9090 http:80
ingest/schema-registry Deployment 2 http:8081 http:8081
ingest/kafka StatefulSet 5 broker:9092,jmx:9404 broker:9092
ingest/stream-joiner Deployment 4 metrics:9090 -
ingest/dead-letter Deployment 2 http:8080 http:80
features/feature-api Deployment 3 grpc:50051 grpc:50051
features/feature-builder Deployment 4 metrics:9090 -
features/feature-redis StatefulSet 3 redis:6379 redis:6379
features/backfill CronJob 2 - -
models/training-operator Deployment 1 metrics:8080 -
models/fraud-model Deployment 4 http:8080 http:80
models/churn-model Deployment 2 http:8080 http:80
models/model-registry Deployment 2 http:5000 http:80
models/registry-postgres StatefulSet 1 postgres:5432 postgres:5432
models/nightly-training CronJob 2 - -
dashboards/superset Deployment 3 http:8088 http:80
dashboards/superset-worker Deployment 3 - -
dashboards/superset-redis StatefulSet 1 redis:6379 redis:6379
dashboards/superset-postgres StatefulSet 1 postgres:5432 postgres:5432
dashboards/report-mailer CronJob 1 - -
scratch/notebook-hub Deployment 1 http:8000 http:80
scratch/notebook-proxy Deployment 2 http:8001 http:80
scratch/notebook StatefulSet 6 http:8888 http:8888
"""
FLOWS = """
10.60.12.0/23 > ingest/event-collector : 8080
10.60.12.0/23 > dashboards/superset : 8088
ingest/event-collector > ingest/kafka : 9092
ingest/event-collector > ingest/schema-registry : 8081
ingest/stream-joiner > ingest/kafka : 9092
features/feature-builder > ingest/kafka : 9092
features/feature-builder > features/feature-redis : 6379
features/feature-api > features/feature-redis : 6379
models/fraud-model > features/feature-api : 50051
models/model-registry > models/registry-postgres : 5432
dashboards/superset > dashboards/superset-redis : 6379
dashboards/superset > dashboards/superset-postgres : 5432
dashboards/superset-worker > dashboards/superset-redis : 6379
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    made, ref = record(
        describe(
            SITE,
            public=True,
            networkPolicy={"provider": "CALICO", "enabled": False},
            networkConfig={"datapathProvider": "LEGACY_DATAPATH", "defaultSnatStatus": {"disabled": False}},
            addonsConfig={
                "networkPolicyConfig": {"disabled": False},
                "dnsCacheConfig": {"enabled": True},
                "httpLoadBalancing": {"disabled": False},
            },
        )
    )
    draft = Draft(ref, version=SERVER, services=SITE.services)
    add_nodes(draft, SITE)
    for area in (*AREAS, "scratch"):
        draft.namespace(area, {"team": "insight", "tier": "scratch" if area == "scratch" else "prod"})
    draft.workloads(WORKLOADS)
    draft.policies(*isolate(AREAS, *RESOLVERS), deny_all("default"), deny_ingress("scratch"), *flow_policies(FLOWS))
    add_system(draft, SITE)
    draft.service(
        "ingest",
        "event-collector-public",
        "http:80",
        selector={"app.kubernetes.io/name": "event-collector", "app.kubernetes.io/instance": "event-collector"},
        type="LoadBalancer",
        traffic_policy="Cluster",
        balancer=("192.0.2.81",),
        annotations={"cloud.google.com/l4-rbs": "enabled"},
    )
    notes = {"kubernetes.io/ingress.class": "gce-internal"}
    draft.entry_point("Ingress", "dashboards", "superset", {"superset": 80}, **notes)
    add_rights(draft, ("data-science", "scratch"))
    return draft.snapshot(made)
