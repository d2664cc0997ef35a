// How long the server takes for each page of an app with 400 handlers, from the request to the last byte: every request asks with
// another query, so that each answer is drawn. Prints figures and judges nothing; `make bench-report` measures thirty days.
import { openShop } from "./shop.mjs";
import { allPages } from "./site.mjs";

const times = 30;
const shop = await openShop({ copies: Number(process.env.SHOPS ?? 9) });
const { handlers } = await (await fetch(`${shop.url}/api/v1/handlers`)).json();
console.log(`${handlers.length} handlers`);
for (const [name, path] of Object.entries(await allPages(shop.url))) {
  const took = [];
  let size = 0;
  for (let time = 0; time < times; time += 1) {
    const begin = performance.now();
    const answer = await fetch(`${shop.url}${path}${path.includes("?") ? "&" : "?"}time=${time}`);
    size = (await answer.text()).length;
    took.push(performance.now() - begin);
  }
  took.sort((one, other) => one - other);
  const ms = (rank) => `${took[rank].toFixed(1)} ms`.padStart(9);
  console.log(`${name.padEnd(16)} ${ms(times >> 1)}, slowest ${ms(times - 1)}, ${(size / 1e3).toFixed(0)} KB`);
}
await shop.stop();
