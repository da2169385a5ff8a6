"""Crafted, broken and odd manifests: one clear line each, the rest is read, and nothing unread counts as complete."""

from __future__ import annotations

import json
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.manifests import read_manifests
from infra.manifests.notes import MAX_PER_FILE
from scanner.errors import InputError
from scanner.model import Collected, WorkloadRef
from tests.factories import cluster

OK = "apiVersion: v1\nkind: Service\nmetadata: {name: ok}\n"


def labelled(labels, kind="Service", api_version="v1"):
    """A Service with labels written as YAML."""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: odd\n  labels: {labels}\n"


def deployment(labels="{app: web}", *, api_version="apps/v1", kind="Deployment", name="web", ports="[]", extra=""):
    """A workload with a pod template, as YAML."""
    return (
        f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{extra}"
        f"  template:\n    metadata: {{labels: {labels}}}\n    spec: {{containers: [{{name: c, ports: {ports}}}]}}\n"
    )


def only_notice(snapshot):
    """The one notice there is, as one line."""
    (notice,) = snapshot.notices
    return f"{notice.object} {notice.field} {notice.message}"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(labelled("{on: yes, a: b}"), ["a.yaml:1", '"true" is the boolean true', "quote it"], id="boolean-label"),
        pytest.param(labelled("{build: 12}"), ['"build" is the number 12', "quote it"], id="number-label"),
        pytest.param(deployment("{debug: off}"), ["spec.template.metadata", 'the boolean false'], id="template-label"),
        pytest.param(labelled('{x: "<script>alert(1)</script>"}'), ["a.yaml:1", "metadata.labels", "is no label"], id="script"),
        pytest.param(labelled('{x: "=cmd()"}'), ["metadata.labels", "is no label"], id="formula"),
        pytest.param(labelled('{"-x/y": a}'), ["metadata.labels", "is no label"], id="label-key"),
        pytest.param(OK.replace("ok", '"../../etc"'), ["metadata.name", "no DNS label"], id="path"),
        pytest.param(deployment(name='"../x"'), ["metadata.name", "no DNS subdomain"], id="path-in-workload"),
        pytest.param(deployment(name='"a\\nb\\e[31m"'), ["metadata.name", "no DNS subdomain"], id="control-characters"),
        pytest.param(deployment(name='"web\\n"'), ["metadata.name", "no DNS subdomain"], id="newline-at-the-end"),
        pytest.param(deployment(name="a" * 254), ["metadata.name", "no DNS subdomain"], id="long-name"),
        pytest.param(OK.replace("ok", "x, namespace: A_b"), ["metadata.namespace", "no DNS label"], id="namespace"),
        pytest.param(OK.replace("name: ok", "labels: {}"), ["metadata.name", "add one"], id="no-name"),
        pytest.param(OK.replace("ok", "x, annotations: {a: true}"), ["metadata.annotations", "quote"], id="annotation"),
        pytest.param(deployment(ports="[{containerPort: 70000}]"), ["70000 is no port"], id="port-range"),
        pytest.param(deployment(ports="[{name: x}]"), ["0 is no port"], id="port-missing"),
        pytest.param(deployment(ports="[{containerPort: 80, name: much-too-long-name}]"), ["is no port name"], id="port-name"),
        pytest.param(deployment(ports="[{containerPort: 80, protocol: ICMP}]"), ["is no protocol"], id="protocol"),
        pytest.param(OK + "spec: {ports: [{port: 0}]}\n", ["spec.ports", "0 is no port"], id="service-port"),
        pytest.param(OK + "spec: {selector: {app: a b}}\n", ["spec.selector", "is no label"], id="service-selector"),
        pytest.param(OK + "spec: {selector: {app: 1}}\n", ['spec.selector: "app" is the number 1'], id="number-selector"),
        pytest.param("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", ["no pod template"], id="no-template"),
        pytest.param(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x, ownerReferences: [{kind: '<b>', name: web}]}\n",
            ["metadata.ownerReferences", "no owner"],
            id="owner",
        ),
    ],
)  # fmt: skip
def test_what_a_cluster_refuses_is_left_out(read, document, words):
    """An object that no API server takes is named with place, field and mend, and does not count; nothing is lost by it."""
    snapshot = read({"a.yaml": document, "ok.yaml": OK})
    line = only_notice(snapshot)
    assert all(word in line for word in words), line
    assert "a cluster refuses it" in line
    assert line.isprintable()
    assert [service.name for service in snapshot.services] == ["ok"]
    assert snapshot.pods == ()
    assert snapshot.collection["pods"].status is Collected.COMPLETE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("a: [\n", ["x.yaml:2:1", "broken YAML", "mend it"], id="broken"),
        pytest.param("a: &a [*a]\n", ["x.yaml:1", "inside itself"], id="recursive"),
        pytest.param("[" * 100_000, ["x.yaml:1", "deeper than 100"], id="deep"),
        pytest.param(
            "kind: Pod\napiVersion: v1\nmetadata: {name: {{ .Values.name }}}\n",
            ["x.yaml:3", "helm template"],
            id="helm",
        ),
        pytest.param("{{- if .Values.on }}\nkind: Pod\n{{- end }}\n", ["x.yaml", "helm template"], id="helm-control"),
        pytest.param("kind: Pod\nmetadata: {name: x}\n", ["x.yaml:1", "without apiVersion"], id="no-api-version"),
        pytest.param("apiVersion: v1\nmetadata: {name: x}\n", ["x.yaml:1", "without kind"], id="no-kind"),
        pytest.param(
            "kind: Pod\napiVersion: v1\nmetadata: x\n", ["x.yaml:1", "Pod", "mend the field"], id="wrong-type"
        ),
        pytest.param(OK.replace("ok", "x").encode() + b"# \xff\n", ["x.yaml:4", "not UTF-8"], id="not-utf-8"),
        pytest.param(b"\xff\xfe\x00", ["x.yaml", "not UTF-16"], id="broken-utf-16"),
        pytest.param(b"a: \x00\n", ["x.yaml:1", "control character"], id="nul"),
    ],
)
def test_what_cannot_be_read_makes_every_kind_partial(read, content, words):
    """A lost document may have been of any kind: the others are read, and no list counts as whole."""
    snapshot = read({"x.yaml": content, "ok.yaml": OK})
    line = only_notice(snapshot)
    assert all(word in line for word in words), line
    assert line.isprintable()
    assert [service.name for service in snapshot.services] == ["ok"]
    assert snapshot.collection["networkpolicies.networking.k8s.io"].status is Collected.PARTIAL
    assert "could not be read whole" in snapshot.collection["pods"].reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param('{"a": ', ["x.json:1", "broken JSON"], id="truncated"),
        pytest.param('{\n "a": 1,\n nope}', ["x.json:3", "broken JSON"], id="place"),
        pytest.param('{"a": 1}\n{"b": 2}', ["x.json:2", "more than one JSON value"], id="two"),
        pytest.param(
            '{"kind": "Pod", "apiVersion": "v1", "metadata": ' + "[" * 100_000, ["x.json", "nested deeper"], id="deep"
        ),
        pytest.param(b'{"a": "\xff"}', ["x.json:1", "not UTF-8"], id="not-utf-8"),
    ],
)
def test_broken_json(read, content, words):
    """JSON files are refused in the same manner."""
    snapshot = read({"x.json": content, "ok.yaml": OK})
    assert all(word in only_notice(snapshot) for word in words), only_notice(snapshot)
    assert snapshot.collection["pods"].status is Collected.PARTIAL


