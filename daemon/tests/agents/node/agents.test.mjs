// The official clients of the Model Context Protocol, one of each protocol, over standard input and output and over HTTP: what
// an agent does from its first question to the decision. What single answers say is tested in Rust.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from "@modelcontextprotocol/client";
import { StdioClientTransport as NewStdio } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { binary, env, openForAgents } from "./shop.mjs";

const TOKEN = "a-token-of-agents-0123456789";
const info = { name: "agents-test", version: "1.0.0" };
const bearer = { requestInit: { headers: { authorization: `Bearer ${TOKEN}` } } };

let shop;

before(async () => {
  shop = await openForAgents(TOKEN);
});

after(async () => {
  await shop?.stop();
});

const local = () => ["mcp", "--db", shop.db, "--config", shop.config, "--until", "last"];
const remote = () => ["mcp", "--url", shop.url];
const withToken = { ...env, POINTSMAN_MCP_TOKEN: TOKEN };

/** Each way to connect, by its name. */
const ways = {
  "2025-11-25 over HTTP": () => connect(new OldClient(info), new OldHttp(new URL("/mcp", shop.url), bearer)),
  "2026-07-28 over HTTP": () => connect(newest(), new NewHttp(new URL("/mcp", shop.url), bearer)),
  "2025-11-25 over stdio on a database": () => connect(new OldClient(info), new OldStdio({ command: binary, args: local(), env })),
  "2026-07-28 over stdio on a database": () => connect(newest(), new NewStdio({ command: binary, args: local(), env })),
  "2025-11-25 over stdio to a daemon": () => connect(new OldClient(info), new OldStdio({ command: binary, args: remote(), env: withToken })),
  "2026-07-28 over stdio to a daemon": () => connect(newest(), new NewStdio({ command: binary, args: remote(), env: withToken })),
};

const newest = () => new NewClient(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });

async function connect(client, transport) {
  await client.connect(transport);
  return client;
}

/** Calls a tool; the client has checked what is structured against the tool's schema. */
async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  const text = result.content[0].text;
  assert.ok(!result.isError, `${name}: ${text}`);
  assert.ok(Buffer.byteLength(text) <= (args.full ? 32 : 4) * 1024, `${name}: ${text.length}`);
  assert.equal(typeof (result.structuredContent.left_out ?? {}), "object", name);
  return { text, data: result.structuredContent };
}

for (const [way, open] of Object.entries(ways)) {
  test(`an agent finds its way: ${way}`, async () => {
    const client = await open();
    try {
      assert.match(client.getInstructions(), /list_changes/);
      const { tools } = await client.listTools();
      const names = ["list_changes", "explain_handler", "get_plan", "get_examples", "why_not", "what_is_missing"];
      const decides = way.endsWith("a database") ? [] : ["decide"];
      assert.deepEqual(tools.map((tool) => tool.name), [...names, ...decides]);
      assert.ok(tools.every((tool) => tool.annotations.readOnlyHint === (tool.name !== "decide")));

      const { text, data } = await call(client, "list_changes");
      const change = data.changes[0];
      assert.ok(text.includes(change.id) && change.state === "proposed", text);
      const plan = await call(client, "get_plan", { change: change.id });
      assert.ok(plan.text.indexOf("## Steps") > plan.text.indexOf("lockers"), plan.text);
      assert.equal(plan.data.id, change.id);
      assert.ok(plan.data.steps.length > 1 && plan.data.draft.why_none, plan.text);
      const handler = plan.data.handlers[0].id;
      const explained = await call(client, "explain_handler", { handler });
      assert.equal(explained.data.change, change.id);
      const examples = await call(client, "get_examples", { of: change.id });
      assert.ok(examples.data.examples.length + examples.data.traces.length > 0, examples.text);
      const kept = await call(client, "why_not", { handler: "GET /api/catalog", full: true });
      assert.ok(kept.data.verdict === "keep" && kept.data.reason, kept.text);
      await call(client, "what_is_missing");

      const wrong = await client.callTool({ name: "explain_handler", arguments: { handler: "/api/catalgo" } });
      assert.ok(wrong.isError && wrong.content[0].text.includes("GET /api/catalog"), JSON.stringify(wrong));

      const { resources } = await client.listResources();
      assert.deepEqual(resources.map(({ name }) => name), ["report", "rules", "handlers"]);
      for (const uri of [...resources.map((one) => one.uri), "pointsman://rules/mutate-then-refresh", `pointsman://handlers/${handler}`]) {
        const { contents } = await client.readResource({ uri });
        assert.ok(contents[0].mimeType === "text/markdown" && contents[0].text.length > 100, uri);
      }
      await assert.rejects(client.readResource({ uri: "pointsman://nothing" }), /no resource/);
      const { prompts } = await client.listPrompts();
      const prompt = await client.getPrompt({ name: prompts[0].name, arguments: { change: change.id } });
      assert.match(prompt.messages[0].content.text, new RegExp(`Make this change[^]*${change.id}`));
    } finally {
      await client.close();
    }
  });
}

