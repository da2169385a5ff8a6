"""Cloud records from files: every form the clouds print, and nothing of theirs that is secret."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.cloudrecord import cluster_ref, read_record, record_from
from infra.cloudrecord.identity import can_be_same, eks_ref, plain_ref
from scanner.errors import InputError
from scanner.model import Cloud, CloudRecord

ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
EKS = {
    "name": "prod",
    "arn": ARN,
    "version": "1.33",
    "resourcesVpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
    "certificateAuthority": {"data": "hidden"},
    "tags": {"owner": "hidden"},
}
GKE = {
    "name": "shop",
    "location": "europe-west1",
    "selfLink": "https://container.googleapis.com/v1/projects/p-1/locations/europe-west1/clusters/shop",
    "currentMasterVersion": "1.33.4-gke.1",
    "masterAuth": {"password": "hidden", "clientKey": "hidden", "clientCertificate": "hidden", "username": "hidden"},
    "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH", "newField": "hidden"},
    "addonsConfig": {"networkPolicyConfig": {}},
    "nodePools": [{"name": "a", "config": {"imageType": "COS", "labels": {"x": "y"}, "metadata": {"k": "hidden"}}}],
}
AKS_ID = "/subscriptions/S-1/resourcegroups/RG/providers/Microsoft.ContainerService/managedClusters/Pay"
AKS = {
    "id": AKS_ID,
    "name": "Pay",
    "location": "westeurope",
    "networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure"},
    "linuxProfile": {"ssh": {"publicKeys": [{"keyData": "hidden"}]}},
    "servicePrincipalProfile": {"clientId": "hidden", "secret": "hidden"},
    "windowsProfile": {"adminPassword": "hidden"},
    "addonProfiles": {"aciConnectorLinux": {"enabled": True, "config": {"key": "hidden"}}},
    "agentPoolProfiles": [{"name": "a", "osType": "Linux", "osSKU": "Ubuntu", "nodeLabels": {"x": "y"}}],
}


def part(record: CloudRecord, *path: str):
    """A value inside the record's cluster."""
    value = msgspec.json.decode(record.cluster)
    for key in path:
        value = value[key]
    return value


def written(folder: Path, content: object) -> Path:
    """A file with the content: bytes as they are, anything else as JSON."""
    path = folder / "record.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@pytest.mark.parametrize(
    ("value", "cloud", "address"),
    [
        pytest.param(
            {"cluster": EKS}, Cloud.AWS, ("111122223333", "eu-west-1", "prod", ARN), id="aws-describe-cluster"
        ),
        pytest.param(
            {"cluster": {"cluster": EKS}, "provider": "aws", "addons": []},
            Cloud.AWS,
            ("111122223333", "eu-west-1", "prod", ARN),
            id="wrapped-twice",
        ),
        pytest.param(
            GKE,
            Cloud.GCP,
            (
                "p-1",
                "europe-west1",
                "shop",
                "//container.googleapis.com/projects/p-1/locations/europe-west1/clusters/shop",
            ),
            id="gcloud-describe",
        ),
        pytest.param(AKS, Cloud.AZURE, ("s-1", "westeurope", "Pay", AKS_ID.lower()), id="az-aks-show"),
        pytest.param(
            {
                "provider": "azure",
                "cluster": {"id": AKS_ID, "location": "West Europe", "properties": {"networkProfile": {}}},
            },
            Cloud.AZURE,
            ("s-1", "westeurope", "Pay", AKS_ID.lower()),
            id="arm-form",
        ),
        pytest.param(
            {"provider": "gcp", "cluster": {"name": "shop", "location": "europe-west1"}},
            Cloud.GCP,
            ("unknown", "europe-west1", "shop", "gcp/unknown/europe-west1/shop"),
            id="without-a-link",
        ),
        pytest.param(
            {"provider": "aws", "cluster": {}},
            Cloud.AWS,
            ("unknown", "unknown", "fallback", "aws/unknown/unknown/fallback"),
            id="nameless",
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "yaml", "utf-16"])
def test_every_form_is_read_and_names_its_cluster(tmp_path, value, cloud, address, form):
    """JSON, YAML and what PowerShell redirects give the same record, and the record the cluster's address."""
    content = {
        "json": lambda: json.dumps(value).encode(),
        "yaml": lambda: yaml.safe_dump(value, default_flow_style=False).encode(),
        "utf-16": lambda: json.dumps(value).encode("utf-16"),
    }[form]()
    record = read_record(written(tmp_path, content))
    ref = cluster_ref(record, "fallback")
    assert record.provider is cloud
    assert (ref.cloud, ref.account, ref.location, ref.name, ref.id) == (cloud, *address)


