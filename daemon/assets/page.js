// What pages do beyond what they are; everything works without it. No state, no requests.
"use strict";

// Times are written in the report's zone; the reader's own stands in the tooltip.
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) {
    time.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) + " (your time)";
  }
}

// Long tables can be filtered by a word.
for (const input of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(input.dataset.filters);
  const box = input.closest(".filter");
  if (!table || !box) continue;
  const rows = [...table.tBodies[0].rows];
  box.hidden = rows.length < 8;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    box.querySelector("output").textContent = wanted === "" ? "" : `${shown} of ${rows.length}`;
  });
}
