// Sentry in its default set-up: it registers a provider of its own. The tests put an empty function here where it is not installed.
import * as Sentry from '@sentry/nextjs'

export function start() {
  Sentry.init({ dsn: process.env.LAB_SENTRY_DSN, tracesSampleRate: 1 })
}
