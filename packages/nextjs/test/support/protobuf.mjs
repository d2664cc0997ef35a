// Reads the OTLP protobuf of a trace export, as much of it as the tests look at. The JSON form gives the same shape.

const text = new TextDecoder()

/** All fields of a message, as [number, value]: a Buffer for bytes, a BigInt for anything else. */
function* fields(bytes) {
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const wire = key & 7
    if (wire === 0) yield [key >> 3, varint()]
    else if (wire === 1) yield [key >> 3, bytes.readBigUInt64LE((at += 8) - 8), 'fixed']
    else if (wire === 5) yield [key >> 3, BigInt(bytes.readUInt32LE((at += 4) - 4))]
    else {
      const length = Number(varint())
      yield [key >> 3, bytes.subarray(at, (at += length))]
    }
  }
}

const all = (bytes, number, read) => [...fields(bytes)].filter(([n]) => n === number).map(([, value]) => read(value))
const one = (bytes, number, read, fallback) => all(bytes, number, read)[0] ?? fallback
const string = (bytes) => text.decode(bytes)
const hex = (bytes) => bytes.toString('hex')

function anyValue(bytes) {
  for (const [number, value] of fields(bytes)) {
    if (number === 1) return string(value)
    if (number === 2) return value !== 0n
    if (number === 3) return Number(BigInt.asIntN(64, value))
    if (number === 4) return new DataView(new BigUint64Array([value]).buffer).getFloat64(0, true)
    if (number === 5) return all(value, 1, anyValue)
  }
  return undefined
}

const attributes = (bytes, number) =>
  Object.fromEntries(all(bytes, number, (pair) => [one(pair, 1, string), one(pair, 2, anyValue)]))

const span = (scope, resource) => (bytes) => ({
  scope,
  resource,
  traceId: one(bytes, 1, hex),
  spanId: one(bytes, 2, hex),
  parentSpanId: one(bytes, 4, hex, ''),
  name: one(bytes, 5, string),
  kind: one(bytes, 6, Number, 0),
  start: one(bytes, 7, BigInt),
  end: one(bytes, 8, BigInt),
  attributes: attributes(bytes, 9),
  links: all(bytes, 13, (link) => ({ traceId: one(link, 1, hex), spanId: one(link, 2, hex) })),
  status: one(bytes, 15, (status) => one(status, 3, Number, 0), 0),
})

export function spansOfProtobuf(body) {
  return all(body, 1, (group) => {
    const resource = one(group, 1, (bytes) => attributes(bytes, 1), {})
    return all(group, 2, (scoped) => {
      const scope = one(scoped, 1, (bytes) => ({ name: one(bytes, 1, string), version: one(bytes, 2, string) }), {})
      return all(scoped, 2, span(scope, resource))
    })
  }).flat(2)
}
