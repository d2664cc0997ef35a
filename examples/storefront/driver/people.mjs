// People with browsers: how many visits each makes, in which order, how they get from page to page. What they do on a
// page is in visits.mjs; clients without a browser are in machines.mjs.
import { observe, slowDown } from "./browser.mjs";
import { chanceOf, pause } from "./chance.mjs";
import { subscribeWithoutScript, visits } from "./visits.mjs";

/** What one person does in an ordinary run; eight such people give every judged handler more than thirty calls. */
const agenda = {
  fillAndClearCart: 3,
  order: 3,
  orderAndWatch: 1,
  desk: 4,
  compare: 1,
  priceList: 4,
  shopWindow: 4,
  browseProducts: 2,
  askForAdvice: 2,
  subscribe: 3,
  lookBehindTheCounter: 4,
  review: 2,
  search: 2,
  like: 2,
  writeToTheShop: 2,
  signIn: 4,
  voteElsewhere: 2,
  addOneThing: 1,
};
/** Slow people do once what does not depend on their pace: Chromium makes a page slow by keeping a processor busy all the time. */
const slowAgenda = {
  ...agenda, order: 2, priceList: 1, shopWindow: 1, browseProducts: 1, askForAdvice: 1, subscribe: 1, lookBehindTheCounter: 1, signIn: 1, voteElsewhere: 1,
};
const formsWithoutScript = 4;
const parcelsReturned = 3;
const scriptless = (people) => Math.max(1, Math.ceil(people / 3));
const patience = 30_000;
const slowPatience = 120_000;

function agendaOf({ slow }) {
  return slow ? slowAgenda : agenda;
}

/** Besides the people with JavaScript come some without it, who only subscribe; three persons return a parcel. */
export async function playPeople({ people, atOnce, ...world }) {
  const withScript = Array.from({ length: people }, (_, index) => () => {
    const plan = { ...agendaOf(world), ...(index < parcelsReturned && { askForReturn: 1 }) };
    return playPerson({ who: `person-${index + 1}`, plan, ...world });
  });
  const withoutScript = Array.from({ length: scriptless(people) }, (_, index) => () => playScriptless({ who: `scriptless-${index + 1}`, ...world }));
  await inTurns([...withoutScript, ...withScript], atOnce);
}

/** Plays all of them, `atOnce` at a time. */
export async function inTurns(players, atOnce) {
  const waiting = [...players];
  const turn = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
}

/**
 * One person makes the visits of `plan`, each as often as it says there, in an order of chance. `watch` is given the
 * browser context before its first page.
 */
export async function playPerson({ who, plan, seed, truth, progress, watch, ...world }) {
  const luck = chanceOf(seed, who);
  const visitNames = spread(luck.shuffled(Object.entries(plan).flatMap(([visit, times]) => Array(times).fill(visit))));
  await withPage({ truth, watch, ...world }, {}, async (page) => {
    const go = ways(page, luck, world.baseUrl);
    for (const name of visitNames) {
      try {
        await visits[name]({ page, who, luck, truth, go, partnerUrl: world.partnerUrl });
        await pause(luck.between(80, 250));
      } catch (error) {
        truth.failure(who, name, error);
      }
      progress.visitDone();
    }
  });
}

/** Nobody opens the same page again and again: at least two other visits lie between two of a kind, where that can be. */
export function spread(visitNames) {
  const left = [...visitNames];
  const plan = [];
  while (left.length > 0) {
    const fits = left.findIndex((name) => !plan.slice(-2).includes(name));
    plan.push(...left.splice(Math.max(0, fits), 1));
  }
  return plan;
}

async function playScriptless({ who, seed, truth, progress, ...world }) {
  const luck = chanceOf(seed, who);
  await withPage({ truth, ...world }, { javaScriptEnabled: false }, async (page) => {
    for (let form = 1; form <= formsWithoutScript; form += 1) {
      try {
        await subscribeWithoutScript({ page, who, luck, truth, baseUrl: world.baseUrl });
      } catch (error) {
        truth.failure(who, "subscribe without JavaScript", error);
      }
      progress.visitDone();
    }
  });
}

async function withPage({ browser, doors, actionNames, truth, slow = false, watch }, options, use) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(slow ? slowPatience : patience);
  observe(context, { doors, actionNames, truth });
  await watch?.(context);
  try {
    const page = await context.newPage();
    if (slow) await slowDown(context, page);
    await use(page);
    await page.waitForLoadState("networkidle").catch(() => {}); // lets the last prefetches end, so that they are counted
    for (const { name, value } of await context.cookies()) truth.secret(`the cookie ${name}`, value);
  } finally {
    await context.close();
  }
}

const linkPaths = {
  "Lantern & Loom": "/", Products: "/products", Search: "/search", Compare: "/compare", "Price list": "/catalog",
  Favourites: "/favorites", "Your desk": "/dashboard", Cart: "/cart", "Ask us": "/assistant", Contact: "/contact",
  Newsletter: "/newsletter", Returns: "/returns", "Behind the counter": "/stats", "Sign in": "/login",
};
const typesTheAddress = 0.2;

/** How a person gets to a page: mostly by a link in the frame, sometimes by typing its address. */
function ways(page, luck, baseUrl) {
  const settled = () => page.locator("html[data-ready]").waitFor();
  const to = async (path) => {
    await page.goto(baseUrl + path);
    await settled();
  };
  const byLink = async (label) => {
    const path = linkPaths[label];
    const types = luck.happens(typesTheAddress);
    const here = page.url().startsWith(baseUrl) ? new URL(page.url()).pathname : null;
    if (types || here === null || here === path) return to(path);
    await page.getByRole("link", { name: label, exact: label !== "Cart" }).first().click();
    await page.waitForURL((url) => url.pathname === path, { waitUntil: "commit" });
  };
  return { to, byLink, settled };
}

export function visitsPlanned(people, how = {}) {
  const perPerson = Object.values(agendaOf(how)).reduce((sum, times) => sum + times, 0);
  return people * perPerson + Math.min(people, parcelsReturned) + scriptless(people) * formsWithoutScript;
}
