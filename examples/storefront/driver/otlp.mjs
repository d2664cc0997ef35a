// Turns an OTLP trace request from protobuf into OTLP/JSON, as opentelemetry-proto writes it: ids in hex, 64-bit numbers
// as strings. Only the recorder needs it; it knows the fields of traces and nothing else of protobuf.
const text = (bytes) => bytes.toString("utf8");
const hex = (bytes) => bytes.toString("hex");
const whole = (number) => Number(number);
const signed = (number) => BigInt.asIntN(64, number).toString();
const fixed64 = (bytes) => bytes.readBigUInt64LE().toString();
const fixed32 = (bytes) => bytes.readUInt32LE();
const double = (bytes) => bytes.readDoubleLE();

// Field number -> [JSON name, how its value is read]; a third entry marks repeated fields.
const arrayValue = { 1: ["values", (bytes) => read(anyValue, bytes), "many"] };
const keyValueList = { 1: ["values", (bytes) => read(keyValue, bytes), "many"] };
const anyValue = {
  1: ["stringValue", text], 2: ["boolValue", (flag) => flag !== 0n], 3: ["intValue", signed], 4: ["doubleValue", double],
  5: ["arrayValue", (bytes) => read(arrayValue, bytes)], 6: ["kvlistValue", (bytes) => read(keyValueList, bytes)],
  7: ["bytesValue", (bytes) => bytes.toString("base64")],
};
const keyValue = { 1: ["key", text], 2: ["value", (bytes) => read(anyValue, bytes)] };
const attributes = ["attributes", (bytes) => read(keyValue, bytes), "many"];
const status = { 2: ["message", text], 3: ["code", whole] };
const event = { 1: ["timeUnixNano", fixed64], 2: ["name", text], 3: attributes, 4: ["droppedAttributesCount", whole] };
const link = {
  1: ["traceId", hex], 2: ["spanId", hex], 3: ["traceState", text], 4: attributes, 5: ["droppedAttributesCount", whole], 6: ["flags", fixed32],
};
const span = {
  1: ["traceId", hex], 2: ["spanId", hex], 3: ["traceState", text], 4: ["parentSpanId", hex], 5: ["name", text], 6: ["kind", whole],
  7: ["startTimeUnixNano", fixed64], 8: ["endTimeUnixNano", fixed64], 9: attributes, 10: ["droppedAttributesCount", whole],
  11: ["events", (bytes) => read(event, bytes), "many"], 12: ["droppedEventsCount", whole],
  13: ["links", (bytes) => read(link, bytes), "many"], 14: ["droppedLinksCount", whole],
  15: ["status", (bytes) => read(status, bytes)], 16: ["flags", fixed32],
};
const scope = { 1: ["name", text], 2: ["version", text], 3: attributes, 4: ["droppedAttributesCount", whole] };
const scopeSpans = { 1: ["scope", (bytes) => read(scope, bytes)], 2: ["spans", (bytes) => read(span, bytes), "many"], 3: ["schemaUrl", text] };
const resource = { 1: attributes, 2: ["droppedAttributesCount", whole] };
const resourceSpans = {
  1: ["resource", (bytes) => read(resource, bytes)], 2: ["scopeSpans", (bytes) => read(scopeSpans, bytes), "many"], 3: ["schemaUrl", text],
};
const traceRequest = { 1: ["resourceSpans", (bytes) => read(resourceSpans, bytes), "many"] };

export function traceRequestFromProtobuf(bytes) {
  return read(traceRequest, bytes);
}

function read(fields, bytes) {
  const message = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("not a protobuf trace request: it ends inside a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length) => {
    if (at + length > bytes.length) throw new Error("not a protobuf trace request: it ends inside a field");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const value = [varint, () => take(8), () => take(Number(varint())), undefined, undefined, () => take(4)][tag & 7]?.();
    if (value === undefined) throw new Error(`not a protobuf trace request: wire type ${tag & 7}`);
    const [name, convert, many] = fields[tag >> 3] ?? [];
    if (!name) continue;
    if (many) (message[name] ??= []).push(convert(value));
    else message[name] = convert(value);
  }
  return message;
}
