// Somebody else's web site: a page with vote buttons that call the shop's POST /api/embed/vote from another origin.
// Served on `localhost`, while the shop is addressed as 127.0.0.1, so that browsers say "cross-site".
import { createServer } from "node:http";

const page = (shop) => `<!doctype html><html lang="en"><title>Tea & Timetables</title>
<h1>Which mug would you take on a train?</h1>
<button value="station-mug">The station mug</button> <button value="ink-mug">The ink mug</button>
<p id="votes"></p>
<script>
for (const button of document.querySelectorAll("button")) button.onclick = async () => {
  const response = await fetch(${JSON.stringify(shop)} + "/api/embed/vote", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ choice: button.value }),
  });
  const { votes } = await response.json();
  const line = document.querySelector("#votes");
  line.dataset.cast = Number(line.dataset.cast ?? 0) + 1;
  line.textContent = votes + " readers agree";
};
</script></html>`;

export async function openPartnerSite(shopUrl) {
  const server = createServer((request, response) => {
    const found = request.url === "/";
    response.writeHead(found ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(found ? page(shopUrl) : "");
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
