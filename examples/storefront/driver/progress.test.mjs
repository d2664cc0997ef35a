// The line that moves and the lines that stay, and what the demo says about verdicts that differ.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openProgress } from "./progress.mjs";
import { verdictNotes } from "./verdict-notes.mjs";

/** A stream that keeps what is written, and a clock that stands still until it is moved. */
function fake({ isTTY, columns }) {
  const written = [];
  const time = { now: 0 };
  const out = { isTTY, columns, write: (text) => written.push(text) };
  return { progress: openProgress({ out, clock: () => time.now }), time, text: () => written.join("") };
}

/** What a terminal shows in the end: the cursor's line is erased and written over. */
function screen(text) {
  return text.split("\n").map((line) => line.split("\r\x1b[K").at(-1)).join("\n");
}

test("in a terminal one line moves below the lines that stay", () => {
  const { progress, time, text } = fake({ isTTY: true, columns: 30 });
  progress.move("driving: 1");
  time.now += 1_000;
  progress.move("driving: 2");
  progress.say("a line that stays");
  assert.equal(screen(text()), "a line that stays\ndriving: 2");
  progress.settle();
  progress.say("done");
  assert.equal(screen(text()), "a line that stays\ndone\n");
});

test("a moving line never wraps", () => {
  const { progress, text } = fake({ isTTY: true, columns: 12 });
  progress.move("driving: 100 of 300 visits");
  assert.equal(screen(text()), "driving: 1…");
});

test("in a file the moving line is written every ten seconds, without control characters", () => {
  const { progress, time, text } = fake({ isTTY: false });
  for (let second = 0; second < 25; second += 1, time.now += 1_000) progress.move(`driving: ${second}`);
  progress.settle();
  progress.say("done");
  assert.equal(text(), "driving: 0\ndriving: 10\ndriving: 20\ndone\n");
});

const run = ({ seconds = 110, failures = [], leftOut = [] } = {}) => ({ failures, leftOut, toJSON: () => ({ seconds }) });
const text = "40 of 44 verdicts are as expected.json has them";

test("verdicts as expected need no explanation", () => {
  assert.equal(verdictNotes({ isRight: true, open: 0, text }, run({ seconds: 500 })).length, 1);
});

test("verdicts that differ are explained by what is known of the run", () => {
  const notes = verdictNotes({ isRight: false, open: 3, text }, run({ seconds: 400, failures: ["x"], leftOut: ["y"] })).join("\n");
  for (const part of [text, "3 of them are left open", "This machine was busy: the traffic took 400 s", "1 step of the people", "left out (above)"]) {
    assert.ok(notes.includes(part), `${part}: ${notes}`);
  }
});

test("where nothing explains a difference, it is said", () => {
  const notes = verdictNotes({ isRight: false, open: 0, text }, run());
  assert.match(notes[1], /^Nothing about this run explains that/);
});
