// The parts of the driver that can be checked without a browser: chance, plans, names of handlers, comparisons, the
// protobuf reader.
import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "./agreement.mjs";
import { chanceOf } from "./chance.mjs";
import { handlerOf } from "./handlers.mjs";
import { found } from "./kept.mjs";
import { traceRequestFromProtobuf } from "./otlp.mjs";
import { spread } from "./people.mjs";

test("the same seed plays the same, another one differently", () => {
  const play = (seed, who) => chanceOf(seed, who).shuffled([..."abcdefghijkl"]).join("");
  assert.equal(play(1, "person-1"), play(1, "person-1"));
  assert.notEqual(play(1, "person-1"), play(2, "person-1"));
  assert.notEqual(play(1, "person-1"), play(1, "person-2"));
});

test("nobody makes the same visit twice in a row, and none is lost", () => {
  assert.deepEqual(spread([..."aaabbcd"]), [..."abcabda"]);
  assert.deepEqual(spread([..."aab"]), [..."aba"]);
});

test("a report is compared exactly, its rules in any order", () => {
  const row = { kind: "page", route: "/", verdict: "keep", blockers: ["a", "b"], improvements: [] };
  assert.deepEqual(differences(row, { ...row, blockers: ["b", "a"] }), []);
  assert.deepEqual(differences(row, { ...row, improvements: ["c"] }), ["improvements: expected none, reported c"]);
  assert.deepEqual(differences(row, undefined), ["it is not in the report"]);
});

test("secrets are found in bytes, and not repeated", () => {
  const secrets = new Map([["a1b2c3", "a token"]]);
  assert.deepEqual(found(secrets, [["a file", Buffer.from("x\0a1b2c3")], ["another", Buffer.from("a1b2")]]), ["a token in a file"]);
});

test("requests are told apart by their handler", () => {
  const names = new Map([["40ab", "actions/addReview.ts#addReview"]]);
  const handler = (method, path, actionId) => handlerOf({ method, path, actionId }, names);
  assert.equal(handler("GET", "/product/oak-lamp"), "page /product/[id]");
  assert.equal(handler("POST", "/product/oak-lamp", "40ab"), "actions/addReview.ts#addReview");
  assert.equal(handler("POST", "/newsletter"), "actions/subscribe.ts#subscribe");
  assert.equal(handler("GET", "/api/returns/R-100"), "GET /api/returns/[id]");
});

test("a protobuf trace request becomes OTLP/JSON", () => {
  const field = (number, content) => Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
  const attribute = field(9, Buffer.concat([field(1, Buffer.from("size")), field(2, Buffer.from([0x18, 0xac, 0x02]))]));
  const span = field(2, Buffer.concat([field(1, Buffer.alloc(16, 0xab)), field(5, Buffer.from("GET /")), Buffer.from([0x30, 2]), attribute]));
  assert.deepEqual(traceRequestFromProtobuf(field(1, field(2, span))), {
    resourceSpans: [{
      scopeSpans: [{ spans: [{ traceId: "ab".repeat(16), name: "GET /", kind: 2, attributes: [{ key: "size", value: { intValue: "300" } }] }] }],
    }],
  });
  assert.throws(() => traceRequestFromProtobuf(Buffer.from([0x0a, 0x7f, 1])), /ends inside a field/);
});
