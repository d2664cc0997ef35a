// What pages do beyond what they are; everything works without it. No state; requests only for the page's own address with another
// query.
"use strict";

// Times are written in the report's zone; the reader's own is in the tooltip.
function showTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) {
      time.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) + " (your time)";
    }
  }
}

// Long tables can be filtered by a word.
function filterTables(within) {
  for (const input of within.querySelectorAll("input[data-filters]")) {
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
}

// Parts that depend on the query alone are exchanged in place, so that nobody loses the place on the page.
let latest = 0;
async function exchange(href) {
  const mine = ++latest;
  const parts = [...document.querySelectorAll("[data-live]")];
  parts.forEach((part) => part.setAttribute("aria-busy", "true"));
  try {
    const answer = await fetch(href, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== latest) return;
    const focused = document.activeElement;
    const search = focused?.id === "search" ? [focused.value, focused.selectionStart, focused.selectionEnd] : null;
    const label = focused?.closest("[data-live] a")?.textContent;
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh) part.replaceWith(fresh);
      else part.replaceChildren();
    }
    history.replaceState(null, "", href);
    document.querySelectorAll("[data-live]").forEach(begin);
    refocus(search, label);
  } catch {
    if (mine === latest) location.assign(href);
  }
}

// Where the reader was.
function refocus(search, label) {
  if (search) {
    const input = document.getElementById("search");
    input.focus();
    input.value = search[0];
    input.setSelectionRange(search[1], search[2]);
  } else if (label) {
    const links = [...document.querySelectorAll("[data-live] a")];
    links.find((link) => link.textContent === label)?.focus({ preventScroll: true });
  }
}

function begin(within) {
  showTimes(within);
  filterTables(within);
  for (const form of within.querySelectorAll("form[data-live-form]")) {
    const address = () => `${new URL(form.action).pathname}?${new URLSearchParams(new FormData(form))}`;
    let waiting;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(waiting);
      exchange(address());
    });
    form.querySelector("input[type=search]").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => exchange(address()), 250);
    });
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-live] a");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href instanceof SVGAnimatedString ? link.href.baseVal : link.href, location.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname) return;
  event.preventDefault();
  exchange(url.pathname + url.search);
});

begin(document);