test("an agent takes a change from the list to the decision, and it stands", async () => {
  const client = await ways["2026-07-28 over HTTP"]();
  const { data } = await call(client, "list_changes");
  const change = data.changes.at(-1);
  await call(client, "get_plan", { change: change.id });
  const decided = await call(client, "decide", { change: change.id, decision: "accept" });
  assert.equal(decided.data.state, "accepted");
  await client.close();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const api = await (await fetch(new URL(`/api/v1/changes/${change.id}`, shop.url), { headers })).json();
  assert.equal(api.state, "accepted");
  const page = await (await fetch(new URL(`/changes/${change.id}`, shop.url), { headers })).text();
  assert.match(page, /accepted/i);
  const old = await ways["2025-11-25 over stdio to a daemon"]();
  const again = await call(old, "list_changes");
  assert.equal(again.data.changes.find((one) => one.id === change.id).state, "accepted");
  const bad = await old.callTool({ name: "decide", arguments: { change: change.id, decision: "dismiss" } });
  assert.ok(bad.isError && /say why/.test(bad.content[0].text), JSON.stringify(bad));
  await old.close();
});

test("on a database decisions are off unless a flag allows them", async () => {
  const refusing = await ways["2025-11-25 over stdio on a database"]();
  const { data } = await call(refusing, "list_changes");
  const change = data.changes[0].id;
  const refused = await refusing.callTool({ name: "decide", arguments: { change, decision: "accept" } });
  assert.ok(refused.isError && /allow_decisions/.test(refused.content[0].text), JSON.stringify(refused));
  await refusing.close();
  const allowing = await connect(newest(), new NewStdio({ command: binary, args: [...local(), "--allow-decisions"], env }));
  const reason = "done elsewhere";
  const decided = await call(allowing, "decide", { change, decision: "dismiss", reason });
  assert.equal(decided.data.state, "dismissed");
  const listed = await call(allowing, "list_changes", { all: true });
  assert.equal(listed.data.changes.find((one) => one.id === change).state, "dismissed");
  await allowing.close();
});

test("without a token there is no answer, and what is said helps", async () => {
  const guess = { requestInit: { headers: { authorization: "Bearer a-token-that-was-guessed" } } };
  for (const options of [{}, guess]) {
    await assert.rejects(connect(new OldClient(info), new OldHttp(new URL("/mcp", shop.url), options)), /token|401|HTTP 404/i);
  }
  await assert.rejects(connect(new OldClient(info), new OldStdio({ command: binary, args: remote(), env })), /POINTSMAN_MCP_TOKEN/);
  const nowhere = ["mcp", "--url", "http://127.0.0.1:1"];
  await assert.rejects(connect(new OldClient(info), new OldStdio({ command: binary, args: nowhere, env })), /does not answer/);
});
