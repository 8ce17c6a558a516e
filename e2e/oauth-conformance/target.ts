import { randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { browse } from '../src/oauth/browser.ts'

/** Clients and a user that both servers know. */
export const clients = {
  /** Acts for itself. Its secret shows whether both sides encode it as RFC 6749 says. */
  machine: { clientId: 'machine', clientSecret: 'CANARY-7f3a+machine/%:&=' },
  /** Acts for its users, with a secret. */
  app: { clientId: 'app', clientSecret: 'CANARY-7f3a-app' },
  /** Acts for its users, without one. */
  phone: { clientId: 'phone' },
  callback: 'http://127.0.0.1/callback',
}
export type OAuthClients = typeof clients
export const ada = { username: 'ada', password: 'CANARY-7f3a-ada' }

/** Lives of tokens that both servers keep. */
export const lives = {
  accessMs: 3_600_000,
  refreshMs: 14 * 24 * 3_600_000,
  codeMs: 60_000,
  deviceMs: 600_000,
}

/** A server, as a test file gives it to `openTarget()`. */
export interface ServerToHold {
  readonly issuer: string
  /** The same kind of server, which wants nonces in DPoP proofs. */
  readonly nonceIssuer: string
  /** By the server's clock, epoch ms. */
  now(): number
  passTime(ms: number): void
  answerDevice(userCode: string, answer: 'allow' | 'deny'): Promise<void>
  denyNextSignIn(): void
}

/** What a case gets. */
export interface OAuthTarget extends ServerToHold {
  /** Of `issuer`, by OpenID Connect Discovery. */
  readonly metadata: Readonly<Record<string, unknown>>
  at(endpoint: string): string
  /** The same target on `nonceIssuer`. */
  withNonces(): Promise<OAuthTarget>
}

/** One fact about the wire. `run` rejects when the server does otherwise. */
export interface OAuthCase {
  readonly name: string
  readonly run: (target: OAuthTarget) => Promise<void>
}

export async function openTarget(server: ServerToHold): Promise<OAuthTarget> {
  const response = await fetch(`${server.issuer}/.well-known/openid-configuration`)
  const metadata = (await response.json()) as Record<string, unknown>
  return {
    ...server,
    metadata,
    at: (endpoint) => String(metadata[`${endpoint}_endpoint`]),
    withNonces: () => openTarget({ ...server, issuer: server.nonceIssuer }),
  }
}

/** One answer, read to the end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: Readonly<Record<string, unknown>>
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const { status, headers } = response
  try {
    return { status, headers, json: JSON.parse(text) as Record<string, unknown> }
  } catch {
    return { status, headers, json: {} }
  }
}

export type Fields = Record<string, string>
type Client = { clientId: string; clientSecret?: string }

/** How a client says who it is: its secret in the header, or its id alone. */
export function identify({ clientId, clientSecret }: Client): { headers: Fields; fields: Fields } {
  if (clientSecret === undefined) return { headers: {}, fields: { client_id: clientId } }
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  const pair = btoa(`${encode(clientId)}:${encode(clientSecret)}`)
  return { headers: { authorization: `Basic ${pair}` }, fields: {} }
}

/** Posts a form, and nothing but what it is told. */
export async function post(url: string, fields: Fields, headers: Fields = {}): Promise<Answer> {
  return read(await fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers }))
}

export async function get(url: string, headers: Fields = {}): Promise<Answer> {
  return read(await fetch(url, { headers }))
}

/** Posts to an endpoint as a client does. */
export function ask(
  target: OAuthTarget,
  endpoint: string,
  client: Client,
  fields: Fields,
  more: Fields = {},
): Promise<Answer> {
  const own = identify(client)
  return post(target.at(endpoint), { ...own.fields, ...fields }, { ...own.headers, ...more })
}

export const refresh = (
  target: OAuthTarget,
  client: Client,
  refreshToken: unknown,
  fields: Fields = {},
) =>
  ask(target, 'token', client, {
    grant_type: 'refresh_token',
    refresh_token: String(refreshToken),
    ...fields,
  })

/** What the server says about a token. */
export async function introspect(target: OAuthTarget, token: unknown) {
  const { json } = await ask(target, 'introspection', clients.machine, { token: String(token) })
  return json
}

export const isActive = async (target: OAuthTarget, token: unknown) =>
  (await introspect(target, token))['active'] === true

export const userinfo = (target: OAuthTarget, token: unknown) =>
  get(target.at('userinfo'), { authorization: `Bearer ${String(token)}` })

export interface CodeRequest {
  readonly verifier: string
  readonly url: URL
}

/** The address that a sign-in by code starts at. */
export async function codeRequest(
  target: OAuthTarget,
  { clientId }: Client,
  parameters: Fields = {},
): Promise<CodeRequest> {
  const verifier = randomBytes(32).toString('base64url')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const url = new URL(target.at('authorization'))
  url.search = `${new URLSearchParams({
    client_id: clientId,
    redirect_uri: clients.callback,
    response_type: 'code',
    scope: 'openid read',
    code_challenge: Buffer.from(digest).toString('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  })}`
  return { verifier, url }
}

/** Goes through the sign-in up to the address that it returns to. */
export async function comeBack({ url }: { url: URL }): Promise<URLSearchParams> {
  return (await browse(url, clients.callback)).searchParams
}

/** A sign-in by code, up to the answer of the token endpoint. */
export async function signIn(
  target: OAuthTarget,
  client: Client,
  parameters: Fields = {},
  headers: Fields = {},
): Promise<Answer> {
  const request = await codeRequest(target, client, parameters)
  const code = (await comeBack(request)).get('code') ?? ''
  return exchange(target, client, { code, code_verifier: request.verifier }, headers)
}

export const exchange = (
  target: OAuthTarget,
  client: Client,
  fields: Fields,
  headers: Fields = {},
) =>
  ask(
    target,
    'token',
    client,
    { grant_type: 'authorization_code', redirect_uri: clients.callback, ...fields },
    headers,
  )

/** What a proof says. `undefined` leaves a claim out. */
export interface ProofClaims {
  method?: string
  url: string
  nonce?: string | null
  accessToken?: string
  jti?: string
}

/** A key that makes DPoP proofs. */
export async function proofKey(target: OAuthTarget) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    async proof({ method = 'POST', url, nonce, accessToken, jti }: ProofClaims): Promise<Fields> {
      const digest = async (text: string) =>
        Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64url')
      const ath = accessToken === undefined ? {} : { ath: await digest(accessToken) }
      const claims = { htm: method, htu: url, ...ath, ...(nonce && { nonce }) }
      const dpop = await new SignJWT({ ...claims, jti: jti ?? crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt(Math.floor(target.now() / 1000))
        .sign(privateKey)
      return { dpop }
    },
  }
}
