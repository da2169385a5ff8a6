"""What comes of own controls: nothing unknown passes, nothing runs away, and each failure has its proof."""

from __future__ import annotations

import os
import subprocess

import msgspec
import pytest

from infra.policycode import OwnControl, as_controls
from infra.policycode.process import Limits, ask
from infra.policycode.request import Expressions
from infra.policycode.template import Hole, UnclosedError, parts
from scanner.controls.base import POLICIES
from scanner.controls.evaluation import evaluate
from scanner.findings import ControlResult
from scanner.model import Snapshot, Source
from scanner.prepare import case_of
from tests.factories import node, pod, policy, snapshot

SMALL = Limits(cpu_s=1.0, memory_mib=512, wall_s=30.0)
BOMB = "['" + "x" * 20 + "']" + ".map(x, x + x)" * 25 + "[0].contains('y')"
RUNAWAY = "workloads.all(a, workloads.all(b, workloads.all(c, a.pods + b.pods + c.pods > 0)))"


def own(holds: str = "true", **fields: object) -> OwnControl:
    """A control with valid defaults."""
    return msgspec.convert(
        {
            "id": "ACME-1", "title": "T", "severity": "low", "scope": "workload", "pass": holds, "remediation": "Mend it.",
        } | fields,
        OwnControl,
    )  # fmt: skip


def judged(given: Snapshot, *controls: OwnControl) -> list[ControlResult]:
    """What comes of the controls on a cluster."""
    return list(evaluate(as_controls(controls, SMALL), case_of(given)))


def shop(**rest: object) -> Snapshot:
    """A cluster with two workloads."""
    return snapshot(pods=[pod(), pod("db-1")], nodes=[node()], **rest)


def test_each_subject_has_its_verdict_with_proof():
    """A failure says what was looked at, its message and what to paste; `when` leaves the others out."""
    control = own(
        when="self.kind == 'Deployment'", holds="self.name != 'db'", message="$(self.id) is a database",
        remediation="kubectl -n $(self.namespace) get deploy $(self.name)",
    )  # fmt: skip
    (result,) = judged(shop(), control)
    assert (result.status, [item.status for item in result.items]) == ("fail", ["fail", "pass"])
    failed = result.items[0]
    assert failed.subject == "shop/db[Deployment]"
    assert failed.evidence == ("shop/db[Deployment] is a database", 'self.kind is "Deployment"', 'self.name is "db"')
    assert failed.remediation == "kubectl -n shop get deploy db"


@pytest.mark.parametrize(
    ("expression", "status", "reason"),
    [
        pytest.param("self.effective.isolatedIngress", "unknown", "not-known", id="field"),
        pytest.param("!self.effective.isolatedIngress", "unknown", "not-known", id="negated"),
        pytest.param("self.effective.isolatedIngress != true", "unknown", "not-known", id="compared"),
        pytest.param("has(self.effective.isolatedIngress)", "fail", "does-not-hold", id="asked-whether"),
        pytest.param("self.effective.isolatedIngress || true", "pass", "holds", id="does-not-matter"),
        pytest.param("policies.size() == 0", "unknown", "not-known", id="list"),
        pytest.param("!policies.exists(p, p.selectsAll)", "unknown", "not-known", id="none-of-list"),
        pytest.param("self.labels['team'] == 'x'", "unknown", "evaluation-error", id="label"),
        pytest.param("self.ports[3].port == 1", "unknown", "evaluation-error", id="beyond-the-end"),
        pytest.param("dyn(self.pods)", "unknown", "evaluation-error", id="no-bool"),
    ],
)
def test_what_is_not_known_never_passes(expression, status, reason):
    """Policies could not be listed: whatever hangs on them is unknown, with the permission that would decide it."""
    (result,) = judged(shop(unlisted=[POLICIES]), own(holds=expression))
    assert (result.status, result.reason) == (status, reason)
    if reason == "not-known":
        assert any("grant list on networkpolicies" in line for line in result.items[0].evidence)


@pytest.mark.parametrize(("scope", "resource"), [("workload", "pods"), ("policy", POLICIES), ("service", "services")])
def test_subjects_that_were_not_read_are_unknown(scope, resource):
    """An unread list is no empty list."""
    (result,) = judged(shop(unlisted=[resource]), own(scope=scope))
    assert (result.status, result.reason) == ("unknown", "unread")


