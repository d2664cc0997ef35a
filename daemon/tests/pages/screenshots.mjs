// Pictures of each page, light and dark, wide and narrow, written to `screenshots/` in the repository; four of them, as the
// README shows them, to docs/images with --readme. SHOPS=9 makes an app of 400 handlers. Each page that is pictured is also asked
// whether it hinders anybody; then this ends with 1.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open, overflow, seriousFindings } from "./browser.mjs";
import { openShop } from "./shop.mjs";
import { allPages } from "./site.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const folder = join(repository, "screenshots");
const ways = {
  light: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true },
};
/** What the README shows: the file's name, the page and where it is opened, how it is looked at. */
const shown = [
  ["page-overview", "overview", "", { viewport: { width: 1180, height: 980 } }],
  ["page-handler", "handler-action", "#sequences", { viewport: { width: 1180, height: 620 } }],
  ["page-measured", "handler-cached", "#measured", { viewport: { width: 1180, height: 800 }, colorScheme: "dark" }],
  ["page-phone", "overview", "#map", { viewport: { width: 390, height: 844 }, isMobile: true }],
];

const browser = await launch();
const shop = await openShop({ copies: Number(process.env.SHOPS ?? 1) });
const fresh = await openShop({ empty: true });
const pages = await allPages(shop.url);

const findings = [];

async function take(url, options, path, fullPage) {
  const { page, close } = await open(browser, url, options);
  await page.screenshot({ path, fullPage });
  if (fullPage) {
    findings.push(...(await seriousFindings(page)).map((finding) => `${path}: ${finding}`));
    if (await overflow(page)) findings.push(`${path}: wider than its window by ${await overflow(page)} px`);
  }
  await close();
}

mkdirSync(folder, { recursive: true });
for (const [way, options] of Object.entries(ways)) {
  for (const [name, path] of Object.entries(pages)) {
    await take(shop.url + path, options, join(folder, `${name}-${way}.png`), true);
  }
  await take(fresh.url, options, join(folder, `first-start-${way}.png`), true);
}
if (process.argv.includes("--readme")) {
  for (const [file, name, place, options] of shown) {
    await take(shop.url + pages[name] + place, options, join(repository, "docs", "images", `${file}.png`), false);
  }
}
console.log(`screenshots of ${Object.keys(pages).length + 1} pages are in ${folder}`);
for (const finding of findings) console.error(finding);
process.exitCode = findings.length > 0 ? 1 : 0;
await browser.close();
await Promise.all([shop.stop(), fresh.stop()]);
