// What a person does on each page of the shop: one function per kind of visit. Each clicks and types like a person,
// and waits for what it caused to appear. How many visits somebody makes, and in which order, is in people.mjs.
import { pause } from "./chance.mjs";

const products = [
  "oak-lamp", "signal-lamp", "paper-lamp", "bench-chair", "reed-chair", "steel-chair",
  "river-vase", "salt-vase", "tall-vase", "station-mug", "morning-mug", "ink-mug",
];
const piecesOfASet = 7;
const productNames = ["Oak reading lamp", "Signal lamp", "Paper lamp", "Waiting-room chair", "Reed armchair", "Steel garden chair"];
const wordsToSearch = [["la", "mp"], ["mu", "g"], ["cha", "ir"], ["va", "se"], ["qui", "et"], ["wa", "rm"]];

/** Puts something into the cart and waits until the refreshed header counts it: POST /api/cart, then the refresh. */
async function fillCart({ page, luck, truth, go }, button, pieces) {
  await go.to(`/product/${luck.pick(products)}`);
  const count = page.getByTestId("cart-count");
  const before = Number(await count.textContent());
  await page.getByRole("button", { name: button }).click();
  await count.filter({ hasText: new RegExp(`^${before + pieces}$`) }).waitFor();
  truth.interaction("cart-then-refresh");
}

async function orderCart(visit) {
  await fillCart(visit, "Add the matching set", piecesOfASet);
  const { page, truth, go } = visit;
  await go.byLink("Cart");
  await page.getByTestId("cart-lines").waitFor();
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.getByTestId("cart-empty").waitFor();
  truth.interaction("order-then-refresh");
}