@pytest.mark.parametrize("expression", [BOMB, RUNAWAY], ids=["memory", "steps"])
def test_a_runaway_expression_is_cut_off_and_the_others_go_on(expression):
    """Doubling texts and nested comprehensions end as unknown; the controls before and behind are judged."""
    pods = [pod(f"w{number}-1") for number in range(60)]
    controls = [own(id="ACME-1"), own(id="ACME-2", scope="cluster", holds=expression), own(id="ACME-3")]
    results = judged(snapshot(pods=pods), *controls)
    assert [result.status for result in results] == ["pass", "unknown", "pass"]
    assert results[1].reason == "cut-off"
    assert results[1].items[0].evidence[0].startswith("cut off: ")


def test_processor_time_is_bounded_for_each_control():
    """Many subjects that each stay below the limit of steps do not add up to an endless run."""
    busy = Expressions(
        scope="cluster", holds="cluster.name != '' && [1,2,3,4,5,6,7,8,9].all(a, " * 3 + "true" + ")" * 3
    )
    subjects = {"cluster": {"name": "c"}, "workloads": [{"id": str(number), "pods": 1} for number in range(3000)]}
    slow = Expressions(scope="workload", holds="workloads.all(w, w.pods == 1 && w.id != 'x')")
    assert [answer is None for answer in ask([busy, slow, busy], subjects, Limits(cpu_s=0.5, memory_mib=1024))] == [
        False, True, False,
    ]  # fmt: skip


def test_lists_and_self_together_grow_with_their_number():
    """A thousand workloads that each look at all the others are judged within the limits."""
    pods = [pod(f"w{number}-1") for number in range(1000)]
    (result,) = evaluate(as_controls([own(holds="workloads.exists(w, w.id == self.id)")]), case_of(snapshot(pods=pods)))
    assert (result.status, len(result.items)) == ("pass", 1000)


def test_a_crafted_name_cannot_break_out_of_a_remediation():
    """What is no plain name stands in quotes."""
    crafted = policy(name="x; rm -rf /\nkind: Evil")
    control = own(scope="policy", holds="false", remediation="kubectl get netpol $(self.name)")
    (result,) = judged(shop(policies=[crafted]), control)
    assert result.items[0].remediation == 'kubectl get netpol "x; rm -rf /\\nkind: Evil"'


def test_platform_subjects_count_only_where_asked():
    """A control judges workload namespaces unless it says otherwise."""
    pods = [pod(), pod("dns-1", ns="kube-system")]
    results = judged(snapshot(pods=pods), own(id="A-1"), own(id="A-2", platform=True))
    assert [len(result.items) for result in results] == [1, 2]


def test_requirements_and_evidence_levels_hold_for_own_controls():
    """A pass on manifests is unknown unless E1 is enough."""
    manifests = shop(source=Source.MANIFESTS)
    results = judged(manifests, own(id="A-1", scope="namespace"), own(id="A-2", scope="namespace", evidence="E1"))
    assert [(result.status, result.reason) for result in results] == [("unknown", "declared-pass"), ("pass", "holds")]


def test_credentials_stay_out_of_the_process(monkeypatch):
    """The process that runs expressions gets no environment but what Python needs."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t")
    seen = []
    real = subprocess.run

    def watched(*args, **kwargs):
        seen.append(kwargs["env"])
        return real(*args, **kwargs)

    monkeypatch.setattr(subprocess, "run", watched)
    assert ask([Expressions(scope="cluster", holds="true")], {"cluster": {}})
    assert set(seen[0]) <= {"PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH"}
    assert "AWS_SECRET_ACCESS_KEY" in os.environ


def test_templates_are_cut_at_their_parentheses():
    """Parentheses in expressions and in quotes do not end one; a line is counted from 0."""
    assert parts("a $(f(')')) b\n$(x)") == ("a ", Hole("f(')')", 0), " b\n", Hole("x", 1))
    assert parts("cost: $5 (five)") == ("cost: $5 (five)",)
    with pytest.raises(UnclosedError):
        parts("$(a")
