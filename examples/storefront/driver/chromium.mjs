// Finds a Chromium on this machine, and where the machine allows, installs one. What pages it opens: browser.mjs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

// The headless shell first: without the windows of a whole browser the same run costs half the CPU.
const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const packages = ["chromium-headless-shell", "chromium"];

/** The path of a Chromium that starts; null when there is none. */
export function findChromium() {
  const chosen = process.env.CHROMIUM;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM names ${chosen}, which does not exist; unset it or name a Chromium`);
  }
  return names.map((name) => `/usr/bin/${name}`).find((path) => existsSync(path) && starts(path)) ?? null;
}

/** Ubuntu's package `chromium` may be a stub that only says where the real one is. */
function starts(path) {
  return spawnSync(path, ["--version"], { timeout: 20_000, stdio: "ignore" }).status === 0;
}

/**
 * As findChromium; when there is none, tries to install one with apt, which needs root or a sudo without password.
 * CHROMIUM=off wants none.
 */
export function findOrInstallChromium(say) {
  if (process.env.CHROMIUM === "off") return null;
  const found = findChromium();
  if (found) return found;
  const apt = aptGet();
  if (!apt) {
    say("There is no Chromium, and it cannot be installed from here (that needs apt-get, and root or a sudo without password).");
    return null;
  }
  say("There is no Chromium: installing one with apt-get.");
  apt("update");
  for (const name of packages) {
    if (apt("install", "-y", "--no-install-recommends", name) && findChromium()) return findChromium();
  }
  say("apt-get could not install a Chromium that starts.");
  return null;
}

function aptGet() {
  if (!existsSync("/usr/bin/apt-get")) return null;
  const isRoot = process.getuid() === 0;
  if (!isRoot && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) return null;
  const [command, ...before] = isRoot ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return (...args) => spawnSync(command, [...before, "-qq", ...args], { env, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