export const visits = {
  async addOneThing(visit) {
    await fillCart(visit, "Add to cart", 1);
  },

  async fillAndClearCart(visit) {
    await fillCart(visit, "Add the matching set", piecesOfASet);
    const { page, truth, go } = visit;
    await go.byLink("Cart");
    const lines = await page.getByTestId("cart-lines").locator("tbody tr").count();
    await page.getByRole("button", { name: "Clear the cart" }).click();
    await page.getByTestId("cart-empty").waitFor();
    truth.interaction("clear-cart-burst", lines);
  },

  async order(visit) {
    await orderCart(visit);
  },

  async orderAndWatch(visit) {
    await orderCart(visit);
    const { page, truth } = visit;
    const pollsWatched = 9;
    await page.getByRole("link", { name: /^Follow order/ }).click();
    await page.locator(`[data-testid=order-stage][data-polls="${pollsWatched}"]`).waitFor();
    truth.interaction("order-status-polling", pollsWatched);
  },

  async desk({ page, truth, go }) {
    await go.byLink("Your desk");
    await page.getByTestId("desk").waitFor();
    truth.interaction("dashboard-reads-on-load", 3);
  },

  async compare({ page, luck, truth, go }) {
    await go.byLink("Compare");
    await page.getByRole("button", { name: "Compare" }).waitFor();
    await pause(luck.between(4_600, 5_200)); // reads about both before choosing
    for (let round = 1; round <= 4; round += 1) {
      await page.getByLabel("Left product").selectOption(luck.pick(productNames));
      await page.getByLabel("Right product").selectOption(luck.pick(productNames));
      await page.getByRole("button", { name: "Compare" }).click();
      await page.locator(`[data-testid=comparison][data-rounds="${round}"]`).waitFor();
      truth.interaction("compare-burst", 3);
      await pause(luck.between(500, 900));
    }
  },

  async priceList({ page, truth, go }) {
    await go.byLink("Price list");
    await page.getByTestId("price-list").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download it as CSV" }).click(),
    ]);
    await download.path(); // until it is complete: an answer that is cut short says nothing of its bytes
    truth.interaction("csv-download");
  },

  async shopWindow({ page, go }) {
    await go.byLink("Lantern & Loom");
    await page.getByTestId("categories").getByRole("link", { name: "Mugs" }).waitFor();
  },

  async browseProducts({ page, luck, go }) {
    await go.byLink("Products");
    await page.locator("[data-testid=product-list][data-category='']").waitFor();
    const filter = luck.pick(["lamps", "chairs", "vases", "mugs"]);
    await page.getByRole("button", { name: filter }).click();
    await page.locator(`[data-testid=product-list][data-category=${filter}]`).waitFor();
  },

  async askForAdvice({ page, luck, truth, go }) {
    await go.byLink("Ask us");
    for (const question of [luck.pick(["lamp", "chair"]), luck.pick(["vase", "mug", "carpet"])]) {
      await page.getByLabel("What do you look for?").fill(question);
      await page.getByRole("button", { name: "Ask" }).click();
      await page.locator("[data-testid=answer][data-state=done]").waitFor();
      truth.interaction("streamed-answer");
      await pause(luck.between(100, 300));
    }
  },

  async subscribe({ page, who, luck, truth, go }) {
    await go.byLink("Newsletter");
    await signUp({ page, who, luck, truth });
    truth.interaction("subscribe-with-javascript");
    // To answer an action's redirect Next.js fetches the page it leads to from the app itself; no browser sees that.
    truth.call("page /newsletter/thanks", "server", 200);
  },

  async lookBehindTheCounter({ page, truth, go }) {
    await go.byLink("Behind the counter");
    await page.getByTestId("figures").waitFor();
    truth.interaction("stats-self-fetch");
  },

  async review({ page, who, luck, truth, go }) {
    await go.to(`/product/${luck.pick(products)}`);
    for (let words = 1; words <= 2; words += 1) {
      const text = `${luck.pick(["Lovely", "Sturdy", "Quiet", "Smaller than I thought"])}, says ${who} (${luck.between(1, 99999)})`;
      await page.getByLabel("Your words").fill(text);
      await page.getByRole("button", { name: "Add review" }).click();
      await page.getByTestId("reviews").getByText(text).waitFor();
      truth.interaction("review");
      await pause(luck.between(200, 400));
    }
  },

  async search({ page, luck, truth, go }) {
    await go.byLink("Search");
    const field = page.getByLabel("Search for");
    for (const [first, rest] of luck.shuffled(wordsToSearch).slice(0, 2)) {
      await field.fill("");
      await field.pressSequentially(first, { delay: 40 });
      await pause(luck.between(120, 170)); // sometimes just long enough for a first request, which is then aborted
      await field.pressSequentially(rest, { delay: 40 });
      await page.locator(`[data-testid=results][data-words="${first}${rest}"]`).waitFor();
      truth.interaction("typed-search");
    }
  },

  async like({ page, luck, truth, go }) {
    await go.byLink("Favourites");
    for (const name of luck.shuffled(productNames).slice(0, 2)) {
      const heart = page.getByRole("button", { name: `Like ${name}` });
      const liked = (await heart.getAttribute("aria-pressed")) === "true";
      const refreshed = page.waitForResponse((response) => response.request().method() === "GET" && isRefresh(response, "/favorites"));
      await heart.click();
      await page.getByRole("button", { name: `Like ${name}`, pressed: !liked }).waitFor();
      await refreshed;
      truth.interaction("favourite-then-needless-refresh");
      await pause(luck.between(1_600, 1_900));
    }
  },

  async writeToTheShop({ page, who, luck, truth, go }) {
    await go.byLink("Contact");
    for (let letter = 1; letter <= 2; letter += 1) {
      const answer = page.waitForResponse((response) => response.url().endsWith("/api/legacy/contact"));
      await page.getByLabel("Your message").fill(`${who} asks for the ${luck.between(2, 99)}th time`);
      await page.getByRole("button", { name: "Send" }).click();
      await answer;
      await page.getByTestId("ticket").waitFor();
      truth.interaction("contact-message");
      await pause(luck.between(200, 400));
    }
  },

  async signIn({ page, truth, go }) {
    await go.byLink("Sign in");
    await page.getByRole("link", { name: "Continue with ExampleID" }).click();
    await page.getByTestId("signed-in").waitFor();
    await go.settled();
    truth.interaction("login-redirect");
  },

  async askForReturn({ page, truth, go }) {
    await go.byLink("Returns");
    await page.getByLabel("Number of your parcel").fill("R-100");
    await page.getByRole("button", { name: "Where is it?" }).click();
    await page.getByTestId("return-state").filter({ hasText: "we wait for your parcel" }).waitFor();
    truth.interaction("return-status");
  },

  async voteElsewhere({ page, luck, truth, partnerUrl }) {
    await page.goto(partnerUrl);
    for (let vote = 1; vote <= 2; vote += 1) {
      await page.getByRole("button").nth(luck.between(0, 1)).click();
      await page.locator(`#votes[data-cast="${vote}"]`).waitFor();
      truth.interaction("vote-from-another-origin");
    }
  },
};

/** For browsers without JavaScript: a plain form post, answered with a redirect. */
export async function subscribeWithoutScript({ page, who, luck, truth, baseUrl }) {
  await page.goto(`${baseUrl}/newsletter`);
  await signUp({ page, who, luck, truth });
  truth.interaction("subscribe-without-javascript");
}

async function signUp({ page, who, luck, truth }) {
  const address = `${who}.${luck.between(1, 9999)}@example.org`;
  truth.secret("an address of e-mail", address);
  await page.getByLabel("Your address").fill(address);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByTestId("subscribed").waitFor();
}

function isRefresh(response, path) {
  const headers = response.request().headers();
  return new URL(response.url()).pathname === path && headers.rsc !== undefined && !headers["next-router-prefetch"];
}
