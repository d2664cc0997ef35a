// What a user can set, with the reason of each default. Reading the environment for secrets is in secret.ts.

export interface ObserveOptions {
  /**
   * Names of the cookies that tell one browser from another, tried before the well-known ones
   * (`sid`, `session`, `connect.sid`, those of Auth.js, better-auth, Supabase, Clerk, Auth0, iron-session and others).
   * Only a keyed hash of the value leaves the process. Default: none beyond the well-known names.
   */
  sessionCookies?: readonly string[]
  /**
   * Whether `x-forwarded-for` and `x-forwarded-proto` are believed. `true` takes the first address of the list, a number
   * says how many proxies of yours stand in front (1 takes the last address). Default `false`: anyone can send the header.
   */
  trustProxy?: boolean | number
  /** Send `client.address` as it is. Default `false`: an address is personal data, and the client key is enough. */
  clientAddress?: boolean
  /** Bodies above this many bytes are counted and not hashed. Default 262144 (256 KiB): about 0.2 ms of CPU at most. */
  maxHashedBytes?: number
  /** Names of query parameters to report besides the built-in ones (`code`, `state`, `token`, ...); never their values. */
  queryNames?: readonly string[]
  /** Paths, by prefix, that are not observed at all: neither a span nor counted. Default: only Next.js's own assets. */
  ignorePaths?: readonly string[]
  /** Mark a fetch of the app to itself, so that the called request is seen as the app's own; other hosts never get the mark. Default `true`. */
  propagateToSelf?: boolean
  /**
   * Whether a request that brings a trace context (`traceparent`) continues that trace. `true`: always; a list of addresses
   * and networks (`['10.0.0.0/8']`): when it comes from one of these. Default `false`: it gets a trace of its own with a link
   * to the remote span, since anyone can send the header. One that is not sampled is never continued.
   */
  trustTraceparent?: boolean | readonly string[]
  /** Send the name of GraphQL operations, from JSON bodies. Default `false`: names are chosen by clients. */
  graphqlOperationNames?: boolean
  /** Spans held at once, running or waiting for Next.js's own spans; requests above it get none and are counted. Default 5000. */
  maxOpenSpans?: number
  /** How long a span waits after its response for the spans of Next.js below it, in ms. Its end time stays true. Default 250. */
  settleMs?: number
  /** The build directory, when `distDir` of next.config has an unusual place. Default: `.next`, else found below the working directory. */
  distDir?: string
}

export interface Settings {
  sessionCookies: ReadonlySet<string>
  trustProxy: boolean | number
  clientAddress: boolean
  maxHashedBytes: number
  queryNames: ReadonlySet<string>
  ignorePaths: readonly string[]
  propagateToSelf: boolean
  trustTraceparent: boolean | readonly string[]
  graphqlOperationNames: boolean
  maxOpenSpans: number
  settleMs: number
  distDir: string | undefined
}

export function settle(options: ObserveOptions = {}): Settings {
  return {
    sessionCookies: new Set(options.sessionCookies ?? []),
    trustProxy: options.trustProxy ?? false,
    clientAddress: options.clientAddress ?? false,
    maxHashedBytes: atLeast(0, options.maxHashedBytes, 256 * 1024),
    queryNames: new Set(options.queryNames ?? []),
    ignorePaths: options.ignorePaths ?? [],
    propagateToSelf: options.propagateToSelf ?? true,
    trustTraceparent: options.trustTraceparent ?? false,
    graphqlOperationNames: options.graphqlOperationNames ?? false,
    maxOpenSpans: atLeast(1, options.maxOpenSpans, 5000),
    settleMs: atLeast(0, options.settleMs, 250),
    distDir: options.distDir,
  }
}

function atLeast(least: number, given: number | undefined, fallback: number): number {
  return given !== undefined && Number.isFinite(given) ? Math.max(least, given) : fallback
}
