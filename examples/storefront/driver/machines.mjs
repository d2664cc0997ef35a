// Clients without a browser: mobile apps, the payment provider, a probe, scripts, a crawler, a scanner. Each sends what
// its like sends in the world, at its own pace, and says which statuses it expects.
import { createHmac } from "node:crypto";
import { chanceOf, pause } from "./chance.mjs";
import { handlerOf } from "./handlers.mjs";
import { send } from "./http-client.mjs";

const webhookSecret = process.env.STRIPE_WEBHOOK_SECRET ?? "whsec_storefront_example";
const json = { "content-type": "application/json" };

/** Behind a carrier's proxy that passes on the phone's address (of a range for documentation). */
function phone(number) {
  const [token, address] = [`tok_5e1f0c77_phone_${number}`, `203.0.113.${70 + number}`];
  const headers = { "user-agent": "okhttp/4.12.0", authorization: `Bearer ${token}`, "x-forwarded-for": address, accept: "application/json" };
  const look = { path: "/api/products", headers, expect: [200] };
  const buy = {
    method: "POST", path: "/api/orders", headers: { ...headers, ...json }, expect: [200],
    body: JSON.stringify({ items: ["station-mug", "oak-lamp"] }),
  };
  return {
    name: `phone-${number}`, caller: "external", everyMs: [900, 3_200],
    requests: Array.from({ length: 20 }, (_, turn) => (turn % 5 === 4 ? buy : look)),
    secrets: { "a bearer token": token, "an address": address },
  };
}

function payment(number, signedRightly) {
  return () => {
    const body = JSON.stringify({ id: `evt_${number}`, type: "payment_intent.succeeded", data: { object: { amount: 1900 + number } } });
    const time = Math.floor(Date.now() / 1000);
    const signature = createHmac("sha256", signedRightly ? webhookSecret : "a guess").update(`${time}.${body}`).digest("hex");
    return {
      method: "POST", path: "/api/webhooks/stripe", body, expect: [signedRightly ? 200 : 400],
      secrets: { "a signature": signature },
      headers: { ...json, "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)", "stripe-signature": `t=${time},v1=${signature}` },
    };
  };
}

const paymentProvider = {
  name: "payment-provider", caller: "external", everyMs: [300, 1_700],
  requests: Array.from({ length: 40 }, (_, number) => payment(number, number % 20 !== 19)),
};

const probe = {
  name: "kube-probe", caller: "bot", everyMs: [1_000, 1_000],
  requests: Array.from({ length: 40 }, () => ({ path: "/api/health", headers: { "user-agent": "kube-probe/1.30" }, expect: [200] })),
};

const script = {
  name: "curl", caller: "external", everyMs: [3_000, 6_000],
  requests: Array.from({ length: 6 }, () => ({ path: "/api/products?category=mugs", headers: { "user-agent": "curl/8.5.0", accept: "*/*" }, expect: [200] })),
};

const crawlerAgent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const crawler = {
  name: "crawler", caller: "bot", everyMs: [1_500, 3_500],
  requests: ["/", "/products", "/product/oak-lamp", "/product/ink-mug", "/catalog", "/newsletter", "/contact", "/search"].map((path) => ({
    path, headers: { "user-agent": crawlerAgent, accept: "text/html" }, expect: [200],
  })),
};

const scanner = {
  name: "scanner", caller: "bot", everyMs: [400, 900],
  requests: ["/wp-login.php", "/.env", "/admin/config.php", "/.git/config", "/api/v1/users", "/phpmyadmin/index.php"].map((path) => ({
    path, headers: { "user-agent": "Mozilla/5.0 zgrab/0.x", accept: "*/*" }, expect: [404],
  })),
};

const machines = [phone(1), phone(2), phone(3), paymentProvider, probe, script, crawler, scanner];

export async function playMachines({ doors, seed, actionNames, truth }) {
  await Promise.all(machines.map((machine) => playMachine(machine, { door: doors[machine.caller], luck: chanceOf(seed, machine.name), actionNames, truth })));
}

async function playMachine({ name, caller, everyMs, requests, secrets: own = {} }, { door, luck, actionNames, truth }) {
  for (const planned of requests) {
    const { path, expect, secrets = own, ...request } = typeof planned === "function" ? planned() : planned;
    const [pathOnly] = path.split("?");
    for (const [what, value] of Object.entries(secrets)) truth.secret(what, value);
    try {
      const { status } = await send(door + path, request);
      const handler = status === 404 ? "unmatched" : handlerOf({ method: request.method ?? "GET", path: pathOnly }, actionNames);
      truth.call(handler, caller, status);
      if (!expect.includes(status)) throw new Error(`${path} answered ${status}, expected ${expect.join(" or ")}`);
    } catch (error) {
      truth.failure(name, path, error);
    }
    await pause(luck.between(...everyMs));
  }
}
