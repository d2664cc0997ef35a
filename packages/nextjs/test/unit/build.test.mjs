// What a build says about the app: manifests and code go in as data, attributes come out.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base'
import { buildFacts } from '../../dist/build-facts.js'
import { BuildReport } from '../../dist/build-report.js'
import { Build } from '../../dist/build.js'
import { addChunkNames, uniqueNames } from '../../dist/chunk-names.js'

const NOTHING = { config: undefined, functions: undefined, middleware: undefined, prerender: undefined, appRoutes: undefined, pages: undefined, actions: undefined, names: new Map() }
const ID = '40'.repeat(21)
const OTHER = '7f'.repeat(21)

test('a manifest that is missing leaves its list out, and one that is empty says so', () => {
  assert.deepEqual(buildFacts(NOTHING), { 'pointsman.build.cut': 0 })
  assert.deepEqual(buildFacts({ ...NOTHING, config: {}, functions: {}, prerender: {}, appRoutes: {}, actions: {} }), {
    'pointsman.next.flags': [],
    'pointsman.next.proxy_matchers': [],
    'pointsman.next.prerendered': [],
    'pointsman.next.max_durations': [],
    'pointsman.next.actions': [],
    'pointsman.next.routes': [],
    'pointsman.build.cut': 0,
  })
})

test('flags are those that change what is advised', () => {
  const flags = (config, actions) => buildFacts({ ...NOTHING, config, actions })['pointsman.next.flags']
  assert.deepEqual(flags({ cacheComponents: false, output: 'standalone', basePath: '/shop', compress: false }), ['output:standalone', 'basePath:/shop', 'compress:false'])
  assert.deepEqual(flags({ cacheComponents: true, partialPrefetching: true, i18n: { locales: [] }, trailingSlash: true }), ['cacheComponents', 'partialPrefetching', 'trailingSlash', 'i18n'])
  assert.deepEqual(flags({ experimental: { staleTimes: { dynamic: 0, static: 300 }, ppr: 'incremental', useCache: true } }), ['ppr', 'useCache'])
  assert.deepEqual(flags({ experimental: { staleTimes: { dynamic: 30, static: 300 } } }), ['staleTimes', 'staleTimes.dynamic=30'])
  assert.deepEqual(flags({}, { node: { [ID]: {} } }), ['serverActions'])
})

test('matchers come from the proxy on Node.js and from middleware at the edge', () => {
  const matchers = [{ regexp: '^/a$', originalSource: '/a' }, { originalSource: '/b/:path*' }, {}]
  const of = (manifests) => buildFacts({ ...NOTHING, ...manifests })['pointsman.next.proxy_matchers']
  assert.deepEqual(of({ functions: { functions: { '/_middleware': { matchers } } }, middleware: { middleware: {} } }), ['/a', '/b/:path*'])
  assert.deepEqual(of({ middleware: { middleware: { '/': { matchers } } } }), ['/a', '/b/:path*'])
})

test('prerendered routes, durations, routes and actions', () => {
  const facts = buildFacts({
    ...NOTHING,
    prerender: { routes: { '/': { srcRoute: '/' }, '/item/1': { srcRoute: '/item/[id]' }, '/item/2': { srcRoute: '/item/[id]' }, '/shell': { srcRoute: '/shell', renderingMode: 'PARTIALLY_STATIC' }, '/_not-found': { srcRoute: '/_not-found' }, '/old': { srcRoute: null } } },
    functions: { functions: { '/api/slow': { maxDuration: 60 }, '/api/edge': {} } },
    appRoutes: { '/page': '/', '/api/slow/route': '/api/slow', '/(shop)/item/[id]/page': '/item/[id]', '/_not-found/page': '/_not-found' },
    pages: { '/_app': 'pages/_app.js', '/404': 'pages/404.html', '/api/legacy': 'pages/api/legacy.js' },
    actions: { node: { [ID]: { exportedName: 'save', filename: 'app/a.ts' }, [OTHER]: {} }, edge: { ['41'.repeat(21)]: {} }, encryptionKey: 'SECRET' },
    names: new Map([[OTHER, 'remove']]),
  })
  assert.deepEqual(facts, {
    'pointsman.next.proxy_matchers': [],
    'pointsman.next.prerendered': ['/', '/item/[id]', '/shell=partial', '/old'],
    'pointsman.next.max_durations': ['/api/slow=60'],
    'pointsman.next.actions': ['app/a.ts#save', '#remove'],
    'pointsman.next.routes': ['/', '/api/slow', '/item/[id]', '/api/legacy'],
    'pointsman.build.cut': 0,
  })
})

