// The headers that are reported with their value, and those that only tell of a credential. Nothing here reads a request.

const attributes = (kind: 'request' | 'response', names: readonly string[]): ReadonlyArray<readonly [string, string]> =>
  names.map((name) => [name, `http.${kind}.header.${name}`] as const)

/** Header name and attribute name; `referer` and `if-none-match` are cut down, so they are not in this list. */
export const REQUEST_HEADERS = attributes('request', [
  'host',
  'content-type',
  'origin',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'next-action',
  'rsc',
  'next-router-prefetch',
  'next-router-segment-prefetch',
  'sec-purpose',
  'purpose',
  'service-worker',
  'x-action-forwarded',
  'x-forwarded-host',
  'access-control-request-method',
  'range',
])

/** `location` and `x-action-redirect` lose their query, so they are not in this list. */
export const RESPONSE_HEADERS = attributes('response', [
  'content-type',
  'content-disposition',
  'cache-control',
  'x-nextjs-cache',
  'etag',
  'x-action-revalidated',
  'x-nextjs-action-not-found',
  'access-control-allow-origin',
  'retry-after',
])

export const API_KEY_HEADERS: readonly string[] = ['x-api-key', 'api-key', 'apikey', 'x-api-token', 'x-auth-token', 'x-access-token']

/** Webhook senders sign with these. */
export const SIGNATURE_HEADERS: readonly string[] = [
  'stripe-signature',
  'svix-signature',
  'svix-id',
  'webhook-signature',
  'x-hub-signature-256',
  'x-slack-signature',
  'x-shopify-hmac-sha256',
  'x-twilio-signature',
  'paypal-transmission-sig',
  'upstash-signature',
  'linear-signature',
]

/** Names of query parameters that mark a link from outside: sign-in, magic link, checkout return, unsubscribe, preview. */
export const QUERY_NAMES: ReadonlySet<string> = new Set([
  'code',
  'state',
  'token',
  'session_id',
  'token_hash',
  'id_token',
  'access_token',
  'oauth_token',
  'oauth_verifier',
  'otp',
  'ticket',
  'payment_intent',
  'redirect_status',
  'setup_intent',
  'unsubscribe',
  'callbackUrl',
  'SAMLResponse',
  'hub.challenge',
  'hub.mode',
])
