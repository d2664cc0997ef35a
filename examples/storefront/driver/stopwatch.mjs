// A stopwatch inside the pages of a browser: from the click, or from the beginning of the load, until the screen shows
// what was asked for. It watches what a person can see and nothing else; which requests lay in between is in
// round-trips.mjs. Times are ms since the epoch, by the browser's clock.

/**
 * What is timed. It begins with a click on `button`, or with the click on a link to `page` or the load of that page; it
 * ends with the frame in which `sign` has changed: its text, or the attribute that `mark` names.
 */
export const timed = [
  { what: "add to the cart", button: /^Add /, sign: "[data-testid=cart-count]" },
  { what: "compare two products", button: /^Compare$/, sign: "[data-testid=comparison]", mark: "data-rounds" },
  { what: "open the desk", page: "/dashboard", sign: "[data-testid=desk]" },
];

/** Times all that happens in a browser context; `done` is told { what, from, to }, and the page by which it was. */
export async function time(context, done) {
  await context.exposeBinding("tellStopwatch", ({ page }, interaction) => done(interaction, page));
  const plain = timed.map(({ button, ...each }) => ({ ...each, button: button?.source }));
  await context.addInitScript(watchScreen, plain);
}

/** Runs in the page, before any script of the app. */
function watchScreen(plain) {
  if (window !== window.top) return;
  const watched = plain.map((each) => ({ ...each, from: null, seen: null }));
  const now = () => performance.timeOrigin + performance.now();
  const look = ({ sign, mark }) => {
    const node = document.querySelector(sign);
    return node && (mark ? node.getAttribute(mark) : node.textContent);
  };

  for (const each of watched) if (location.pathname === each.page) each.from = performance.timeOrigin;

  addEventListener("click", ({ target, timeStamp }) => {
    const clicked = target.closest("a, button");
    for (const each of watched) {
      const isIt = each.button ? clicked?.matches("button") && new RegExp(each.button).test(clicked.textContent.trim()) : clicked?.pathname === each.page;
      if (isIt) Object.assign(each, { from: performance.timeOrigin + timeStamp, seen: look(each) });
    }
  }, true);

  // The sign changes in the document first; the frame that is drawn next shows it.
  new MutationObserver(() => {
    for (const each of watched) {
      const seen = each.from === null ? null : look(each);
      if (seen === null || seen === each.seen) continue;
      const { what, from } = each;
      each.from = null;
      requestAnimationFrame(() => window.tellStopwatch({ what, from, to: now() }));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-rounds"] });
}