test('lists are bounded, and what was cut is counted', () => {
  const appRoutes = Object.fromEntries(Array.from({ length: 520 }, (_, i) => [`/r${i}/page`, `/r${i}`]))
  const facts = buildFacts({ ...NOTHING, appRoutes: { ...appRoutes, '/long/page': `/${'x'.repeat(200)}` } })
  assert.equal(facts['pointsman.next.routes'].length, 500)
  assert.equal(facts['pointsman.build.cut'], 21)
})

test('names of actions stand in the code of webpack builds', () => {
  const names = new Map()
  addChunkNames(`x=(0,n.createServerReference)("${ID}",n.callServer,void 0,n.findSourceMapURL,"signIn");`, names, 10)
  addChunkNames(`let n={e95191d296a4fbaa1252d6418178d24508e54374:()=>Promise.resolve().then(r.bind(r,57)).then(e=>e.$$ACTION_0),"43c334152c9bea16cc274792999419a59b529b46":()=>Promise.resolve().then(r.bind(r,3493)).then((e)=>e["default"])}`, names, 10)
  addChunkNames(`createServerReference("${OTHER}", callServer, void 0, findSourceMapURL, "plain")`, names, 10)
  addChunkNames(`createServerReference("${'00'.repeat(21)}", f(x), void 0, y, "no")`, names, 10)
  assert.deepEqual(Object.fromEntries(names), {
    [ID]: 'signIn',
    e95191d296a4fbaa1252d6418178d24508e54374: '$$ACTION_0',
    '43c334152c9bea16cc274792999419a59b529b46': 'default',
    [OTHER]: 'plain',
  })
  // Without a file, a name that several actions may have says nothing.
  names.set('aa', 'plain')
  assert.deepEqual(Object.fromEntries(uniqueNames(names)), { [ID]: 'signIn' })
  const few = new Map()
  addChunkNames(`createServerReference("${OTHER}", a, void 0, b, "one"),createServerReference("${ID}", a, void 0, b, "two")`, few, 1)
  assert.equal(few.size, 1)
})

test('the build is sent once it was read, whatever the sampler takes, and names reach the spans of actions', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pointsman-build-'))
  const put = (path, text) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  put('BUILD_ID', 'b1')
  put('server/server-reference-manifest.json', JSON.stringify({ node: { [ID]: { workers: { 'app/a/page': 1 } }, [OTHER]: { workers: { '../../etc/page': 1 } } }, encryptionKey: 'SECRET' }))
  put('static/chunks/app/a.js', `(0,n.createServerReference)("${ID}",n.callServer,void 0,n.findSourceMapURL,"signIn")`)
  put('static/chunks/broken.js', '\u0000')
  put('prerender-manifest.json', '{ broken')
  put('required-server-files.json', JSON.stringify({ config: { output: 'standalone' } }))
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ sampler: new TraceIdRatioBasedSampler(0.1), spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const build = new Build(dir.slice(1), '/', false)
  new BuildReport(build).begin(provider.getTracer('test'))
  for (let i = 0; i < 200 && exporter.getFinishedSpans().length === 0; i += 1) await sleep(25)
  const [span, ...more] = exporter.getFinishedSpans()
  rmSync(dir, { recursive: true })
  assert.deepEqual([span.name, span.kind, more.length], ['pointsman.build', 0, 0])
  assert.equal(span.attributes['pointsman.next.build_id'], 'b1')
  assert.deepEqual(span.attributes['pointsman.next.actions'], ['#signIn'])
  assert.deepEqual(span.attributes['pointsman.next.flags'], ['serverActions', 'output:standalone'])
  assert.equal(span.attributes['pointsman.next.prerendered'], undefined)
  assert.ok(!JSON.stringify(span.attributes).includes('SECRET'))
  assert.deepEqual(build.actionName(ID, 0), { name: 'signIn', file: undefined })
})
