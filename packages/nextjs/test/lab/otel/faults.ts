// Makes what the package calls throw, in a running app: its tracer, its spans, or every HMAC of the process.
import { Hmac } from 'node:crypto'
import { trace, type Span, type Tracer } from '@opentelemetry/api'

const fail = (): never => {
  throw new Error('injected fault')
}

export function inject(kind: string) {
  if (kind === 'hash') {
    Hmac.prototype.update = fail
    return
  }
  const provider = (trace.getTracerProvider() as unknown as { getDelegate(): { getTracer(...args: unknown[]): Tracer } }).getDelegate()
  const getTracer = provider.getTracer.bind(provider)
  provider.getTracer = (...args) => {
    const tracer = getTracer(...args)
    return args[0] === '@pointsman/nextjs' ? faulty(tracer, kind) : tracer
  }
}

function faulty(tracer: Tracer, kind: string): Tracer {
  return {
    startSpan: (...args) => (kind === 'start' ? fail() : broken(tracer.startSpan(...args))),
    startActiveSpan: fail,
  }
}

function broken(span: Span): Span {
  return Object.assign(span, { setAttributes: fail, setStatus: fail, updateName: fail, end: fail })
}