@pytest.mark.parametrize(
    "value", [pytest.param({"cluster": EKS}, id="eks"), pytest.param(GKE, id="gke"), pytest.param(AKS, id="aks")]
)
def test_only_named_fields_are_kept(value):
    """Passwords, keys, certificates, tags and every unknown field are dropped."""
    assert b"hidden" not in msgspec.json.encode(record_from(value, "r"))


def test_what_judging_reads_is_kept():
    """The fields that decide enforcement come through as they were, empty objects too."""
    gke, aks = record_from(GKE, "r"), record_from(AKS, "r")
    assert part(gke, "networkConfig") == {"datapathProvider": "ADVANCED_DATAPATH"}
    assert part(gke, "addonsConfig") == {"networkPolicyConfig": {}}
    assert part(aks, "addonProfiles") == {"aciConnectorLinux": {"enabled": True}}
    assert part(aks, "agentPoolProfiles") == AKS["agentPoolProfiles"]
    assert part(record_from({"cluster": EKS}, "r"), "resourcesVpcConfig") == EKS["resourcesVpcConfig"]


def test_snake_case_answers_are_kept_too():
    """The Python SDKs spell the same fields with underscores."""
    record = record_from(
        {"provider": "gcp", "cluster": {"network_config": {"datapath_provider": "X"}, "master_auth": {}}}, "r"
    )
    assert part(record) == {"network_config": {"datapath_provider": "X"}}


def test_an_odd_value_stays_odd_without_its_content():
    """An object where a switch belongs neither leaks nor reads as absent."""
    record = record_from(
        {"provider": "gcp", "cluster": {"networkPolicy": "hidden", "autopilot": {"enabled": {"k": "hidden"}}}}, "r"
    )
    assert part(record, "autopilot") == {"enabled": {}}
    assert isinstance(part(record, "networkPolicy"), str)
    assert b"hidden" not in bytes(record.cluster)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            '{"enableNetworkPolicy": "true", "env": {"SECRET": "hidden", "ENABLE_POD_ENI": "true"}}',
            {"enableNetworkPolicy": "true", "env": {"ENABLE_POD_ENI": "true"}},
            id="json",
        ),
        pytest.param(
            "enableNetworkPolicy: true\nnodeAgent:\n  enablePolicyEventLogs: 'true'\nextra: hidden\n",
            {"enableNetworkPolicy": True, "nodeAgent": {"enablePolicyEventLogs": "true"}},
            id="yaml",
        ),
        pytest.param("", None, id="empty"),
    ],
)
def test_addon_values_become_json_with_the_switches_alone(values, expected):
    """EKS takes JSON and YAML there; both end as a string of JSON that holds no other setting."""
    record = record_from(
        {"cluster": EKS, "addons": [{"addon": {"addonName": "vpc-cni", "configurationValues": values}}]}, "r"
    )
    kept = msgspec.json.decode(record.addons[0])["configurationValues"]
    assert (json.loads(kept) if kept else None) == expected
    assert msgspec.json.decode(record.addons[0])["addonName"] == "vpc-cni"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param("{hidden", id="broken"),
        pytest.param("hidden", id="a-word"),
        pytest.param("&a [*a]", id="alias"),
        pytest.param({"x": "hidden"}, id="an-object"),
    ],
)
def test_unreadable_addon_values_never_read_as_defaults(values):
    """What cannot be read stays there as text that is no JSON, for absent values would mean "off"."""
    record = record_from({"cluster": EKS, "addons": [{"addonName": "vpc-cni", "configurationValues": values}]}, "r")
    kept = msgspec.json.decode(record.addons[0])["configurationValues"]
    if isinstance(values, str):
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(kept)
    assert "hidden" not in kept


