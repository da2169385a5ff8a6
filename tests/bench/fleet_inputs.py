"""What the simulation and the estimate of costs rest on, in one place: what was measured, what clouds allow, what they charge.

`counted` figures are those of `python -m tests.bench.run_counts` (the estate of three clouds of the tests); `measured` ones are
CPU seconds of one core. `ASSUMED` is what nobody here could measure: put yours in. Prices are list prices in US dollars, read
on the pages named beside them in November 2026, where some had been stored earlier: look there before you rely on a figure.
"""

from __future__ import annotations

from dataclasses import dataclass

CLOUDS = ("aws", "gcp", "azure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Who is scanned. `accounts` are accounts, projects or subscriptions, and clusters are spread evenly over them."""

    clusters: int = 10_000
    accounts: int = 300
    regions: int = 17  # that each account has enabled: AWS alone is asked region by region
    runs: int = 30  # a month


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Times in seconds that depend on networks: everything else was counted or measured."""

    call_s: float = 0.10  # one call of a cloud's API, of Kubernetes, or one page of a store's list
    object_s: float = 0.05  # one object put or got
    kubernetes_at_once: int = 2  # `concurrency.lists_per_cluster`
    eks_per_s: float = 10.0  # EKS calls of one account and region: AWS publishes none (reference: discovery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """CPU seconds and bytes. `python -m tests.bench.collect`, `judge`, `bundles`; sizes from the demo estate and `run_counts`."""

    cold_s: float = 0.9  # imports of the first scan of an instance
    collect_s: float = 0.02  # 200 pods over HTTPS; 2,000: 0.06; 10,000: about 0.35
    judge_s: float = 0.07  # 300 pods and 60 policies; 3,000 and 500: 0.84
    check_s: float = 25e-6  # asking whether a run can be reported, for each cluster of the run
    report_s: float = (
        0.021  # of a report, for each cluster: its result read, its pages rendered (300, 1,000, 3,000 measured)
    )
    report_base_bytes: int = 130_000_000
    report_bytes: int = 680_000  # of a report, for each cluster, until it is made
    result_bytes: int = 140_000
    snapshot_bytes: int = 8_000
    page_bytes: int = 190_000  # of the report's site, for each cluster
    record_bytes: int = 532  # of run.json, for each cluster
    kubernetes_calls: int = 24  # of one scan: one page of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud: calls of a run, the limits that they meet, the deployment's defaults (`terraform/`), and prices."""

    plan_per_account: float  # calls of a plan; networks are asked for where clusters are, taken as two regions in AWS
    plan_per_region: float
    plan_per_cluster: float
    scan_calls: float  # calls of the cloud's API in one scan, whatever they ask
    shared_calls: float  # of these, those that the limit below counts
    per_s: float  # how many of them an account (project, subscription) gets for a second, steadily
    burst: float
    limit: str  # its name and source
    puts_per_s: float
    store_limit: str
    plan_workers: int
    plan_s: float  # the plan's time limit
    scan_s: float  # a scan's, which also makes the report when it is the last
    at_once: int
    memory_gb: float
    cores: float  # with that memory
    gb_s: float  # price of memory (and of its CPU) for a second
    request: float  # price of one call of the function
    message: float  # of one message, sent, received and deleted
    write: float  # of one put or list
    read: float
    gb_month: float
    sources: tuple[str, ...]


AWS = Cloud(
    plan_per_account=4.0 + 2 * 9.0,
    plan_per_region=1.0,
    plan_per_cluster=5.0,
    scan_calls=2.5,
    shared_calls=1.0,
    per_s=Assumed().eks_per_s,
    burst=100.0,
    limit="EKS API of an account and region: not published, assumed",
    puts_per_s=3_500.0,
    store_limit="S3: 3,500 puts a second for a prefix, https://rate-limits.apis.io/rate-limits/amazon-s3/amazon-s3-rate-limits/",
    plan_workers=16,
    plan_s=900.0,
    scan_s=300.0,
    at_once=10,
    memory_gb=2.0,
    cores=1.0,  # 1.16, of which one thread uses one
    gb_s=0.0000133334,
    request=0.20e-6,
    message=3 * 0.40e-6,
    write=0.005e-3,
    read=0.0004e-3,
    gb_month=0.023,
    sources=(
        "Lambda, arm64, us-east-1: https://cloudchipr.com/blog/aws-lambda-pricing",
        "SQS: https://cloudburn.io/blog/amazon-sqs-pricing",
        "S3 Standard requests: https://c3x.dev/blog/s3-request-fees-explained (storage: $0.023 a GB, put in yours)",
    ),
)

GCP = Cloud(
    plan_per_account=9.75,
    plan_per_region=0.0,
    plan_per_cluster=0.0,
    scan_calls=2.0,
    shared_calls=1.0,
    per_s=50.0,
    burst=3_000.0,
    limit="GKE API of a project: 3,000 a minute, https://cloud.google.com/kubernetes-engine/quotas",
    puts_per_s=1_000.0,
    store_limit="Cloud Storage: 1,000 writes a second to begin with, https://cloud.google.com/storage/docs/request-rate",
    plan_workers=16,
    plan_s=540.0,
    scan_s=300.0,
    at_once=10,
    memory_gb=2.0,
    cores=1.0,
    gb_s=(0.000024 + 2 * 0.0000025) / 2,
    request=0.40e-6,
    message=2 * 1_000 * 40 / 2**40,
    write=0.005e-3,
    read=0.0004e-3,
    gb_month=0.020,
    sources=(
        "Cloud Run, tier 1: https://cloud.google.com/run/pricing",
        "Pub/Sub: https://cloud.google.com/pubsub/pricing",
        "Cloud Storage: https://cloud.google.com/storage/pricing-examples",
    ),
)

AZURE = Cloud(
    plan_per_account=5.0,  # of which one is the whole plan's own
    plan_per_region=0.0,
    plan_per_cluster=0.0,
    scan_calls=5.0,
    shared_calls=1.0,
    per_s=1.0,
    burst=60.0,
    limit="AKS credentials of a subscription: 60, then 1 a second, https://learn.microsoft.com/en-us/azure/aks/quotas-skus-regions",
    puts_per_s=20_000.0,
    store_limit="storage account: 20,000 requests a second, "
    "https://learn.microsoft.com/en-us/azure/storage/common/scalability-targets-standard-account",
    plan_workers=16,
    plan_s=600.0,
    scan_s=600.0,
    at_once=40,
    memory_gb=2.0,
    cores=1.0,
    gb_s=0.000026,
    request=0.40e-6,
    message=0.0,
    write=0.0,
    read=0.0,
    gb_month=0.018,
    sources=(
        "Flex Consumption: https://modal.com/blog/azure-function-pricing-guide (seconds; for executions put in yours)",
        "Blob storage, about: https://2kabhishek.github.io/AZ-900/Notes/Azure-Storage-Resources",
        "requests of Blob and Queue Storage: no figure was found, so they count as nothing: put in yours",
    ),
)

BY_NAME = {"aws": AWS, "gcp": GCP, "azure": AZURE}
