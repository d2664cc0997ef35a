// People with browsers: how many visits each makes, in which order, how they get from page to page. What they do on a
// page is in visits.mjs; clients without a browser are in machines.mjs.
import { observe } from "./browser.mjs";
import { chanceOf, pause } from "./chance.mjs";
import { subscribeWithoutScript, visits } from "./visits.mjs";

/** What one person does in a run; eight such people give every judged handler more than thirty calls. */
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
const formsWithoutScript = 4;
const parcelsReturned = 3;
const scriptless = (people) => Math.max(1, Math.ceil(people / 3));
const patience = 30_000;

/** Besides the people with JavaScript come some without it, who only subscribe; three persons return a parcel. */
export async function playPeople({ browser, people, atOnce, seed, ...rest }) {
  const withScript = Array.from({ length: people }, (_, index) => () => {
    const extra = index < parcelsReturned ? ["askForReturn"] : [];
    return playPerson({ browser, who: `person-${index + 1}`, extra, seed, ...rest });
  });
  const withoutScript = Array.from({ length: scriptless(people) }, (_, index) => () => playScriptless({ browser, who: `scriptless-${index + 1}`, seed, ...rest }));
  const waiting = [...withoutScript, ...withScript];
  const turn = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
}

async function playPerson({ browser, who, extra, seed, truth, progress, ...world }) {
  const luck = chanceOf(seed, who);
  const plan = spread(luck.shuffled([...Object.entries(agenda).flatMap(([visit, times]) => Array(times).fill(visit)), ...extra]));
  await withPage({ browser, truth, ...world }, {}, async (page) => {
    const go = ways(page, luck, world.baseUrl);
    for (const name of plan) {
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

async function playScriptless({ browser, who, seed, truth, progress, ...world }) {
  const luck = chanceOf(seed, who);
  await withPage({ browser, truth, ...world }, { javaScriptEnabled: false }, async (page) => {
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

async function withPage({ browser, doors, actionNames, truth }, options, use) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  observe(context, { doors, actionNames, truth });
  try {
    const page = await context.newPage();
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

export function visitsPlanned(people) {
  const perPerson = Object.values(agenda).reduce((sum, times) => sum + times, 0);
  return people * perPerson + Math.min(people, parcelsReturned) + scriptless(people) * formsWithoutScript;
}
