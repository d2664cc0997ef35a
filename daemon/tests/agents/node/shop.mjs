// A daemon that has judged the example app and answers agents who show a token.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, replay, serve, shopConfig } from "../../pages/shop.mjs";

export { binary, env } from "../../pages/shop.mjs";

/** Replays the recording into a database of its own and serves it. */
export async function openForAgents(token) {
  const folder = mkdtempSync(join(tmpdir(), "pointsman-agents-"));
  const db = join(folder, "pointsman.db");
  const tokens = join(folder, "tokens");
  writeFileSync(tokens, `agents ${token}\n`);
  const config = join(folder, "pointsman.toml");
  writeFileSync(config, readFileSync(shopConfig, "utf8"));
  const served = join(folder, "served.toml");
  writeFileSync(served, `${readFileSync(shopConfig, "utf8")}\n[pages]\ntokens_file = ${JSON.stringify(tokens)}\n[mcp]\nallow_decisions = true\n`);
  await replay(db, 1);
  const daemon = await serve(folder, db, served);
  const stop = async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...daemon, stop, db, config };
}
