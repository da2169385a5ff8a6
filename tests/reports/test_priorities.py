"""What needs doing first: enforcement before severity, consequences counted with their cause."""

from __future__ import annotations

from reports.priorities import first_actions, top_failure
from scanner.findings import Status
from tests.reports.report_factory import cluster, control, estate, inert_cluster, item, report


def test_inert_failures_are_counted_with_the_enforcement_they_wait_for():
    """A control that only fails because nothing enforces is no action of its own."""
    off = inert_cluster("a", "aws", "off", "eks-vpc-cni", "1.21.1")
    [action] = first_actions(report(off), 5)
    inert = sum(result.reason == "inert" for result in off.controls)
    assert (action.control, action.clusters, action.released) == ("NB-ENF-01", ("a",), inert)
    assert inert > 5


def test_enforcement_comes_before_everything_else():
    """Switching enforcement on in one small cluster precedes a critical failure in many."""
    many = [cluster(f"c{n}", controls=(control(4),)) for n in range(5)]
    off = inert_cluster("small", "gcp", "off", "gke-legacy", "1.31", tier="dev")
    assert [action.control for action in first_actions(report(*many, off), 5)] == ["NB-ENF-01", "NB-ISO-01"]


def test_then_severity_then_the_weight_of_the_tiers():
    """A critical failure precedes a high one; of equals, the one in production does."""
    dev = cluster("d", tier="dev", controls=(control(10), control(12)))
    prod = cluster("p", tier="prod", controls=(control(12), control(5), control(11)))
    ranked = [action.control for action in first_actions(report(dev, prod), 5)]
    assert ranked == ["NB-EXP-01", "NB-EXP-04", "NB-ISO-02", "NB-LP-05"]


def test_a_step_quotes_the_first_failing_item_that_says_what_to_do():
    """Passing items and failures without a remediation are passed over; the rest are counted."""
    items = (
        item("ok", Status.PASS),
        item("silent", remediation=""),
        item("told", remediation="Do this."),
        item("more"),
    )
    [action] = first_actions(report(cluster("c", controls=(control(items=items),))), 5)
    [step] = action.steps
    assert (step.cluster, step.subject, step.remediation, step.more) == ("c", "told", "Do this.", 2)


def test_a_failure_without_items_is_still_an_action():
    """A control that fails without listing items is named, with no steps made up."""
    [action] = first_actions(report(cluster(controls=(control(items=()),))), 5)
    assert action.steps == ()


def test_top_failure_of_each_cluster():
    """A cluster's top finding is the cause rather than its consequences, and none where nothing fails."""
    found = {c.name: top_failure(c) for c in estate().clusters}
    assert {name: result and result.id for name, result in found.items()} == {
        "shop-prod-eu": "NB-ENF-01",
        "retail-legacy": "NB-ENF-01",
        "data-prod-eu": "NB-ISO-01",
        "billing-aks": "NB-ISO-01",
        "partner-aks": "NB-EXP-04",
        "retail-autopilot": None,
        "ledger-private": None,
    }
