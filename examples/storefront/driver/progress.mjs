// What a run says to people: whole lines, and below them one line that moves. In a file or a pipe nothing can move, so
// there the moving line is written as a whole line now and then.

const inFilesEvery = 10_000;
const inTerminalsEvery = 500;

/** `clock` is for tests. */
export function openProgress({ out = process.stdout, clock = Date.now } = {}) {
  let moving = "";
  let movedAt = -Infinity;
  const show = (text) => out.write(text === "" ? "\r\x1b[K" : `\r\x1b[K${fitted(text, out.columns)}`);
  return {
    say(text) {
      if (!out.isTTY) return void out.write(`${text}\n`);
      out.write(`${moving === "" ? "" : "\r\x1b[K"}${text}\n`);
      if (moving !== "") show(moving);
    },
    move(text) {
      if (clock() - movedAt < (out.isTTY ? inTerminalsEvery : inFilesEvery)) return;
      movedAt = clock();
      moving = text;
      if (out.isTTY) show(text);
      else out.write(`${text}\n`);
    },
    /** The moving line has served its purpose; the next one appears at once. */
    settle() {
      if (out.isTTY && moving !== "") show("");
      moving = "";
      movedAt = -Infinity;
    },
  };
}

/** A longer line would wrap, and then it could not be overwritten. */
function fitted(text, columns = 80) {
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}
