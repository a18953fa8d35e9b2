// SPDX-License-Identifier: BSD-3-Clause
"use strict";
(() => {
  document.querySelectorAll("pre.copied").forEach((block) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    block.before(button);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Selected: copy with the keyboard";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 3000);
    });
  });

  const table = document.getElementById("selected");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const place = new Map(rows.map((row, i) => [row, i]));

  // Numbers by value, with dashes, which are missing, last; text by letters.
  const key = (row, column) => {
    const text = row.cells[column].textContent;
    const number = parseFloat(text.replace("inf", "Infinity"));
    return Number.isNaN(number) ? text : number;
  };
  const sort = (column, ascending, numeric) => {
    const keys = new Map(rows.map((row) => [row, key(row, column)]));
    const missing = (k) => numeric && typeof k !== "number";
    const compare = (a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      if (missing(x) || missing(y)) return missing(x) - missing(y) || place.get(a) - place.get(b);
      const order = numeric ? x - y : rowText(a, column).localeCompare(rowText(b, column), undefined, { numeric: true });
      return (ascending ? order : -order) || place.get(a) - place.get(b);
    };
    body.append(...[...rows].sort(compare));
  };
  const rowText = (row, column) => row.cells[column].textContent;

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (rows[0].cells[column].querySelector("svg")) return;
    const numeric = !rows[0].cells[column].classList.contains("t");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      // Ranks and names start with the first, figures with the largest.
      const first = column < 2 ? "ascending" : "descending";
      const now = before ? (before === "ascending" ? "descending" : "ascending") : first;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now);
      sort(column, now === "ascending", numeric);
    });
  });
  heads[0].setAttribute("aria-sort", "ascending");

  const input = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const names = rows.map((row) => row.cells[1].textContent.toLowerCase());
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let n = 0;
    rows.forEach((row, i) => {
      row.hidden = !names[i].includes(wanted);
      n += !row.hidden;
    });
    shown.textContent = wanted ? `${n} of ${rows.length}` : "";
  });
  document.getElementById("tools").hidden = false;

  // The value of a heat map at the pointer.
  document.querySelectorAll("img.map").forEach((map) => {
    const [low, high] = map.dataset.ends.split(" ").map(Number);
    const values = atob(map.dataset.values);
    const columns = JSON.parse(map.dataset.columns);
    const figure = map.closest("figure");
    const labels = figure.querySelectorAll(".labels > div");
    const tell = (event) => {
      const box = map.getBoundingClientRect();
      const place = (at, length, n) => Math.min(n - 1, Math.max(0, Math.floor((at / length) * n)));
      const row = place(event.clientY - box.top, box.height, labels.length);
      const column = place(event.clientX - box.left, box.width, columns.length);
      const code = values.charCodeAt(row * columns.length + column);
      const ends = { 0: low < 0 ? " or less" : "", 254: low < 0 ? " or more" : "" };
      const number = (low + ((high - low) * code) / 254).toFixed(2) + (ends[code] ?? "");
      figure.querySelector(".value").textContent =
        `${labels[row].textContent}, ${columns[column]}: ${code === 255 ? "missing" : number}`;
    };
    ["pointermove", "pointerdown"].forEach((name) => map.addEventListener(name, tell));
  });

  // What is folded is printed, but for long lists.
  const folded = [...document.querySelectorAll("details.printed-open")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded.filter((part) => !part.open);
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => {
    opened.forEach((part) => { part.open = false; });
  });
})();
