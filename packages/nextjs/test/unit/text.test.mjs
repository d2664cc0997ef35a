// The pure parts, as data: what goes in, what comes out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFileSync } from 'node:fs'
import { actionIdOfForm } from '../../dist/action-form.js'
import { bodyLimit } from '../../dist/app-facts.js'
import { ClientKeys, clientAddress, isBehindUntrustedProxy } from '../../dist/client-key.js'
import { credentials } from '../../dist/credentials.js'
import { finishHash, hashText, startHash } from '../../dist/keyed-hash.js'
import { encryptionKeyOf, nameOf } from '../../dist/manifest.js'
import { settle } from '../../dist/options.js'
import { ownReferer } from '../../dist/request-facts.js'
import { actionTarget, hasNoBody } from '../../dist/response-facts.js'
import { routeOf } from '../../dist/route.js'
import { graphqlOperation, isJson } from '../../dist/graphql.js'
import { sessionChanges, sessionOf } from '../../dist/session-cookies.js'
import { formatTraceparent, parseTraceparent } from '../../dist/trace-context.js'
import { chooseSecret } from '../../dist/secret.js'
import { hostOf, isOwnAsset, pathOf, queryNames, splitTarget, withoutRsc } from '../../dist/target.js'
import { SCOPE_NAME, SCOPE_VERSION } from '../../dist/version.js'

const check = (name, subject, rows) =>
  test(name, () => {
    for (const [input, expected] of rows) assert.deepEqual(subject(...input), expected, JSON.stringify(input))
  })

const ID = '40'.repeat(21)
const SECRET = Buffer.alloc(32, 7)

test('the scope is the name and version of package.json', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.deepEqual([SCOPE_NAME, SCOPE_VERSION], [name, version])
})

check('a target is split into path and query', splitTarget, [
  [['/a?b=1?c'], { path: '/a', query: 'b=1?c' }],
  [['/'], { path: '/', query: '' }],
  [['http://shop.example/a/b?c'], { path: '/a/b', query: 'c' }],
  [['http://shop.example'], { path: '/', query: '' }],
  [['*'], { path: '*', query: '' }],
])

check('the cache buster is no part of what is asked for', withoutRsc, [
  [['_rsc=abc'], ''],
  [['a=1&_rsc=abc&b=2'], 'a=1&b=2'],
  [['a_rsc=1'], 'a_rsc=1'],
])

check('query names come from the allow-list, once each, never values', (query) => queryNames(query, new Set(['code', 'state']), new Set(['mine'])), [
  [['code=1&code=2&x=code&state&mine=3'], ['code', 'state', 'mine']],
  [['x=1'], []],
])

check('a path is cut out of a reference', pathOf, [
  [['https://a.example/b?c#d'], '/b'],
  [['/b#d'], '/b'],
])

check('a host is cut out of a URL', hostOf, [
  [['https://A.example:80/b'], 'a.example:80'],
  [['https://a.example?x'], 'a.example'],
  [['about:client'], ''],
])

check('assets of Next.js are told from requests', isOwnAsset, [
  [['/_next/static/a.js'], true],
  [['/base/_next/image'], true],
  [['/__nextjs_original-stack-frames'], true],
  [['/_next/data/build/page.json'], false],
  [['/api/x'], false],
])

check('the referer is a path, and only of this host', ownReferer, [
  [[{ referer: 'https://shop.example/a?b=1', host: 'shop.example' }], '/a'],
  [[{ referer: 'https://shop.example/a', host: 'inner', 'x-forwarded-host': 'shop.example' }], '/a'],
  [[{ referer: 'https://other.example/a', host: 'shop.example' }], undefined],
  [[{ host: 'shop.example' }], undefined],
])

check('credentials are told by their presence', credentials, [
  [[{}, false], []],
  [[{ cookie: 'a=b', authorization: 'Bearer x' }, false], ['cookie', 'bearer']],
  [[{ cookie: 'sid=b' }, true], ['cookie', 'session']],
  [[{ authorization: 'basic x', 'x-api-key': 'k' }, false], ['basic', 'api-key']],
  [[{ authorization: 'ApiKey x', 'x-api-key': 'k' }, false], ['api-key']],
  [[{ 'stripe-signature': 't=1', 'svix-id': 'i' }, false], ['signature:stripe-signature', 'signature:svix-id']],
])

