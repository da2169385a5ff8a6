// Filters and sorts the findings that the fleet page holds.
(() => {
  const form = find("filters");
  if (!form) return;
  const list = find("groups");
  const shown = find("shown");
  const controls = ["search", "by-status", "by-severity", "by-cloud", "by-cluster", "sort"].map(find);
  const [search, byStatus, bySeverity, byCloud, byCluster, sort] = controls;
  const groups = all(".group", list).map((element, place) => ({
    element,
    place,
    control: element.dataset.control,
    failing: Number(element.dataset.failing),
    severity: element.dataset.severity,
    text: textOf(element.querySelector("summary")),
    findings: all(".finding", element).map((finding) => ({
      element: finding,
      data: finding.dataset,
      head: textOf(finding.querySelector("summary")),
      blocks: blocksOf(finding),
    })),
  }));
  const families = all(".family", list).map((element, place) => ({
    element,
    place,
    control: element.dataset.family,
    failing: Number(element.dataset.failing),
    groups: groups.filter((group) => element.contains(group.element)),
  }));
  const settled = all(".settled", list).map((element) => ({ element, findings: all(".finding", element) }));
  const total = groups.reduce((sum, group) => sum + group.findings.length, 0);
  const orders = {
    worst: (a, b) => a.place - b.place,
    failing: (a, b) => b.failing - a.failing || a.place - b.place,
    control: (a, b) => (a.control < b.control ? -1 : a.control > b.control ? 1 : a.place - b.place),
  };

  const chosen = (group, finding) =>
    statusFits(finding.data.status, byStatus.value) &&
    (!bySeverity.value || group.severity === bySeverity.value) &&
    (!byCloud.value || finding.data.cloud === byCloud.value) &&
    (!byCluster.value || finding.data.cluster === byCluster.value);

  // A search that a finding's own line or its control answers shows all of its items; else only the items that match.
  const matches = (group, finding, text) =>
    narrow(finding.blocks, !text || group.text.includes(text) || finding.head.includes(text), text);

  const apply = () => {
    const text = search.value.trim().toLowerCase();
    const narrowed = Boolean(text || byStatus.value || bySeverity.value || byCloud.value || byCluster.value);
    let findings = 0;
    let visible = 0;
    for (const group of groups) {
      let here = 0;
      for (const finding of group.findings) {
        const fits = chosen(group, finding) && matches(group, finding, text);
        finding.element.hidden = !fits;
        here += fits ? 1 : 0;
      }
      group.element.hidden = here === 0;
      group.element.open = narrowed && here > 0;
      findings += here;
      visible += here ? 1 : 0;
    }
    for (const { element, findings: folded } of settled) {
      element.hidden = folded.every((finding) => finding.hidden);
      element.open = narrowed && !element.hidden;
    }
    for (const { element, groups: own } of families) {
      element.hidden = own.every((group) => group.element.hidden);
      element.open = narrowed ? !element.hidden : "pressing" in element.dataset;
    }
    shown.textContent = findings
      ? `Showing ${findings} of ${total} findings, under ${visible} of ${groups.length} controls.`
      : `No finding matches. Clear the filters to see all ${total}.`;
  };

  // Families move as a whole, and within each its controls: those in order stay folded behind the others.
  const reorder = () => {
    const order = orders[sort.value];
    for (const family of families.slice().sort(order)) {
      list.append(family.element);
      for (const group of family.groups.slice().sort(order)) group.element.parentElement.append(group.element);
    }
  };

  offerFilters(form, search, apply, () => { apply(); reorder(); });
  for (const select of [byStatus, bySeverity, byCloud, byCluster]) select.addEventListener("change", apply);
  sort.addEventListener("change", reorder);
  find("unfold").addEventListener("click", () => foldAll(list, true));
  find("fold").addEventListener("click", () => foldAll(list, false));
  for (const link of all("a[data-cluster]")) {
    link.addEventListener("click", () => {
      byCluster.value = link.dataset.cluster;
      apply();
    });
  }
})();
