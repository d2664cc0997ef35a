// Bytes of a response, against a real HTTP server: what the client got, and what the app wrote before compression.
import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import { test } from 'node:test'
import { createGzip } from 'node:zlib'
import { finishHash, startHash } from '../../dist/keyed-hash.js'
import { ResponseBody, watchResponseBody } from '../../dist/response-body.js'

const SECRET = Buffer.alloc(32, 1)
const hash = (...parts) => finishHash(parts.reduce((hash, part) => hash.update(part), startHash(SECRET)))

async function answer(write, maxHashedBytes = 1000) {
  let body
  const server = createServer((request, response) => {
    body = new ResponseBody(response, startHash(SECRET), maxHashedBytes)
    watchResponseBody(response, body)
    write(response)
  })
  await new Promise((resolve) => server.listen(0, resolve))
  const received = await new Promise((resolve) =>
    get({ port: server.address().port }, async (response) => {
      const chunks = []
      for await (const chunk of response) chunks.push(chunk)
      resolve(Buffer.concat(chunks))
    }),
  )
  server.close()
  const taken = body.takeHash()
  return { received, wire: body.wireSize, size: body.size, hash: taken && finishHash(taken) }
}

/** As the `compression` middleware does it. */
function compress(response) {
  const { write, end } = response
  const gzip = createGzip()
  response.write = (chunk, encoding) => gzip.write(Buffer.from(chunk, encoding))
  response.end = (chunk, encoding) => (chunk ? gzip.end(Buffer.from(chunk, encoding)) : gzip.end())
  gzip.on('data', (chunk) => write.call(response, chunk))
  gzip.on('end', () => end.call(response))
}

test('text, bytes and encodings are counted as they go out', async () => {
  const { received, wire, size, hash: found } = await answer((response) => {
    response.write('käse')
    response.write('6869', 'hex')
    response.end(Buffer.from('!'))
  })
  assert.equal(received.toString(), 'käsehi!')
  assert.deepEqual([wire, size], [8, 8])
  assert.equal(found, hash('käsehi!'))
})

test('compressed bodies are counted above and below the compression', async () => {
  const { received, wire, size, hash: found } = await answer((response) => {
    compress(response)
    response.write('a'.repeat(500))
    response.end('b'.repeat(300))
  })
  assert.equal(wire, received.length)
  assert.equal(size, 800)
  assert.equal(found, hash('a'.repeat(500), 'b'.repeat(300)))
})

test('a second wrapper, and a writer that calls the other, count once', async () => {
  const { wire, size } = await answer((response) => {
    for (let i = 0; i < 2; i += 1) {
      const { write, end } = response
      response.write = function (...args) {
        return write.apply(this, args)
      }
      response.end = function (chunk) {
        if (chunk) this.write(chunk)
        return end.call(this)
      }
    }
    response.write('12345')
    response.end('678')
  })
  assert.deepEqual([wire, size], [8, 8])
})

test('a wrapper that is taken off again leaves the counting right', async () => {
  const { wire, size } = await answer((response) => {
    const { write } = response
    response.write = () => true
    response.write = write
    response.write('12345')
    response.end()
  })
  assert.deepEqual([wire, size], [5, 5])
})

test('a body above the bound is counted and not hashed', async () => {
  const { size, hash: found } = await answer((response) => response.end('x'.repeat(1001)))
  assert.deepEqual([size, found], [1001, undefined])
})

test('writing after the end counts nothing', async () => {
  const { size } = await answer((response) => {
    response.on('error', () => {})
    response.end('x')
    response.end('yy')
  })
  assert.equal(size, 1)
})

test('what is no function reads back as it was assigned, and a function put back works', async () => {
  const seen = []
  const { received } = await answer((response) => {
    const { write } = response
    response.write = undefined
    seen.push(response.write, 'write' in response)
    response.write = write
    seen.push(typeof response.write)
    response.write('a')
    response.end('b')
  })
  assert.deepEqual(seen, [undefined, true, 'function'])
  assert.equal(received.toString(), 'ab')
})