def test_text_in_any_unicode_encoding(read):
    """UTF-16 and byte order marks are YAML too."""
    encodings = {
        f"{n}.yaml": OK.replace("ok", f"s{n}").encode(name)
        for n, name in enumerate(("utf-16", "utf-8-sig", "utf-16-be"))
    }
    assert [service.name for service in read(encodings).services] == ["s0", "s1", "s2"]


def test_duplicate_names(read):
    """The last of two objects with one name counts, whatever their apiVersions; the notice names both places."""
    old = deployment("{app: second}", api_version="extensions/v1beta1")
    snapshot = read({"a.yaml": OK + "---\n" + deployment("{app: first}"), "b/c.yml": old})
    assert [pod.labels for pod in snapshot.pods] == [{"app": "second"}]
    refused, twice = snapshot.notices
    assert (refused.object, refused.field) == ("Deployment default/web", "apiVersion")
    assert "refused by current clusters" in refused.message
    assert twice.object == "Deployment default/web"
    assert "a.yaml:5" in twice.message
    assert "b/c.yml:1" in twice.message


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("extensions/v1beta1", "DaemonSet"),
        ("apps/v1beta1", "StatefulSet"),
        ("apps/v1beta2", "ReplicaSet"),
        ("extensions/v1beta1", "Deployment"),
    ],
)
def test_removed_api_versions_are_read_with_a_notice(read, api_version, kind):
    """What older clusters took still says what the workload is."""
    snapshot = read(deployment(api_version=api_version, kind=kind))
    assert [pod.workload for pod in snapshot.pods] == [WorkloadRef(kind=kind, name="web")]
    assert "refused by current clusters" in only_notice(snapshot)


