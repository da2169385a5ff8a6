// Sorts, filters and pages a table of clusters. Without this script all of its rows are there.
(() => {
  const STEP = 100;
  const table = find("rows");
  if (!table) return;
  const form = find("row-filters");
  const count = find("row-count");
  const more = find("row-more");
  const search = find("row-search");
  const selects = all("select[data-by]", form);
  const body = table.tBodies[0];
  let rows = all("tr", body).map((element, place) => ({ element, place, text: textOf(element) }));
  let room = STEP;

  // What stands beyond the first hundred is kept from the screen alone: paper has it.
  const apply = () => {
    const text = search.value.trim().toLowerCase();
    const wanted = selects.filter((select) => select.value);
    let found = 0;
    for (const { element, text: own } of rows) {
      const fits = own.includes(text) && wanted.every((select) => element.dataset[select.dataset.by] === select.value);
      element.hidden = !fits;
      found += fits ? 1 : 0;
      element.classList.toggle("beyond", fits && found > room);
    }
    const what = count.dataset.what;
    const seen = Math.min(found, room);
    const told = (number) => number.toLocaleString("en");
    count.textContent = found ? `Showing ${told(seen)} of ${told(found)} ${what}s${found < rows.length ? `, ${told(rows.length)} in all` : ""}.` : `No ${what} matches. Clear the filters to see all ${told(rows.length)}.`;
    more.hidden = found <= room;
    more.textContent = `Show ${Math.min(STEP, found - seen)} more`;
  };

  const again = () => {
    room = STEP;
    apply();
  };

  const valueOf = (row, column, kind) => {
    const cell = row.element.cells[column];
    const value = "value" in cell.dataset ? cell.dataset.value : cell.textContent.trim();
    return kind === "number" ? Number(value) : value.toLowerCase();
  };

  const sort = (head, column) => {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of all("th", table.tHead)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const keyed = rows.map((row) => ({ row, key: valueOf(row, column, head.dataset.sort) }));
    const way = ascending ? 1 : -1;
    keyed.sort((a, b) => (a.key < b.key ? -way : a.key > b.key ? way : a.row.place - b.row.place));
    rows = keyed.map(({ row }) => row);
    body.append(...rows.map(({ element }) => element));
    apply();
  };

  all("th[data-sort]", table.tHead).forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head, head.cellIndex));
    head.replaceChildren(button);
  });
  const openTarget = () => {
    const target = location.hash.length > 1 && find(location.hash.slice(1));
    if (!target || !body.contains(target)) return;
    target.hidden = false;
    target.classList.remove("beyond");
    target.scrollIntoView();
  };
  offerFilters(form, search, again);
  for (const select of selects) select.addEventListener("change", again);
  more.addEventListener("click", () => {
    room += STEP;
    apply();
  });
  addEventListener("hashchange", openTarget);
  apply();
  openTarget();
})();
