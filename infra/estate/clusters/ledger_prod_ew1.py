"""ledger-prod-ew1: GKE Autopilot on Dataplane V2, and every flow named: the cluster the others should look like."""

from __future__ import annotations

from infra.estate.draft import Draft
from infra.estate.gke import DATAPLANE_V2, GATEWAYS, RESOLVERS, SERVER, Gke, add_nodes, add_system, describe, record
from infra.estate.network import LEDGER_NODES, LEDGER_PODS
from infra.estate.rights import add_admission, add_rights
from infra.estate.rules import deny_all, flow_policies, isolate
from scanner.controls.governance.admission import PROTECTIONS
from scanner.model import Snapshot

SITE = Gke(
    name="ledger-prod-ew1",
    project="ledger-prod-4c1e",
    region="europe-west1",
    nodes=LEDGER_NODES,
    pods=LEDGER_PODS,
    services="10.48.0.0/20",
    pool="pool-2",
    count=12,
    autopilot=True,
    machine_type="ek-standard-16",
)
AREAS = ("accounts", "audit", "edge", "interest", "monitoring", "postings", "statements")
WORKLOADS = """
edge/api-gateway Deployment 4 http:8080,metrics:9090 http:80
edge/partner-gateway Deployment 3 http:8080,metrics:9090 http:80
accounts/account-api Deployment 4 grpc:50051,metrics:9090 grpc:50051
accounts/account-store StatefulSet 3 postgres:5432 postgres:5432
accounts/balance-cache StatefulSet 3 redis:6379 redis:6379
accounts/limits Deployment 3 grpc:50051,metrics:9090 grpc:50051
postings/posting-api Deployment 5 grpc:50051,metrics:9090 grpc:50051
postings/posting-worker Deployment 4 metrics:9090 -
postings/journal StatefulSet 3 postgres:5432 postgres:5432
postings/nats StatefulSet 3 client:4222,monitor:8222 client:4222
postings/replay CronJob 1 - -
interest/accrual Deployment 2 grpc:50051,metrics:9090 grpc:50051
interest/rates Deployment 2 http:8080,metrics:9090 http:80
interest/rates-import CronJob 2 - -
statements/statement-api Deployment 3 http:8080,metrics:9090 http:80
statements/renderer Deployment 3 http:8080 http:80
statements/statement-store StatefulSet 2 postgres:5432 postgres:5432
statements/month-end CronJob 1 - -
audit/audit-sink Deployment 3 grpc:50051,metrics:9090 grpc:50051
audit/audit-store StatefulSet 3 postgres:5432 postgres:5432
audit/evidence-export CronJob 1 - -
monitoring/prometheus StatefulSet 2 http-web:9090 http-web:9090
monitoring/alertmanager StatefulSet 3 http-web:9093 http-web:9093
monitoring/grafana Deployment 2 http:3000 http:80
"""
# The two ranges in front are those of the regional internal load balancer's proxies and of the group's own networks.
FLOWS = """
10.40.12.0/23 > edge/api-gateway, edge/partner-gateway : 8080
edge/api-gateway > accounts/account-api, postings/posting-api : 50051
edge/api-gateway > statements/statement-api : 8080
edge/partner-gateway > accounts/account-api : 50051
accounts/account-api > accounts/account-store : 5432
accounts/account-api > accounts/balance-cache : 6379
accounts/account-api > accounts/limits, audit/audit-sink : 50051
accounts/limits > accounts/account-store : 5432
postings/posting-api > accounts/limits, audit/audit-sink : 50051
postings/posting-api > postings/nats : client
postings/posting-worker > postings/nats : client
postings/posting-worker > postings/journal : 5432
postings/replay > postings/journal : 5432
interest/accrual > accounts/account-api, postings/posting-api : 50051
interest/accrual > interest/rates : 8080
interest/rates-import > 203.0.113.64/28 : 443
interest/rates-import > interest/rates : 8080
statements/statement-api > statements/statement-store : 5432
statements/statement-api > statements/renderer : 8080
statements/month-end > statements/statement-api : 8080
audit/audit-sink > audit/audit-store : 5432
audit/evidence-export > audit/audit-store : 5432
monitoring/prometheus > edge/api-gateway, edge/partner-gateway, accounts/account-api, accounts/limits : metrics
monitoring/prometheus > postings/posting-api, postings/posting-worker, interest/accrual, interest/rates : metrics
monitoring/prometheus > statements/statement-api, audit/audit-sink : metrics
monitoring/prometheus > monitoring/alertmanager : 9093
monitoring/grafana > monitoring/prometheus : 9090
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    made, ref = record(
        describe(
            SITE,
            public=False,
            autopilot={"enabled": True},
            networkConfig={
                "datapathProvider": "ADVANCED_DATAPATH",
                "enableFqdnNetworkPolicy": True,
                "enableIntraNodeVisibility": True,
                "defaultEnablePrivateNodes": True,
                "dnsConfig": {"clusterDns": "KUBE_DNS"},
                "defaultSnatStatus": {"disabled": False},
            },
            addonsConfig={"dnsCacheConfig": {"enabled": True}, "httpLoadBalancing": {}},
        )
    )
    draft = Draft(ref, version=SERVER, services=SITE.services, serves=DATAPLANE_V2 | GATEWAYS)
    add_nodes(draft, SITE)
    for area in AREAS:
        draft.namespace(area, {"team": f"ledger-{area}", "pod-security.kubernetes.io/enforce": "restricted"})
    draft.workloads(WORKLOADS)
    draft.policies(*isolate(AREAS, *RESOLVERS), deny_all("default"), *flow_policies(FLOWS))
    add_system(draft, SITE)
    draft.setting(
        "networking.gke.io/v1alpha1",
        "NetworkLogging",
        "default",
        {"cluster": {"allow": {"log": False, "delegate": False}, "deny": {"log": True, "delegate": False}}},
    )
    draft.entry_point("HTTPRoute", "edge", "ledger", {"api-gateway": 80})
    draft.entry_point("HTTPRoute", "edge", "partners", {"partner-gateway": 80})
    add_rights(draft)
    for each in PROTECTIONS:
        name = f"ringfence-{each.file.removesuffix('.yaml')}"
        add_admission(
            draft,
            name,
            plural=each.resource,
            operations=each.operations,
            expression=each.expression,
            group=each.group,
        )
    return draft.snapshot(made)