check('a session cookie is found: configured before known', (cookie, ...names) => sessionOf(cookie, new Set(names))?.value, [
  [['a=1; sid=two'], 'two'],
  [['sid=two; mine=three', 'mine'], 'three'],
  [['connect.sid=s%3A1'], 's%3A1'],
  [['__Secure-authjs.session-token.0=part'], 'part'],
  [['sb-abc-auth-token=x'], 'x'],
  [['__Host-session=x'], 'x'],
  [['theme=dark; sid2=x'], undefined],
  [['sid='], undefined],
  [['PHPSESSID=deleted; theme=dark'], undefined],
  [['session=; sid=two'], 'two'],
  [['mine=; sid=two', 'mine'], 'two'],
  [[`__session=eyJh.${Buffer.from('{"sid":"sess_1"}').toString('base64url')}.c`], 'sess_1'],
  [['__session=eyJh.%%%.c'], 'eyJh.%%%.c'],
])

test('sessions of the common libraries are known, and what only sounds like one is none', () => {
  const known = (name, value = 'x') => sessionOf(`${name}=${value}`, new Set()) !== undefined
  for (const name of [
    'authjs.session-token', '__Secure-authjs.session-token', '__Secure-next-auth.session-token.0', 'better-auth.session_token',
    '__Secure-better-auth.session_token', 'connect.sid', 'sid', 'session', '__session', '__session__0', 'appSession', 'appSession.0',
    'sb-abcdef-auth-token', 'sb-abcdef-auth-token.0', 'wos-session', 'payload-token', 'JSESSIONID', 'laravel_session', '_shop_session',
    'my-app.sid', 'acme-session-token', 'token', 'auth-token', 'access_token',
  ]) assert.ok(known(name), name)
  assert.ok(known('whatever-the-app-says', 'Fe26.2*1*abc'), 'a seal of iron-session')
  for (const name of [
    '__Host-authjs.csrf-token', 'next-auth.csrf-token', 'next-auth.callback-url', 'XSRF-TOKEN', '_csrf', 'csrf_session', 'consent', 'cookie_consent_session',
    'theme', 'NEXT_LOCALE', 'lang_sid', '_ga', '_ga_session', '__stripe_sid', '__stripe_mid', '_hjSession_123', 'intercom-session', 'better-auth.session_data',
    '__client_uat', 'authjs.session-token.1', 'sb-abcdef-auth-token.1', 'sb-abcdef-auth-token-code-verifier', 'sessions', 'obsession', '__prerender_bypass',
  ]) assert.ok(!known(name), name)
})

check('a response names sessions that it makes, renews or ends', (...cookies) => sessionChanges(cookies, new Set(['mine'])), [
  [['theme=dark', '_csrf=x'], { any: false, set: [] }],
  [['sid=1; Path=/; Max-Age=3600'], { any: true, set: [{ name: 'sid', value: '1' }] }],
  [['mine=1'], { any: true, set: [{ name: 'mine', value: '1' }] }],
  [['sid=; Max-Age=0'], { any: true, set: [] }],
  [['sid=x; Max-Age=0; Path=/'], { any: true, set: [] }],
  [['sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], { any: true, set: [] }],
  [['__Secure-authjs.session-token.0=a', '__Secure-authjs.session-token.1=b'], { any: true, set: [{ name: 'authjs.session-token', value: 'a' }] }],
  [['nonsense', '=x', ';'], { any: false, set: [] }],
])

check('forwarded addresses are believed only on demand', clientAddress, [
  [[{ 'x-forwarded-for': '1.1.1.1, 2.2.2.2' }, '9.9.9.9', false], '9.9.9.9'],
  [[{ 'x-forwarded-for': '1.1.1.1, 2.2.2.2' }, '9.9.9.9', true], '1.1.1.1'],
  [[{ 'x-forwarded-for': '1.1.1.1, 2.2.2.2' }, '9.9.9.9', 1], '2.2.2.2'],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '9.9.9.9', 3], '1.1.1.1'],
  [[{}, '9.9.9.9', true], '9.9.9.9'],
])

check('an address that all people behind a proxy share is told', isBehindUntrustedProxy, [
  [[{ 'x-forwarded-for': '1.1.1.1' }, '10.0.0.9', false], true],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '::ffff:172.18.0.3', 0], true],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '::1', false], true],
  [[{ 'x-forwarded-for': '1.1.1.1' }, 'fd00::1', false], true],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '10.0.0.9', 1], false],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '10.0.0.9', true], false],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '172.32.0.1', false], false],
  [[{ 'x-forwarded-for': '1.1.1.1' }, '9.9.9.9', false], false],
  [[{}, '10.0.0.9', false], false],
])

