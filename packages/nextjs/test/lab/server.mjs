// A custom server, as the Next.js documentation shows it.
import { createServer } from 'node:http'
import next from 'next'

const port = Number(process.env.PORT)
const app = next({ dev: false, port, hostname: '127.0.0.1' })
await app.prepare()
const handle = app.getRequestHandler()
createServer((request, response) => handle(request, response)).listen(port, '127.0.0.1', () => console.log('Ready'))