def test_a_removed_ingress_leads_to_its_services(read):
    """The old backend fields are understood."""
    rules = "[{http: {paths: [{backend: {serviceName: b, servicePort: x}}]}}]"
    spec = f"spec: {{backend: {{serviceName: a, servicePort: 80}}, rules: {rules}}}"
    snapshot = read(f"apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {{name: i}}\n{spec}\n")
    assert snapshot.entry_points[0].ports == {"default/a": (80,), "default/b": ("x",)}
    assert snapshot.entry_points[0].origin.line == 1


def test_every_kind_of_workload_stands_for_its_pods(read):
    """Pod, template kinds and CronJob: each is one workload, in its namespace or default."""
    cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: tidy}\nspec: {jobTemplate: {spec: {template: {spec: {}}}}}\n"
    made = [
        deployment(kind=kind, name=kind.lower(), api_version=version)
        for kind, version in {
            "Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1",
            "ReplicationController": "v1", "Job": "batch/v1",
        }.items()
    ]  # fmt: skip
    snapshot = read(
        "---\n".join([*made, cron, "apiVersion: v1\nkind: Pod\nmetadata: {name: alone, namespace: side}\n"])
    )
    assert {(pod.namespace, pod.workload.name, pod.workload.kind, pod.template) for pod in snapshot.pods} == {
        ("default", "deployment", "Deployment", True), ("default", "statefulset", "StatefulSet", True),
        ("default", "daemonset", "DaemonSet", True), ("default", "replicaset", "ReplicaSet", True),
        ("default", "replicationcontroller", "ReplicationController", True), ("default", "job", "Job", True),
        ("default", "tidy", "CronJob", True), ("side", "alone", "Pod", False),
    }  # fmt: skip
    assert [daemon.name for daemon in snapshot.daemon_sets] == ["daemonset"]
    assert [each.name for each in snapshot.namespaces] == ["default", "side"]


def test_lists_are_expanded(read):
    """`kind: List`, typed lists whose items do not say what they are, and lists within lists."""
    pod = {"metadata": {"name": "p"}}
    policy = {"metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}}}
    inner = {"apiVersion": "v1", "kind": "PodList", "items": [pod]}
    policies = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "metadata": {}, "items": [policy]}
    snapshot = read({"a.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": [inner, policies]}, indent=1)})
    assert [each.name for each in snapshot.pods] == ["p"]
    (found,) = snapshot.policies
    assert (found.api_version, found.kind, found.namespace) == ("networking.k8s.io/v1", "NetworkPolicy", "shop")
    assert snapshot.notices == ()