def test_the_lists_of_an_eks_record_are_unwrapped():
    """Answers may be given with the key the SDK wraps them in."""
    record = record_from(
        {
            "provider": "aws",
            "cluster": EKS,
            "nodegroups": [
                {
                    "nodegroup": {
                        "nodegroupName": "a",
                        "amiType": "WINDOWS_CORE_2022_x86_64",
                        "remoteAccess": {"ec2SshKey": "hidden"},
                    }
                }
            ],
            "fargateProfiles": [
                {"fargateProfile": {"fargateProfileName": "f", "selectors": [{"namespace": "n", "labels": {"a": "b"}}]}}
            ],
            "launchTemplates": [
                {
                    "LaunchTemplateVersions": [
                        {
                            "LaunchTemplateId": "lt",
                            "LaunchTemplateData": {"UserData": "hidden", "MetadataOptions": {"HttpTokens": "required"}},
                        }
                    ]
                }
            ],
            "vpc": {
                "cidrs": ["10.0.0.0/16"],
                "peerings": [{"id": "pcx", "cidrs": ["10.1.0.0/16"], "preSharedKey": "hidden"}],
            },
            "unread": ["vpc: denied"],
        },
        "r",
    )
    assert msgspec.json.decode(record.nodegroups[0]) == {"nodegroupName": "a", "amiType": "WINDOWS_CORE_2022_x86_64"}
    assert msgspec.json.decode(record.fargate_profiles[0])["selectors"] == [{"namespace": "n", "labels": {"a": "b"}}]
    assert b"required" in bytes(record.launch_templates[0])
    assert record.unread == ("vpc: denied",)
    assert b"hidden" not in msgspec.json.encode(record)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"{", "not JSON", id="cut-json"),
        pytest.param(b"a: [", "neither JSON nor YAML: line 2", id="cut-yaml"),
        pytest.param(b"\xff\xff\xff", "not UTF-8", id="binary"),
        pytest.param(b"", "holds no object", id="empty"),
        pytest.param(b"[]", "holds a list", id="a-list"),
        pytest.param(b"[" * 200_000, "nested too deeply", id="deep-json"),
        pytest.param(b"a: " + b"[" * 500 + b"]" * 500, "nested too deeply", id="deep-yaml"),
        pytest.param(b"a: &x [1]\nb: [*x, *x]\n", "aliases", id="alias-bomb"),
        pytest.param(b"#" * ((16 << 20) + 1), "larger than 16 MiB", id="oversized"),
        pytest.param({"name": "c"}, "no provider named", id="of-no-cloud"),
        pytest.param(
            {"cluster": EKS, "provider": "gcp"}, "provider is gcp, the cluster in it is of aws", id="other-cloud"
        ),
        pytest.param({"cluster": EKS, "provider": "other"}, "none of aws, gcp, azure", id="unknown-provider"),
        pytest.param({"cluster": EKS, "provider": ["aws"]}, "none of aws, gcp, azure", id="odd-provider"),
        pytest.param({"cluster": EKS, "addon": []}, "'addon' is no part of a record", id="misspelt"),
        pytest.param({"cluster": EKS, "addons": ["vpc-cni"]}, "addons[0] is not an object", id="names-only"),
        pytest.param({"cluster": EKS, "addons": {}}, "addons is not a list", id="no-list"),
        pytest.param({"cluster": "prod", "provider": "aws"}, "cluster is not an object", id="cluster-name"),
        pytest.param({"cluster": EKS, "vpc": []}, "vpc is not an object", id="odd-vpc"),
        pytest.param({"cluster": EKS, "unread": "x"}, "unread is not a list", id="odd-unread"),
    ],
)
def test_what_is_no_record_is_refused_with_one_line(tmp_path, content, text):
    """The line names the file, what is wrong, and what to give instead."""
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_record(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    """The file and the mend."""
    with pytest.raises(InputError, match=r"nowhere\.json: cannot be read"):
        read_record(tmp_path / "nowhere.json")


def test_text_that_is_not_unicode_is_refused():
    """Half of a surrogate pair, which no stored snapshot can hold, is one clear line."""
    with pytest.raises(InputError, match="not Unicode"):
        record_from({"provider": "gcp", "cluster": {"name": "\ud800"}}, "r")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "networkConfig",
                    "nodePools",
                    "config",
                    "labels",
                    "enabled",
                    "networkPolicy",
                    "id",
                    "name",
                    "selfLink",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["aws", "gcp", "azure"]), st.dictionaries(st.text(max_size=5), values, max_size=3) | values)
def test_any_answer_gives_a_record_or_a_clear_refusal(provider, cluster):
    """However odd the answer, there is a record that can be read and addressed, or an InputError."""
    try:
        record = record_from({"provider": provider, "cluster": cluster}, "r")
    except InputError:
        return
    msgspec.json.decode(record.cluster)
    assert cluster_ref(record, "fallback").name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(plain_ref(Cloud.OTHER, "local", "lab", "x"), eks_ref(ARN), True, id="cloud-not-named"),
        pytest.param(plain_ref(Cloud.AZURE, "s", "l", "x"), eks_ref(ARN), False, id="two-clouds"),
        pytest.param(plain_ref(Cloud.AWS, "unknown", "eu-west-1", "ctx"), eks_ref(ARN), True, id="one-id"),
        pytest.param(eks_ref(ARN.replace("prod", "dev")), eks_ref(ARN), False, id="two-ids"),
        pytest.param(eks_ref(ARN), eks_ref(ARN), True, id="the-same"),
    ],
)
def test_two_addresses_of_one_cluster(one, other, same):
    """Only what two providers' ids, or two clouds, rule out is ruled out."""
    assert can_be_same(one, other) is can_be_same(other, one) is same
