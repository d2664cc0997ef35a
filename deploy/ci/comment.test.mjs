// The comment is written once and kept up to date, on servers that answer as GitHub and GitLab do.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("comment.mjs", import.meta.url));
const mark = "<!-- pointsman-check -->";
const bot = { login: "github-actions[bot]", id: 7 };
let server, folder, comments, requests, status;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pointsman-comment-"));
  writeFileSync(join(folder, "event.json"), JSON.stringify({ pull_request: { number: 3 } }));
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ method: request.method, url: request.url, token: request.headers.authorization ?? request.headers["private-token"] });
    response.statusCode = status;
    response.end(JSON.stringify(answer(request.method, new URL(request.url, "http://a"), Buffer.concat(chunks).toString())));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  [comments, requests, status] = [[], [], 200];
});

function answer(method, url, body) {
  if (url.pathname === "/user") return { id: bot.id };
  if (method === "GET") {
    const page = Number(url.searchParams.get("page"));
    return comments.slice((page - 1) * 100, page * 100);
  }
  const text = JSON.parse(body).body;
  if (method === "POST") comments.push({ id: comments.length + 1, body: text, user: bot, author: bot });
  else comments.find(({ id }) => url.pathname.endsWith(`/${id}`)).body = text;
  return {};
}

async function run(host, text, more = {}) {
  const file = join(folder, "comment.md");
  writeFileSync(file, text);
  const base = `http://127.0.0.1:${server.address().port}`;
  const settings = {
    github: { GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: join(folder, "event.json"), GITHUB_REPOSITORY: "a/b", GITHUB_API_URL: base, GITHUB_TOKEN: "secret" },
    gitlab: { CI_API_V4_URL: base, CI_PROJECT_ID: "5", CI_MERGE_REQUEST_IID: "3", POINTSMAN_GITLAB_TOKEN: "secret" },
  };
  const env = { PATH: process.env.PATH, ...settings[host], ...more };
  const { stdout } = await promisify(execFile)(process.execPath, [script, file], { env });
  assert.ok(!stdout.includes("secret"), stdout);
  return stdout;
}

const failed = "### Pointsman\n\n**Failed: 2 new findings**\n";
const passed = "### Pointsman\n\n**Passed: 0 new findings, 3 known**\n";

for (const host of ["github", "gitlab"]) {
  test(`${host}: one comment, which follows the result`, async () => {
    assert.match(await run(host, passed), /nothing is new/);
    assert.equal(comments.length, 0);
    assert.match(await run(host, failed), /was written/);
    assert.match(await run(host, failed), /up to date/);
    assert.match(await run(host, passed), /was updated/);
    assert.deepEqual(comments.map(({ body }) => body), [`${mark}\n${passed}`]);
    const token = host === "github" ? "Bearer secret" : "secret";
    assert.ok(requests.every((one) => one.token === token));
  });

  test(`${host}: the mark in somebody else's comment changes nothing`, async () => {
    const stranger = { login: "stranger", id: 8 };
    comments.push({ id: 1, body: `${mark}\nmine`, user: stranger, author: stranger });
    assert.match(await run(host, failed), /was written/);
    assert.deepEqual(comments.map(({ body }) => body), [`${mark}\nmine`, `${mark}\n${failed}`]);
  });

  test(`${host}: the comment is found among many`, async () => {
    for (let id = 1; id <= 250; id += 1) comments.push({ id, body: "talk", user: bot, author: bot });
    comments[240].body = `${mark}\nold`;
    assert.match(await run(host, failed), /was updated/);
    assert.equal(comments[240].body, `${mark}\n${failed}`);
  });

  test(`${host}: a token that may not write ends no job`, async () => {
    status = 403;
    assert.match(await run(host, failed), /could not be written: .*403/);
  });
}

test("without a pull request or a token nothing is asked", async () => {
  assert.match(await run("github", failed, { GITHUB_TOKEN: "" }), /no comment is written/);
  assert.match(await run("gitlab", failed, { CI_MERGE_REQUEST_IID: "" }), /no comment is written/);
  assert.deepEqual(requests, []);
});