def test_cluster_scoped_policies_have_no_namespace(read):
    """A namespace on a cluster-scoped kind means nothing, and makes no namespace."""
    head = "metadata: {name: x, namespace: lost}\nspec: {}\n"
    snapshot = read(f"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n{head}")
    assert [(policy.kind, policy.namespace) for policy in snapshot.policies] == [("AdminNetworkPolicy", "")]
    assert snapshot.namespaces == ()


def test_kinds_that_are_not_read(read):
    """Unknown kinds give one notice each with their number; kustomize and foreign files are named; built-ins are silent."""
    unknown = "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: %s}\n"
    snapshot = read(
        {
            "a.yaml": unknown % "a" + "---\n" + unknown % "b",
            "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n",
            "role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 'a:b'}\n",
            "flow.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: r}\n",
            "secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2}\n",
            "tests.yml": "on: push\njobs: {a: '${{ secrets.X }}'}\n",
            "values.yaml": "replicas: 3\n---\nmore: values\n",
            "zapp.yaml": "apiVersion: apps/v9\nkind: Deployment\nmetadata: {name: r}\n",
        }
    )
    assert [(notice.object, notice.message.split(":")[0]) for notice in snapshot.notices] == [
        ("Workflow default/r", "creates pods that are not in this folder"),
        ("kustomization.yaml:1", "is not built, its patches do not count"),
        ("tests.yml:1", "is no Kubernetes object (no apiVersion and kind), so it is not read"),
        ("values.yaml:1", "is no Kubernetes object (no apiVersion and kind), so it is not read"),
        ("zapp.yaml:1", "1 of kind Deployment (apps/v9) not read"),
        ("a.yaml:1", "2 of kind WasmPlugin (extensions.istio.io/v1alpha1) not read"),
    ]
    assert "hunter2" not in repr(snapshot)
    assert snapshot.collection["pods"].status is Collected.COMPLETE


def test_one_file_cannot_drown_the_rest(read):
    """Notices are bounded per file, and the surplus is counted."""
    snapshot = read({"a.yaml": "---\na: [\n" * 1000, "ok.yaml": OK})
    assert len(snapshot.notices) == MAX_PER_FILE + 1
    assert snapshot.notices[-1].message.startswith("and 950 more")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param({}, ["no manifest file", "give the folder"], id="empty-folder"),
        pytest.param({"a.txt": OK}, ["no manifest file"], id="other-files"),
        pytest.param({"a.yaml": "# nothing\n"}, ["no Kubernetes object"], id="comments"),
        pytest.param({"a.yaml": "a: [\n", "b.yaml": "]\n"}, ["object could be read", "a.yaml:2:1", "mend it"], id="all-broken"),
        pytest.param({"a.yaml": OK.replace("ok", "A_B")}, ["object could be read", "no DNS label"], id="all-refused"),
        pytest.param({"values.yaml": "a: 1\n"}, ["values.yaml:1", "is no Kubernetes object"], id="values-only"),
    ],
)  # fmt: skip
def test_nothing_at_all_could_be_read(read, content, words):
    """One line names the path, the first cause and the mend."""
    with pytest.raises(InputError) as caught:
        read(content)
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing", "a\0b", "pipe"])
def test_a_path_that_is_no_folder_or_file(tmp_path, name):
    """A missing path, an impossible one and a pipe (which would block) are refused."""
    if name == "pipe":
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="give a folder of manifests or one file"):
        read_manifests(tmp_path / name, cluster=cluster(), taken="2026-11-23T08:00:00Z")


def test_one_file_is_a_source_too(tmp_path):
    """A single file needs no folder; its name is the place."""
    (tmp_path / "only.yml").write_text(OK)
    talk: list[str] = []
    snapshot = read_manifests(
        tmp_path / "only.yml", cluster=cluster(), taken="2026-11-23T08:00:00Z", progress=talk.append
    )
    assert snapshot.services[0].origin.file == "only.yml"
    assert talk == ["1 files, 1 objects"]


