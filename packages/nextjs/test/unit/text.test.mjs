// The pure parts, as data: what goes in, what comes out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFileSync } from 'node:fs'
import { actionIdOfForm } from '../../dist/action-form.js'
import { bodyLimit } from '../../dist/app-facts.js'
import { ClientKeys, clientAddress, isBehindUntrustedProxy, sessionOf } from '../../dist/client-key.js'
import { credentials } from '../../dist/credentials.js'
import { finishHash, hashText, startHash } from '../../dist/keyed-hash.js'
import { encryptionKeyOf, nameOf } from '../../dist/manifest.js'
import { settle } from '../../dist/options.js'
import { ownReferer } from '../../dist/request-facts.js'
import { actionTarget, hasNoBody } from '../../dist/response-facts.js'
import { routeOf } from '../../dist/route.js'
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
  [[{}], []],
  [[{ cookie: 'a=b', authorization: 'Bearer x' }], ['cookie', 'bearer']],
  [[{ authorization: 'basic x', 'x-api-key': 'k' }], ['basic', 'api-key']],
  [[{ authorization: 'ApiKey x', 'x-api-key': 'k' }], ['api-key']],
  [[{ 'stripe-signature': 't=1', 'svix-id': 'i' }], ['signature:stripe-signature', 'signature:svix-id']],
])

check('a session cookie is found: configured before known', (cookie, ...names) => sessionOf(cookie, new Set(names)), [
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
  const key = (headers, address = '9.9.9.9', at = noon) => keys.key(headers, address, at)
  assert.match(key({ cookie: 'sid=1' }), /^[0-9a-f]{16}$/)
  assert.equal(key({ cookie: 'sid=1' }), key({ cookie: 'x=y; sid=1', 'user-agent': 'b' }, '8.8.8.8'))
  assert.notEqual(key({ cookie: 'sid=1' }), key({ cookie: 'sid=2' }))
  assert.notEqual(key({ 'user-agent': 'a' }), key({ 'user-agent': 'b' }))
  assert.notEqual(key({}), key({}, '8.8.8.8'))
  assert.notEqual(key({ cookie: 'sid=1' }), key({ cookie: 'sid=1' }, undefined, noon + 86_400_000))
  assert.equal(keys.key({}, undefined, noon), undefined)
  // Two people behind one address, with the same browser; a third one who has logged out.
  const behind = (cookie) => key({ 'user-agent': 'a', cookie })
  assert.notEqual(behind('sid=1'), behind('sid=2'))
  assert.equal(behind('sid='), key({ 'user-agent': 'a' }))
  // A proxy that is not trusted: everyone would be one client.
  assert.equal(key({ 'user-agent': 'a', 'x-forwarded-for': '1.1.1.1' }, '127.0.0.1'), undefined)
  assert.notEqual(key({ cookie: 'sid=1', 'x-forwarded-for': '1.1.1.1' }, '127.0.0.1'), undefined)
})

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
