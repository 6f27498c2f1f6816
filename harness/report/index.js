"use strict";
(() => {
  const form = document.querySelector(".filter"), table = document.querySelector(".runs"), body = table.tBodies[0];
  const rows = [...body.rows], said = form.querySelector("output");
  const filter = () => {
    const { s, g, a, b } = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const row of rows) {
      const d = row.dataset, day = d.t.slice(0, 10);
      row.hidden = !((!s || d.s === s) && (!g || d.g === g) && (!a || day >= a) && (!b || day <= b));
      if (!row.hidden) shown++;
    }
    said.textContent = `${shown} of ${rows.length} shown`;
  };
  const sort = head => {
    const up = head.getAttribute("aria-sort") !== "ascending", by = head.dataset.by, sign = up ? 1 : -1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const numbers = by === "u";
    rows.sort((x, y) => {
      const p = x.dataset[by], q = y.dataset[by];
      if (numbers && (p === "" || q === "")) return (p === "") - (q === ""); // what has no number stays last
      return sign * (numbers ? p - q : p < q ? -1 : p > q ? 1 : 0);
    });
    body.append(...rows);
  };
  for (const head of table.tHead.querySelectorAll("[data-by]")) {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }
  table.tHead.classList.add("sorts");
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.hidden = false;
  filter();
})();
