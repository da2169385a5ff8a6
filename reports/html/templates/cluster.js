// Filters the controls of a cluster's page, and within them the items.
(() => {
  const form = find("filters");
  if (!form) return;
  const list = find("groups");
  const shown = find("shown");
  const [search, byStatus, bySeverity] = ["search", "by-status", "by-severity"].map(find);
  const controls = all(".between", list).map((element) => ({ element, data: element.dataset, head: null, blocks: null }));
  const outer = all(".settled, .family", list);

  // The text of ten thousand items is read when somebody searches, not before.
  const read = (control) => {
    control.head = textOf(control.element.querySelector("summary"));
    control.blocks = blocksOf(control.element);
  };

  // A search that a control's own line answers shows all of its items; else only the items that match.
  const matches = (control, text) => {
    if (!control.blocks && !text) return true;
    if (!control.blocks) read(control);
    return narrow(control.blocks, !text || control.head.includes(text), text);
  };

  const apply = () => {
    const text = search.value.trim().toLowerCase();
    let left = 0;
    for (const control of controls) {
      const fits = statusFits(control.data.status, byStatus.value) && (!bySeverity.value || control.data.severity === bySeverity.value) && matches(control, text);
      control.element.hidden = !fits;
      control.element.open = fits && Boolean(text);
      left += fits ? 1 : 0;
    }
    for (const element of outer) {
      element.hidden = all(".between", element).every((control) => control.hidden);
      if (element.matches(".settled")) element.open = !element.hidden && Boolean(text || byStatus.value || bySeverity.value);
    }
    shown.textContent = left
      ? `Showing ${left} of ${controls.length} controls.`
      : `No control matches. Clear the filters to see all ${controls.length}.`;
  };

  offerFilters(form, search, apply);
  for (const select of [byStatus, bySeverity]) select.addEventListener("change", apply);
  find("unfold").addEventListener("click", () => foldAll(list, true));
  find("fold").addEventListener("click", () => foldAll(list, false));
})();
