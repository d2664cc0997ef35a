// Each page of the real daemon in a real Chromium: with the example app's traffic and without any, wide and narrow, light and
// dark, without a script, by keyboard alone.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, open, overflow, seriousFindings } from "./browser.mjs";
import { openShop } from "./shop.mjs";
import { allPages } from "./site.mjs";

let browser, shop, pages;

before(async () => {
  browser = await launch();
  shop = await openShop();
  pages = await allPages(shop.url);
});

after(async () => {
  await browser?.close();
  await shop?.stop();
});

/** Every page in one way of looking at it. */
async function onEachPage(options, look) {
  for (const [name, path] of Object.entries(pages)) {
    const { page, complaints, close } = await open(browser, shop.url + path, options);
    await look(page, name);
    const expected = name === "missing" ? 1 : 0;
    assert.equal(complaints.length, expected, `${name}: ${complaints.join("; ")}`);
    await close();
  }
}

test("every page has a name, a heading and nothing that hinders anybody", async () => {
  await onEachPage({}, async (page, name) => {
    assert.match(await page.title(), /. · Pointsman$/, name);
    assert.equal(await page.locator("h1").count(), 1, name);
    assert.equal(await page.locator("main").count(), 1, name);
    assert.deepEqual(await seriousFindings(page), [], name);
    const current = await page.locator('header nav a[aria-current="page"]').allTextContents();
    assert.ok(current.length <= 1, name);
  });
});

test("in the dark nothing is hard to read", async () => {
  await onEachPage({ colorScheme: "dark" }, async (page, name) => {
    const [red, green, blue] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.ok(red + green + blue < 150, name);
    assert.deepEqual(await seriousFindings(page), [], name);
  });
});

test("on a phone nothing is wider than the screen", async () => {
  const phone = { viewport: { width: 375, height: 700 }, isMobile: true, hasTouch: true };
  await onEachPage(phone, async (page, name) => {
    assert.equal(await overflow(page), 0, name);
    assert.deepEqual(await seriousFindings(page), [], name);
  });
});

test("without a script every page says the same", async () => {
  const words = async (page) => (await page.locator("main").innerText()).replace(/\s+/g, " ");
  const withScript = {};
  await onEachPage({}, async (page, name) => (withScript[name] = await words(page)));
  await onEachPage({ javaScriptEnabled: false }, async (page, name) => {
    const said = await words(page);
    assert.ok(said.length > 30, name);
    // The field that filters a table is all that a script adds.
    assert.equal(said, withScript[name].replace(/Filter /g, ""), name);
  });
});

test("a fresh daemon says what to do first", async () => {
  const fresh = await openShop({ empty: true });
  for (const [path, words] of [["/", "pointsman init"], ["/telemetry", "OTEL_EXPORTER_OTLP_ENDPOINT"], ["/rules", "mutate-then-refresh"]]) {
    const { page, complaints, close } = await open(browser, fresh.url + path);
    assert.match(await page.locator("main").innerText(), new RegExp(words.replace(/[()]/g, "\\$&")), path);
    assert.deepEqual(await seriousFindings(page), [], path);
    assert.deepEqual(complaints, [], path);
    await close();
  }
  await fresh.stop();
});

test("a long list can be filtered", async () => {
  const { page, close } = await open(browser, `${shop.url}/rules`);
  const rows = page.locator("#rules-table tbody tr:visible");
  const all = await rows.count();
  await page.getByLabel("Filter").fill("poll");
  const some = await rows.count();
  assert.ok(some > 0 && some < all / 4, `${some} of ${all}`);
  await page.getByLabel("Filter").fill("");
  assert.equal(await rows.count(), all);
  await close();
});

test("the table is searched and ordered in place, and each state has an address", async () => {
  const { page, complaints, close } = await open(browser, shop.url);
  const rows = () => page.locator("#handlers tbody tr");
  const all = await rows().count();
  await page.getByLabel("Search").fill("api cart");
  await page.waitForFunction((before) => document.querySelectorAll("#handlers tbody tr").length < before, all);
  assert.match(page.url(), /q=api\+cart/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "search", "whoever types goes on typing");
  for (const row of await rows().allTextContents()) assert.match(row.toLowerCase(), /cart/);
  await page.getByLabel("Search").fill("");
  await page.waitForFunction((before) => document.querySelectorAll("#handlers tbody tr").length === before, all);
  await page.getByRole("link", { name: "p95", exact: true }).click();
  await page.waitForSelector('#handlers th[aria-sort="descending"]');
  const searched = page.url();
  assert.deepEqual(complaints, []);
  await close();
  const again = await open(browser, searched, { javaScriptEnabled: false });
  assert.equal(await again.page.locator('#handlers th[aria-sort="descending"]').innerText(), "p95");
  await again.close();
});

