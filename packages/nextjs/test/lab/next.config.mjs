// The harness says which Next.js builds it: LAB_NEXT is the major version.
const major = process.env.LAB_NEXT

/** @type {import('next').NextConfig} */
const config = {
  typescript: { ignoreBuildErrors: true },
  ...(process.env.LAB_STANDALONE ? { output: 'standalone' } : {}),
  ...(major === '16' ? {} : { eslint: { ignoreDuringBuilds: true } }),
  ...(major === '14' ? { experimental: { instrumentationHook: true } } : {}),
}

export default config
