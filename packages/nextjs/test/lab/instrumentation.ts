// The two lines of each variant, chosen at run time so that one build serves all tests.
import { registerOTel } from '@vercel/otel'
import { observeNext } from '@pointsman/nextjs'
import { register as pointsman } from '@pointsman/nextjs/register'

export async function register() {
  const variant = process.env.LAB_OTEL
  const options = JSON.parse(process.env.LAB_OPTIONS ?? '{}')
  if (variant === 'none') return
  if (variant === 'bare') return observeNext(options)
  if (variant === 'register') return pointsman(options)
  if (variant?.startsWith('beside-')) return beside(variant, options)
  if (variant === 'nodesdk') {
    if (process.env.NEXT_RUNTIME === 'nodejs') (await import('./otel/nodesdk')).start()
  } else if (variant === 'vercel-fetch') {
    registerOTel({ serviceName: 'lab' })
  } else {
    registerOTel({ serviceName: 'lab', instrumentations: [] })
  }
  if (process.env.LAB_FAULT && process.env.NEXT_RUNTIME === 'nodejs') (await import('./otel/faults')).inject(process.env.LAB_FAULT)
  if (variant !== 'plain') observeNext(options)
}

/** Another provider in the same app: before the package, or after it. */
async function beside(variant: string, options: object) {
  const first = variant.endsWith('-first')
  if (first) await pointsman(options)
  if (variant.startsWith('beside-vercel')) registerOTel({ serviceName: 'other' })
  else if (process.env.NEXT_RUNTIME === 'nodejs') {
    if (variant.startsWith('beside-nodesdk')) (await import('./otel/nodesdk')).start()
    if (variant.startsWith('beside-sentry')) (await import('./otel/sentry')).start()
  }
  if (!first) await pointsman(options)
}
