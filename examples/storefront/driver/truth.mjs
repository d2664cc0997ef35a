// What really happened in a run: calls per handler by caller class and outcome, interactions, failures, and the log of
// requests (request-log.mjs). What Pointsman says is compared with this. Counts only; whoever acts decides what to write
// down.
export class Truth {
  constructor(plan, log) {
    this.plan = plan;
    this.log = log;
    this.startedAt = new Date();
    this.calls = {};
    this.pageLoads = {};
    this.interactions = {};
    this.failures = [];
    this.leftOut = [];
    this.secrets = new Map();
    // How late the app and the doors were in noticing things (lateness.mjs); null where nobody watched.
    this.lateness = { app: null, doors: null };
  }

  /** Caller: own_ui, server, cross_origin, external, bot. Outcome: the status, or "aborted". */
  call(handler, caller, outcome) {
    const byOutcome = ((this.calls[handler] ??= {})[caller] ??= {});
    byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
  }

  /** How a page was asked for: document, rsc (navigation or refresh), prefetch. */
  pageLoad(route, how) {
    const byKind = (this.pageLoads[route] ??= {});
    byKind[how] = (byKind[how] ?? 0) + 1;
  }

  interaction(name, size = 1) {
    const entry = (this.interactions[name] ??= { times: 0, calls: 0 });
    entry.times += 1;
    entry.calls += size;
  }

  failure(who, what, error) {
    this.failures.push(`${who}, ${what}: ${String(error?.message ?? error).split("\n")[0]}`);
  }

  /** A value that went over the wire and must be found nowhere afterwards. Not written into the file of the truth. */
  secret(what, value) {
    this.secrets.set(value, what);
  }

  callsOf(handler) {
    return Object.values(this.calls[handler] ?? {}).flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0);
  }

  requests() {
    return Object.keys(this.calls).reduce((sum, handler) => sum + this.callsOf(handler), 0);
  }

  toJSON() {
    const endedAt = new Date();
    return {
      schema: "storefront.truth/v1",
      ...this.plan,
      started_at: this.startedAt.toISOString(),
      ended_at: endedAt.toISOString(),
      seconds: Math.round((endedAt - this.startedAt) / 100) / 10,
      calls: sorted(this.calls),
      page_loads: sorted(this.pageLoads),
      interactions: sorted(this.interactions),
      left_out: this.leftOut,
      failures: this.failures,
      lateness: this.lateness,
      log: this.log,
    };
  }
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