test('a client key depends on session, else address and agent, and on the UTC day', () => {
  const keys = new ClientKeys(SECRET, settle())
  const noon = Date.UTC(2026, 0, 1, 12)
  const of = (headers, address = '9.9.9.9', at = noon) => keys.of(headers, address, at)
  const key = (...args) => of(...args).key
  assert.match(key({ cookie: 'sid=1' }), /^[0-9a-f]{16}$/)
  assert.equal(key({ cookie: 'sid=1' }), key({ cookie: 'x=y; sid=1', 'user-agent': 'b' }, '8.8.8.8'))
  assert.notEqual(key({ cookie: 'sid=1' }), key({ cookie: 'sid=2' }))
  assert.notEqual(key({ 'user-agent': 'a' }), key({ 'user-agent': 'b' }))
  assert.notEqual(key({}), key({}, '8.8.8.8'))
  assert.notEqual(key({ cookie: 'sid=1' }), key({ cookie: 'sid=1' }, undefined, noon + 86_400_000))
  assert.equal(keys.of({}, undefined, noon).key, undefined)
  // Two people behind one address, with the same browser; a third one who has logged out.
  const behind = (cookie) => key({ 'user-agent': 'a', cookie })
  assert.notEqual(behind('sid=1'), behind('sid=2'))
  assert.equal(behind('sid='), key({ 'user-agent': 'a' }))
  // A proxy that is not trusted: everyone would be one client.
  assert.equal(key({ 'user-agent': 'a', 'x-forwarded-for': '1.1.1.1' }, '127.0.0.1'), undefined)
  assert.notEqual(key({ cookie: 'sid=1', 'x-forwarded-for': '1.1.1.1' }, '127.0.0.1'), undefined)
})

test('what a key rests on is said, and the key of the address comes along', () => {
  const keys = new ClientKeys(SECRET, settle())
  const of = (headers, address = '9.9.9.9') => keys.of(headers, address, 0)
  const session = of({ cookie: 'sid=1', 'user-agent': 'a' })
  const address = of({ 'user-agent': 'a' })
  assert.deepEqual([session.basis, address.basis, session.forwarded], ['session', 'address', false])
  assert.deepEqual([session.networkKey, address.key], [address.networkKey, address.networkKey])
  const proxied = of({ cookie: 'sid=1', 'x-forwarded-for': '1.1.1.1' }, '10.0.0.1')
  assert.deepEqual([proxied.basis, proxied.networkKey, proxied.forwarded], ['session', undefined, true])
  const anonymous = of({ forwarded: 'for=1.1.1.1' }, '10.0.0.1')
  assert.deepEqual([anonymous.key, anonymous.basis, anonymous.forwarded], [undefined, undefined, true])
  assert.equal(new ClientKeys(SECRET, settle({ trustProxy: true })).of({ 'x-forwarded-for': '1.1.1.1' }, '10.0.0.1', 0).forwarded, false)
})

test('changed sessions are followed, bounded, and only from one session to the next', () => {
  const keys = new ClientKeys(SECRET, settle())
  const of = (sid) => keys.of({ cookie: `sid=${sid}` }, '9.9.9.9', 0)
  const first = of('0')
  keys.follow(first, ['sid=1'])
  keys.follow(of('1'), ['sid=2'])
  // A request that was under way with the value before, and one on each side of a race.
  assert.deepEqual([of('1').key, of('2').key], [first.key, first.key])
  keys.follow(of('1'), ['sid=2b'])
  assert.equal(of('2b').key, first.key)
  // Another cookie, an ended session, and a visitor who had none before change nothing.
  keys.follow(of('2'), ['session=x'])
  assert.notEqual(keys.of({ cookie: 'session=x' }, '9.9.9.9', 0).key, first.key)
  keys.follow(keys.of({}, '9.9.9.9', 0), ['sid=fresh'])
  assert.equal(of('fresh').key, of('fresh').sessionHash)
  for (let i = 0; i < 25_000; i += 1) {
    keys.follow(of(`other${i}`), [`sid=next${i}`])
    if (i % 1000 === 0) assert.equal(of('2').key, first.key)
  }
  assert.notEqual(of('next0').key, of('other0').key)
})

