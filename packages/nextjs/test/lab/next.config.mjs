// The harness says which Next.js builds it: LAB_NEXT is the major version.
const major = process.env.LAB_NEXT

/** @type {import('next').NextConfig} */
const config = {
  typescript: { ignoreBuildErrors: true },
  ...(process.env.LAB_STANDALONE ? { output: 'standalone' } : {}),
  ...(major === '16' ? {} : { eslint: { ignoreDuringBuilds: true } }),
  ...(major === '14' ? { experimental: { instrumentationHook: true } } : {}),
  ...(process.env.LAB_USE_CACHE ? { experimental: { useCache: true } } : {}),
}

const sentry = process.env.LAB_SENTRY ? await import('@sentry/nextjs/config') : undefined

export default sentry ? sentry.withSentryConfig(config, { silent: true, telemetry: false, sourcemaps: { disable: true } }) : config
