#!/usr/bin/env node
// A recorder: takes OTLP/HTTP traces (protobuf or JSON, also gzip) and appends each request as one line of OTLP/JSON to
// a file, the way the OpenTelemetry Collector's file exporter does. It judges nothing and keeps nothing in memory.
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { traceRequestFromProtobuf } from "./otlp.mjs";

export async function startRecorder({ port = 0, file }) {
  writeFileSync(file, "");
  const counted = { requests: 0, spans: 0, refused: 0 };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const isJson = request.headers["content-type"]?.includes("json") ?? false;
    try {
      if (request.method !== "POST" || request.url !== "/v1/traces") throw new Error(`nothing is recorded at ${request.method} ${request.url}`);
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      const traces = isJson ? JSON.parse(body.toString()) : traceRequestFromProtobuf(body);
      appendFileSync(file, `${JSON.stringify(traces)}\n`);
      counted.requests += 1;
      for (const { scopeSpans = [] } of traces.resourceSpans ?? []) for (const { spans = [] } of scopeSpans) counted.spans += spans.length;
      response.writeHead(200, { "content-type": isJson ? "application/json" : "application/x-protobuf" }).end(isJson ? "{}" : "");
    } catch (error) {
      counted.refused += 1;
      response.writeHead(400, { "content-type": "text/plain" }).end(error.message);
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    counted,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "4318" }, file: { type: "string", default: "recording.jsonl" } } });
  const recorder = await startRecorder({ port: Number(values.port), file: values.file });
  console.log(`recording what arrives at ${recorder.url}/v1/traces to ${values.file}; Ctrl-C ends it`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      await recorder.close();
      console.log(`recorded ${recorder.counted.spans} spans in ${recorder.counted.requests} requests, refused ${recorder.counted.refused}`);
    });
  }
}
