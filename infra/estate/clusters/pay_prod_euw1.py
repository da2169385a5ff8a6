"""pay-prod-euw1: EKS whose VPC CNI could enforce policy and was never told to. Thirty tidy policies, all inert."""

from __future__ import annotations

from infra.estate.draft import Draft
from infra.estate.eks import SERVES, SERVICES, Group, Subnets, add_group, add_node_exporter, add_system
from infra.estate.eks_record import (
    SERVER,
    describe_addons,
    describe_cluster,
    describe_groups,
    describe_templates,
    record,
)
from infra.estate.network import PAY_EUW1
from infra.estate.rights import add_rights
from infra.estate.rules import deny_all, flow_policies, isolate
from scanner.model import Snapshot

NAME, ACCOUNT, REGION = "pay-prod-euw1", "111122223333", "eu-west-1"
AREAS = ("cards", "checkout", "edge", "monitoring", "notify", "risk", "settlement")
GROUPS = (
    Group(name="general-a", count=9, instance_type="m7i.xlarge", labels=(("workload", "general"),)),
    Group(name="cards-pci", count=3, instance_type="m7i.2xlarge", labels=(("workload", "pci"),)),
)
WORKLOADS = """
edge/public-api Deployment 6 http:8080,metrics:9090 http:80
edge/merchant-portal Deployment 3 http:8080 http:80
edge/webhook-receiver Deployment 3 http:8080,metrics:9090 http:80
checkout/checkout-api Deployment 6 http:8080,metrics:9090 http:80
checkout/cart Deployment 4 grpc:50051 grpc:50051
checkout/pricing Deployment 3 grpc:50051 grpc:50051
checkout/session-redis StatefulSet 3 redis:6379 redis:6379
checkout/idempotency-redis StatefulSet 3 redis:6379 redis:6379
checkout/abandoned-cart-sweeper CronJob 2 - -
cards/authoriser Deployment 6 grpc:50051,metrics:9090 grpc:50051
cards/tokeniser Deployment 4 grpc:50051 grpc:50051
cards/scheme-gateway Deployment 4 grpc:50051 grpc:50051
cards/three-ds-server Deployment 3 http:8443 http:8443
cards/vault-postgres StatefulSet 3 postgres:5432 postgres:5432
cards/bin-table-refresh CronJob 1 - -
risk/scorer Deployment 5 grpc:50051,metrics:9090 grpc:50051
risk/rules-engine Deployment 3 http:8080 http:80
risk/feature-cache StatefulSet 3 redis:6379 redis:6379
risk/case-console Deployment 2 http:8080 http:80
settlement/ledger-writer Deployment 3 grpc:50051 grpc:50051
settlement/payout-api Deployment 3 http:8080 http:80
settlement/kafka StatefulSet 3 broker:9092 broker:9092
settlement/ledger-postgres StatefulSet 2 postgres:5432 postgres:5432
settlement/reconcile CronJob 2 - -
settlement/scheme-files CronJob 1 - -
notify/dispatcher Deployment 3 http:8080 http:80
notify/mail-relay Deployment 2 smtp:2525 smtp:25
notify/sms-relay Deployment 2 http:8080 http:80
monitoring/prometheus StatefulSet 2 http-web:9090 http-web:9090
monitoring/alertmanager StatefulSet 3 http-web:9093 http-web:9093
monitoring/grafana Deployment 2 http:3000 http:80
monitoring/kube-state-metrics Deployment 1 http:8080 http:8080
"""
FLOWS = """
10.20.0.0/18 > edge/public-api, edge/merchant-portal, edge/webhook-receiver : 8080
edge/public-api > checkout/checkout-api : 8080
edge/merchant-portal > settlement/payout-api : 8080
checkout/checkout-api > checkout/cart, checkout/pricing, cards/authoriser, risk/scorer : 50051
checkout/checkout-api > checkout/session-redis : 6379
cards/authoriser > cards/tokeniser, cards/scheme-gateway, settlement/ledger-writer : 50051
cards/tokeniser > cards/vault-postgres : 5432
cards/scheme-gateway > 203.0.113.16/28 : 443
settlement/ledger-writer > settlement/ledger-postgres : 5432
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    made, ref = record(
        NAME,
        cluster=describe_cluster(ACCOUNT, REGION, NAME),
        addons=describe_addons(NAME, None),
        nodegroups=describe_groups(NAME, GROUPS),
        launchTemplates=describe_templates(NAME, GROUPS),
    )
    draft = Draft(ref, version=SERVER, services=SERVICES, serves=SERVES)
    subnets = Subnets(PAY_EUW1, REGION)
    for group in GROUPS:
        add_group(draft, subnets, group)
    for area in AREAS:
        draft.namespace(area, {"team": area, "pod-security.kubernetes.io/enforce": "restricted"})
    draft.workloads(WORKLOADS)
    add_node_exporter(draft)
    draft.policies(*isolate(AREAS), deny_all("default"), *flow_policies(FLOWS))
    add_system(draft, enforcing=False)
    notes = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
    draft.entry_point("Ingress", "edge", "public", {"public-api": 80, "webhook-receiver": 80}, "alb", **notes)
    draft.entry_point("Ingress", "edge", "merchants", {"merchant-portal": 80}, "alb", **notes)
    add_rights(draft, ("payments-dev", "cards"))
    return draft.snapshot(made)
