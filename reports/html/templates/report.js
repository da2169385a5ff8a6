// Filters, sorts and folds what the document already holds. Without this script everything stands open.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const find = (id) => document.getElementById(id);
  const form = find("filters");
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
    text: element.querySelector("summary").textContent.toLowerCase(),
    findings: all(".finding", element).map((finding) => ({
      element: finding,
      data: finding.dataset,
      head: finding.querySelector("summary").textContent.toLowerCase(),
      blocks: all(".block", finding).map((block) => ({ element: block, text: block.textContent.toLowerCase() })),
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

  const statusFits = (status) =>
    !byStatus.value || status === byStatus.value || (byStatus.value === "attention" && (status === "fail" || status === "unknown"));

  const chosen = (group, finding) =>
    statusFits(finding.data.status) &&
    (!bySeverity.value || group.severity === bySeverity.value) &&
    (!byCloud.value || finding.data.cloud === byCloud.value) &&
    (!byCluster.value || finding.data.cluster === byCluster.value);

  // A search that a finding's own line or its control answers shows all of its items; else only the items that match.
  const matches = (group, finding, text) => {
    const whole = !text || group.text.includes(text) || finding.head.includes(text);
    let any = whole;
    for (const block of finding.blocks) {
      const fits = whole || block.text.includes(text);
      block.element.hidden = !fits;
      any = any || fits;
    }
    return any;
  };

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

  const fold = (open) => {
    for (const element of all("details", list)) if (!element.hidden) element.open = open;
  };

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected, press Ctrl+C";
    }
  };

  const offerCopies = (finding) => {
    for (const fix of all(".fix", finding)) {
      if (fix.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy what to change");
      button.addEventListener("click", () => copy(button, fix.querySelector(".fix-text")));
      fix.append(button);
    }
  };

  const openTarget = () => {
    const target = location.hash.length > 1 && find(location.hash.slice(1));
    if (!target) return;
    for (let element = target.closest("details"); element; element = element.parentElement.closest("details")) {
      element.hidden = false;
      element.open = true;
    }
    target.scrollIntoView();
  };

  const folded = all("main details");
  for (const element of folded) element.open = element.matches(".family[data-pressing]");
  let wasOpen = [];
  addEventListener("beforeprint", () => {
    wasOpen = folded.map((element) => element.open);
    for (const element of folded) element.open = true;
  });
  addEventListener("afterprint", () => folded.forEach((element, place) => { element.open = wasOpen[place]; }));
  addEventListener("hashchange", openTarget);
  const offer = ({ target }) => target.open && target.matches(".finding, .between") && offerCopies(target);
  find("main").addEventListener("toggle", offer, true);

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); reorder(); }));
  search.addEventListener("input", apply);
  for (const select of [byStatus, bySeverity, byCloud, byCluster]) select.addEventListener("change", apply);
  sort.addEventListener("change", reorder);
  find("unfold").addEventListener("click", () => fold(true));
  find("fold").addEventListener("click", () => fold(false));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches && event.target.matches("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
  });
  for (const link of all("a[data-cluster]")) {
    link.addEventListener("click", () => {
      byCluster.value = link.dataset.cluster;
      apply();
    });
  }
  openTarget();
})();