def test_links_and_odd_files(tmp_path, read):
    """Links that leave the folder are refused, those inside are read once, pipes never block."""
    outside, inside = tmp_path / "out", tmp_path / "in"
    (outside / "sub").mkdir(parents=True)
    (outside / "secret.yaml").write_text(OK.replace("ok", "stolen"))
    (inside / "..data").mkdir(parents=True)
    (inside / "..data" / "web.yaml").write_text(OK)
    (inside / "web.yaml").symlink_to(inside / "..data" / "web.yaml")
    (inside / "leak.yaml").symlink_to(outside / "secret.yaml")
    (inside / "tree").symlink_to(outside)
    (inside / "gone.yaml").symlink_to(inside / "nowhere")
    (inside / "loop.yaml").symlink_to(inside / "loop.yaml")
    os.mkfifo(inside / "pipe.yaml")
    (inside / ".git").mkdir()
    (inside / ".git" / "x.yaml").write_text("a: [")
    snapshot = read_manifests(inside, cluster=cluster(), taken="2026-11-23T08:00:00Z")
    assert [service.name for service in snapshot.services] == ["ok"]
    assert {notice.object: notice.message.split(":")[0] for notice in snapshot.notices} == {
        "gone.yaml": "leads to nothing, or cannot be read",
        "leak.yaml": "is a link that leaves the folder, so it is not followed",
        "loop.yaml": "leads to nothing, or cannot be read",
        "pipe.yaml": "is no regular file",
        "tree": "is a link that leaves the folder, so it is not followed",
    }
    assert snapshot.collection["pods"].status is Collected.PARTIAL


def test_file_names_are_made_fit_to_print(tmp_path, read):
    """A file name can hold anything but / and NUL; what is printed and stored can not."""
    (tmp_path / os.fsdecode(b"a\xff\x1b[31m\n.yaml")).write_text(OK)
    origin = read({}).services[0].origin
    assert origin.file.isprintable()
    assert origin.file.encode()


def test_a_large_file_is_refused_unread(tmp_path, read):
    """100 MB of YAML are over the limit: the line says so and the mend, and the file never gets into memory."""
    with (tmp_path / "big.yaml").open("wb") as stream:
        stream.truncate(100_000_000)
    tracemalloc.start()
    try:
        snapshot = read({"ok.yaml": OK})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert only_notice(snapshot) == "big.yaml  larger than 64 MiB, so it is not read: split it, or give it as JSON"
    assert snapshot.collection["pods"].status is Collected.PARTIAL


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["x.yaml", "x.json"]), st.binary() | st.text('{}[]",:abkindapiVersion 01\n-').map(str.encode))
def test_any_bytes_give_a_snapshot_or_an_input_error(tmp_path, name, content):
    """Beside a good file, no bytes raise; alone, they raise InputError or nothing."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / "ok.yaml").write_text(OK)
    assert read_manifests(tmp_path, cluster=cluster(), taken="2026-11-23T08:00:00Z").services
    try:
        read_manifests(tmp_path / name, cluster=cluster(), taken="2026-11-23T08:00:00Z")
    except InputError as error:
        assert name in str(error)  # noqa: PT017 - either outcome is right
    (tmp_path / name).unlink()


_scalar = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_tree = st.recursive(
    _scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_kinds = st.sampled_from([("v1", "Pod"), ("apps/v1", "DaemonSet"), ("v1", "Service"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("batch/v1", "CronJob"), ("v1", "List"), ("v1", "PodList"), ("v1", "Node")])  # fmt: skip


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_kinds, st.dictionaries(st.sampled_from(["metadata", "spec", "status", "items", "data"]), _tree))
def test_objects_of_any_shape(tmp_path, kind, fields):
    """A known kind with nonsense inside is read or named, never a crash."""
    (tmp_path / "x.json").write_text(json.dumps({"apiVersion": kind[0], "kind": kind[1]} | fields))
    (tmp_path / "ok.yaml").write_text(OK)
    assert read_manifests(tmp_path, cluster=cluster(), taken="2026-11-23T08:00:00Z").services
