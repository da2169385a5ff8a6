// What the scripts of all pages share. Each page's own script stands behind it in one block.
"use strict";
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const find = (id) => document.getElementById(id);

// Leaves the blocks with `text`; all of them where its own lines answer. Says whether anything is left.
const narrow = (blocks, whole, text) => {
  let any = whole;
  for (const block of blocks) {
    const fits = whole || block.text.includes(text);
    block.element.hidden = !fits;
    any = any || fits;
  }
  return any;
};

const textOf = (element) => element.textContent.toLowerCase();
const blocksOf = (element) => all(".block", element).map((block) => ({ element: block, text: textOf(block) }));
const statusFits = (status, wanted) =>
  !wanted || status === wanted || (wanted === "attention" && (status === "fail" || status === "unknown"));

const foldAll = (list, open) => {
  for (const element of all("details", list)) if (!element.hidden) element.open = open;
};

// A form of filters that works on each change; `/` leads to its search.
const offerFilters = (form, search, apply, reset = apply) => {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(reset));
  search.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches && event.target.matches("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    search.focus();
  });
};