test("the legend of the map filters without a script, too", async () => {
  const { page, close } = await open(browser, shop.url, { javaScriptEnabled: false });
  const marks = () => page.locator("#map figure.wide svg a").count();
  const all = await marks();
  await page.locator("#map").getByRole("link", { name: /^move/ }).click();
  const moves = await marks();
  assert.ok(moves > 0 && moves < all, `${moves} of ${all}`);
  assert.match(await page.locator("#handlers [role=status]").innerText(), new RegExp(`of the ${moves} that fit`));
  await page.locator("#map").getByRole("link", { name: /^move/ }).click();
  assert.equal(await marks(), all, "a second time shows all again");
  await close();
});

test("another span of time changes the measurements and not the verdict", async () => {
  const { page, complaints, close } = await open(browser, shop.url + pages["handler-cached"]);
  const verdict = await page.locator(".lead").innerText();
  const numbers = () => page.locator("#numbers").innerText();
  const week = await numbers();
  await page.getByRole("link", { name: "30 days" }).click();
  await page.waitForURL(/window=30d/);
  await page.waitForSelector('#numbers:not([aria-busy]) a[aria-current="true"]:text("30 days")');
  const month = await numbers();
  assert.notEqual(month, week);
  assert.match(month, /Telemetry covers .* of these 30 days/);
  assert.equal(await page.locator(".lead").innerText(), verdict);
  assert.deepEqual(complaints, []);
  await close();
});

test("a change is accepted where it stands, without a script", async () => {
  const { page, close } = await open(browser, shop.url, { javaScriptEnabled: false });
  const card = page.locator(".changes .card", { hasText: "/api/cart" });
  const title = await card.locator("h3 a").innerText();
  await card.getByRole("button", { name: /^Accept/ }).click();
  assert.match(page.url(), /#changes$/);
  const same = page.locator(".changes .card", { hasText: title });
  assert.match(await same.locator("h3").innerText(), /accepted/);
  assert.equal(await same.getByRole("button", { name: /^Accept/ }).count(), 0);
  await close();
});

/** Opens the handler of this name from the overview. */
async function openHandler(page, name) {
  await page.goto(shop.url);
  await page.getByRole("link", { name, exact: true }).first().click();
}

test("a move is dismissed with a reason, and waits for nobody any more", async () => {
  const { page, complaints, close } = await open(browser, shop.url);
  const headline = await page.locator("h1").innerText();
  await openHandler(page, "getNotifications (actions/getNotifications.ts)");
  await page.getByText("Dismiss", { exact: true }).first().click();
  await page.getByLabel(/Why it is not wanted/).fill("the widget <b>goes</b> next month");
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.match(await page.locator("main").innerText(), /dismissed since .*: the widget <b>goes<\/b> next month/i);
  await page.goto(shop.url);
  assert.notEqual(await page.locator("h1").innerText(), headline);
  const answered = page.locator("details.more li", { hasText: "notifications" });
  assert.match(await answered.textContent(), /dismissed/);
  assert.equal(await page.locator(".changes .card", { hasText: "notifications" }).count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("decisions need no script", async () => {
  const { page, close } = await open(browser, shop.url, { javaScriptEnabled: false });
  await openHandler(page, "getOrderStatus (actions/getOrderStatus.ts)");
  await page.getByText("Snooze", { exact: true }).first().click();
  await page.getByLabel(/For how many days/).fill("3");
  await page.getByRole("button", { name: "Snooze" }).click();
  assert.match(await page.locator("main").innerText(), /snoozed since .* until /i);
  await close();
});

test("a decision that makes no sense is refused with the reason", async () => {
  const { page, close } = await open(browser, shop.url);
  await openHandler(page, "getStock (actions/getStock.ts)");
  await page.getByText("Dismiss", { exact: true }).first().click();
  await page.getByLabel(/Why it is not wanted/).fill("   ");
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.match(await page.locator("main").innerText(), /the reason is empty/i);
  await close();
});

test("with the keyboard alone one gets from the overview to an accepted move", async () => {
  const { page, close } = await open(browser, shop.url);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  const tabTo = async (wanted, most = 80) => {
    for (let presses = 0; presses < most; presses += 1) {
      await page.keyboard.press("Tab");
      if (wanted(await focused())) return;
    }
    assert.fail("the keyboard does not reach it");
  };
  await tabTo((text) => text.startsWith("Fetch price"));
  await Promise.all([page.waitForURL(/\/changes\//), page.keyboard.press("Enter")]);
  await tabTo((text) => text === "Accept");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none", "the focus is not to be seen");
  await Promise.all([page.waitForURL(/#life$/), page.keyboard.press("Enter")]);
  assert.match(await page.locator("main").innerText(), /accepted since/i);
  await close();
});

test("the report as a file works offline", async () => {
  const file = `${shop.db}.html`;
  writeFileSync(file, shop.report("--format", "html"));
  for (const options of [{}, { colorScheme: "dark" }, { viewport: { width: 375, height: 700 } }]) {
    const { page, complaints, close } = await open(browser, "about:blank", { offline: true, ...options });
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`file://${file}`);
    assert.deepEqual(asked, [`file://${file}`]);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(complaints, []);
    await close();
  }
});
