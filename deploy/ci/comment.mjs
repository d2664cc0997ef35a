// Keeps one comment on a pull request (GitHub) or merge request (GitLab) up to date: `node comment.mjs FILE`. It knows its
// comment by a mark and by its author. It is advisory: what goes wrong is printed, and the job goes on.
import { readFileSync } from "node:fs";

const mark = "<!-- pointsman-check -->";
const perPage = 100;
const mostPages = 30;
const { env } = process;

/** Where comments are listed and written, and how this one's author is known. */
function github() {
  const event = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, "utf8"));
  const number = event.pull_request?.number;
  if (!number || !env.GITHUB_TOKEN) return undefined;
  const base = `${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}`;
  const author = env.COMMENT_AUTHOR ?? "github-actions[bot]";
  return {
    list: `${base}/issues/${number}/comments`,
    update: (id) => [`${base}/issues/comments/${id}`, "PATCH"],
    headers: { authorization: `Bearer ${env.GITHUB_TOKEN}`, accept: "application/vnd.github+json" },
    isOwn: async () => (comment) => comment.user?.login === author,
  };
}

function gitlab() {
  const token = env.POINTSMAN_GITLAB_TOKEN;
  const request = env.CI_MERGE_REQUEST_IID;
  if (!request || !token) return undefined;
  const list = `${env.CI_API_V4_URL}/projects/${env.CI_PROJECT_ID}/merge_requests/${request}/notes`;
  const headers = { "private-token": token };
  return {
    list,
    update: (id) => [`${list}/${id}`, "PUT"],
    headers,
    isOwn: async () => {
      const { id } = await ask(`${env.CI_API_V4_URL}/user`, { headers });
      return (note) => note.author?.id === id;
    },
  };
}

async function ask(url, options) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${options.method ?? "GET"} ${new URL(url).pathname} was answered ${answer.status}`);
  return answer.json();
}

async function ownComment(place) {
  const isOwn = await place.isOwn();
  for (let page = 1; page <= mostPages; page += 1) {
    const comments = await ask(`${place.list}?per_page=${perPage}&page=${page}`, { headers: place.headers });
    const own = comments.find((one) => one.body?.startsWith(mark) && isOwn(one));
    if (own || comments.length < perPage) return own;
  }
  return undefined;
}

async function main() {
  const place = env.GITHUB_ACTIONS ? github() : gitlab();
  if (!place) return console.log("pointsman: no comment is written: this is no pull request, or there is no token");
  const text = readFileSync(process.argv[2], "utf8");
  const body = `${mark}\n${text}`;
  const own = await ownComment(place);
  if (own?.body === body) return console.log("pointsman: the comment is up to date");
  // Nobody needs to be told that nothing is new, unless something was before.
  if (!own && text.includes("**Passed: 0 new findings")) return console.log("pointsman: nothing is new, so no comment is written");
  const [url, method] = own ? place.update(own.id) : [place.list, "POST"];
  const headers = { ...place.headers, "content-type": "application/json" };
  await ask(url, { method, headers, body: JSON.stringify({ body }) });
  console.log(`pointsman: the comment was ${own ? "updated" : "written"}`);
}

try {
  await main();
} catch (error) {
  // A pull request from a fork has a token that may only read.
  console.log(`pointsman: the comment could not be written: ${error.message}`);
}