check('a trace context is read as the W3C has it', (text) => { const found = parseTraceparent(text); return found && formatTraceparent(found) }, [
  [[`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`], `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
  [[`01-${'a'.repeat(32)}-${'b'.repeat(16)}-03-more`], `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
  [[`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01-more`], undefined],
  [[`ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`], undefined],
  [[`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`], undefined],
  [[`00-${'a'.repeat(32)}-${'b'.repeat(16)}`], undefined],
  [[undefined], undefined],
  [[['x']], undefined],
])

check('the name of a GraphQL operation', graphqlOperation, [
  [['{"operationName":"Cart","query":"query Other { a }"}'], 'Cart'],
  [['{"query":"mutation AddToCart($a: Int) { x }","variables":{"a":1}}'], 'AddToCart'],
  [['{"query":"\\n  # comment\\n query Cart{a}"}'], 'Cart'],
  [['{"query":"{ a }"}'], undefined],
  [['{"query":"query { a }","operationName":null}'], undefined],
  [['{"variables":{"operationName":"Secret","query":"query Secret {a}"},"query":"{ a }"}'], undefined],
  [['{"variables":{"x":"\\"operationName\\":\\"Secret\\""},"operationName":"not a name"}'], undefined],
  [['{"query":"query Long {' + 'a '.repeat(3000)], 'Long'],
  [['{"query":"query Cut'], undefined],
  [['[{"operationName":"Batch"}]'], undefined],
  [['not json'], undefined],
  [[''], undefined],
  [['{"query":"fragment F on X { a } query Q { b }"}'], undefined],
])

check('media types of JSON', isJson, [
  [['application/json; charset=utf-8'], true],
  [['application/graphql+json'], true],
  [['text/plain'], false],
  [[undefined], false],
])

const multipart = (...fields) => fields.map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')

check('a form names its action in a field or in the value of one', actionIdOfForm, [
  [[multipart([`$ACTION_ID_${ID}`, ''])], ID],
  [[multipart(['$ACTION_REF_3', ''], ['$ACTION_3:1', '[42]'], ['$ACTION_3:0', `{"id":"${ID}","bound":"$@1"}`])], ID],
  [[multipart(['word', '$ACTION_ID_'])], undefined],
  [[multipart(['$ACTION_ID_zz', ''])], undefined],
  [[multipart(['$ACTION_REF_3', ''])], undefined],
  [[''], undefined],
])

check('an action has a name from Next.js 15 on', (entry) => nameOf({ node: { [ID]: entry } }, ID), [
  [[{ exportedName: 'save', filename: 'app/a.ts' }], { name: 'save', file: 'app/a.ts' }],
  [[{ exportedName: 'save' }], { name: 'save', file: undefined }],
  [[{ workers: {} }], undefined],
  [[undefined], undefined],
])

test('the secret is the given one, else derived from the app, else of this process; the key itself never shows', () => {
  const key = encryptionKeyOf({ encryptionKey: 'a2V5' })
  assert.equal(chooseSecret('given', key).scope, 'shared')
  assert.deepEqual(chooseSecret('given', key), chooseSecret('given', 'other'))
  assert.deepEqual(chooseSecret(undefined, key), chooseSecret('', key))
  assert.notDeepEqual(chooseSecret('given', key).secret, chooseSecret(undefined, key).secret)
  assert.ok(!chooseSecret(undefined, key).secret.includes(key))
  assert.equal(chooseSecret(undefined, 'process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY').scope, 'process')
  assert.notDeepEqual(chooseSecret(undefined, undefined).secret, chooseSecret(undefined, undefined).secret)
})

test('a hash is 16 hex digits, the same however the text is cut', () => {
  assert.match(hashText(SECRET, 'abc'), /^[0-9a-f]{16}$/)
  assert.equal(hashText(SECRET, 'abc'), finishHash(startHash(SECRET).update('a').update(Buffer.from('bc'))))
  assert.notEqual(hashText(SECRET, 'abc'), hashText(Buffer.alloc(32, 8), 'abc'))
})

const META = Symbol.for('NextInternalRequestMeta')
check('the route is the match, or after an error what was invoked', (meta) => routeOf(meta === undefined ? {} : { [META]: meta }), [
  [[undefined], undefined],
  [[{ match: { definition: { kind: 'APP_ROUTE', pathname: '/api/x' } } }], { pathname: '/api/x', kind: 'app_route' }],
  [[{ match: { definition: { kind: 'PAGES', pathname: '/_error' } }, invokeOutput: '/acts' }], { pathname: '/acts', kind: undefined }],
  [[{ match: { definition: { kind: 'PAGES', pathname: '/404' } }, invokeOutput: '/404' }], undefined],
  [[{ match: null }], undefined],
])

check('a body limit is read as Next.js reads it', bodyLimit, [
  [[undefined], 1048576],
  [['2mb'], 2097152],
  [['1.5 MB'], 1572864],
  [[500], 500],
  [['nonsense'], undefined],
])

check('targets of action redirects lose their query', actionTarget, [
  [['/p?a=1;push'], '/p;push'],
  [['/p'], '/p'],
])

check('some answers have no body', hasNoBody, [
  [['HEAD', 200], true],
  [['GET', 304], true],
  [['GET', 204], true],
  [['GET', 200], false],
])
