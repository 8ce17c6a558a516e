import { writeFileSync } from 'node:fs'
import * as http from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHome, type Home } from '../../packages/cli/test/support/latchkey.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A name that only the proxy can resolve. */
const HOST = 'nocodb.test'
const url = `https://${HOST}`
const ada = { email: 'ada@example.com', password: 'CANARY-7f3a correct horse' }
const user = 'CANARY-7f3a-proxy'

/** Node 24.14 and newer takes a proxy at any time; older ones have to be told at their start. */
const takesProxy = 'setGlobalProxyFromEnv' in http
const start: Record<string, string> = takesProxy ? {} : { NODE_USE_ENV_PROXY: '1' }

let double: NocoDBDouble
let home: Home
let plain: ListeningServer
let secure: Server
let proxy: http.Server
let asked: { authority: string | undefined; credential: string | undefined }[]
const open = new Set<Socket>()
const closing: Server[] = []

async function listening(server: Server): Promise<number> {
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
  })
  closing.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** TLS in front of the double. */
async function serveSecurely(port: number) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: HOST }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: HOST }] }],
  })
  const server = createTlsServer({ key, cert }, (socket) => {
    const inner = connect(port, '127.0.0.1')
    for (const one of [socket, inner]) one.on('error', () => one.destroy())
    socket.pipe(inner).pipe(socket)
  })
  return { server, cert }
}

/** A proxy as companies have it (RFC 9110 section 9.3.6). */
function createProxy(port: () => number): http.Server {
  return http
    .createServer((_, response) => response.writeHead(405).end())
    .on('connect', (request, socket: Socket) => {
      asked.push({ authority: request.url, credential: request.headers['proxy-authorization'] })
      const inner = connect(port(), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(inner).pipe(socket)
      })
      for (const one of [socket, inner]) one.on('error', () => one.destroy())
    })
}

let env: Record<string, string>
beforeEach(async () => {
  asked = []
  double = createNocoDBDouble()
  double.control.addUser(ada)
  plain = await listen(double)
  home = createHome()
  const { server, cert } = await serveSecurely(Number(new URL(plain.url).port))
  secure = server
  const securePort = await listening(secure)
  proxy = createProxy(() => securePort)
  const NODE_EXTRA_CA_CERTS = join(home.folder, 'authority.pem')
  writeFileSync(NODE_EXTRA_CA_CERTS, cert)
  const HTTPS_PROXY = `http://${user}:secret@127.0.0.1:${await listening(proxy)}`
  env = { ...start, NODE_EXTRA_CA_CERTS, HTTPS_PROXY }
})
afterEach(async () => {
  home.remove()
  for (const socket of open) socket.destroy()
  for (const server of closing.splice(0)) server.close()
  await plain.close()
})

const signIn = (to: string, given = env) =>
  home.run(['sign-in', to, '--email', ada.email, '--stdin'], { stdin: ada.password, env: given })
const run = (...args: string[]) => home.run(args, { env })

test('every request of the command goes through the proxy of the environment', async () => {
  const ended = [await signIn(url)]
  double.control.revokeAccessTokens(ada.email)
  ended.push(await run('request', 'GET', '/api/v1/auth/user/me'))
  ended.push(await run('api-tokens', 'list'), await run('doctor'), await run('sign-out'))
  expect(ended.map(({ code }) => code)).toEqual(Array(5).fill(0))
  expect(double.control.counts()).toMatchObject({ signIns: 1, renewals: 1, signOuts: 1 })
  const credential = `Basic ${btoa(`${user}:secret`)}`
  expect(asked.length).toBeGreaterThanOrEqual(ended.length)
  for (const one of asked) expect(one).toEqual({ authority: `${HOST}:443`, credential })
  expect(ended[3]?.stdout).toContain('proxy: HTTPS_PROXY is set')
  expect(JSON.stringify(ended)).not.toContain(user)
})

test('a request to this machine does not use the proxy', async () => {
  const { HTTPS_PROXY = '' } = env
  const both = takesProxy ? { ...env, HTTP_PROXY: HTTPS_PROXY } : { HTTPS_PROXY }
  expect((await signIn(plain.url, both)).code).toBe(0)
  expect(asked).toEqual([])
})

test('a request to a host in NO_PROXY does not use the proxy', async () => {
  expect((await signIn(url, { ...env, NO_PROXY: HOST })).code).toBe(4)
  expect(asked).toEqual([])
})

test.runIf(takesProxy)('a proxy that is not a URL is reported without its value', async () => {
  const { code, stderr } = await signIn(url, { ...env, HTTPS_PROXY: user })
  expect(code).toBe(2)
  expect(stderr).toContain('HTTPS_PROXY')
  expect(stderr).not.toContain('CANARY')
})

test.skipIf(takesProxy)(
  'an older Node that ignores the proxy causes a message with what to do',
  async () => {
    const { code, stderr } = await signIn(url, { ...env, NODE_USE_ENV_PROXY: '0' })
    expect(code).toBe(4)
    expect(stderr).toContain('This Node ignores HTTPS_PROXY. To go through the proxy,')
    expect(stderr).not.toContain('CANARY')
  },
)
