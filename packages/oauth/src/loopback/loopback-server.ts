import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { invalidOption } from '@latchkey/core/service'

/** Listens at a redirect URI on this machine, for one sign-in. */
export interface LoopbackServer {
  /** The redirect URI, with the port that the server listens on. */
  redirectUri: string
  /**
   * Waits for the answer to the sign-in of `state`. Other requests (a favicon, another program, an older tab)
   * get an answer and are otherwise ignored.
   */
  answerTo(state: string): Promise<Callback>
  close(): void
}

/** The answer to a sign-in, from a browser that still waits for a page. */
export interface Callback {
  parameters: URLSearchParams
  /** Shows the result of the sign-in. Resolves when the page has been sent. */
  show(isSignedIn: boolean): Promise<void>
}

/** Hosts that always mean this machine (RFC 8252 sections 7.3 and 8.3). */
const HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** @throws {LatchkeyError} `ERR_INVALID_OPTION` for another host than this machine. */
export async function listenAt(redirectUri: string): Promise<LoopbackServer> {
  const uri = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  if (!uri || uri.protocol !== 'http:' || !HOSTS.has(uri.hostname)) {
    throw invalidOption(
      '`redirectUri` must be an http URL of this machine, such as "http://127.0.0.1/callback".',
    )
  }
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(uri.port), uri.hostname.replace(/[[\]]/g, ''), resolve)
  })
  uri.port = String((server.address() as AddressInfo).port)
  return {
    redirectUri: uri.href,
    answerTo: (state) => callbackOf(server, uri, state),
    close() {
      server.close()
      server.closeIdleConnections()
    },
  }
}

function callbackOf(server: Server, uri: URL, state: string): Promise<Callback> {
  const result = Promise.withResolvers<boolean>()
  return new Promise((resolve) => {
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '', uri)
      const isOurs = request.method === 'GET' && url.pathname === uri.pathname
      if (!isOurs || url.searchParams.get('state') !== state) return void send(response, 404, OTHER)
      // A browser may open the address twice. Each time it gets a page, with the result of the first.
      const shown = result.promise.then((isSignedIn) =>
        send(response, isSignedIn ? 200 : 400, isSignedIn ? SIGNED_IN : NOT_SIGNED_IN),
      )
      const show = (isSignedIn: boolean) => {
        result.resolve(isSignedIn)
        return shown
      }
      resolve({ parameters: url.searchParams, show })
    })
  })
}

/** Makes a page. It contains nothing from the request. */
const page = (title: string, words: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
  `<body style="font:1.1rem system-ui;margin:4rem auto;max-width:32rem"><h1>${title}</h1><p>${words}</p>`

const SIGNED_IN = page('Signed in', 'You can close this window and go back to the program.')
const NOT_SIGNED_IN = page('Not signed in', 'Go back to the program to see the reason.')
const OTHER = page('Not found', 'This address only takes the answer to a sign-in.')

function send(response: ServerResponse, status: number, html: string): Promise<void> {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  })
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.end(html)
  })
}
