import { createHmac, randomUUID } from 'node:crypto'

/** Every secret of the double holds this word: 16 bytes, of which the last four tell tokens apart. */
export const CANARY = 'CANARY-7f3a'
/** How the canary begins in a token's secret. */
export const CANARY_BASE64 = Buffer.from(CANARY).toString('base64').slice(0, 14)

/** How far a timestamp may lie behind and ahead of the server's clock, in milliseconds. */
const MAX_AGE_MS = 7_200_000
const MAX_AHEAD_MS = { '3.0': 1_800_000, '3.1': 1_800_000, '3.2': 60_000, '3.3': 60_000 }

interface Token {
  tokenId: string
  tokenSecret: string
  activationId: string
}

/** The fields of a header; commas and their order do not matter. */
export function parseHeader(header: string): Record<string, string> {
  if (!header.startsWith('PowerAuth ')) return {}
  return Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  )
}

/** What is wrong with a header's fields before anybody looks at the token; `undefined`: nothing. */
function malformed(fields: Record<string, string>): string | undefined {
  const { token_id, token_digest, nonce, timestamp, version } = fields
  const isBase64 = (text: string | undefined, bytes: number) => {
    const decoded = Buffer.from(text ?? '', 'base64')
    return decoded.length === bytes && decoded.toString('base64') === text
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(token_id ?? '')) return 'TOKEN_ID_INVALID'
  if (!isBase64(token_digest, 32)) return 'DIGEST_INVALID'
  if (!isBase64(nonce, 16)) return 'NONCE_INVALID'
  if (!/^\d{9,15}$/.test(timestamp ?? '')) return 'TIMESTAMP_INVALID'
  if (!Object.hasOwn(MAX_AHEAD_MS, version ?? '')) return 'VERSION_INVALID'
  return undefined
}

export function expectedDigest(secret: string, fields: Record<string, string>): string {
  const { nonce = '', timestamp = '', version = '' } = fields
  const suffix = version < '3.2' ? '' : `&${version}`
  return createHmac('sha256', Buffer.from(secret, 'base64'))
    .update(Buffer.from(nonce, 'base64'))
    .update(`&${timestamp}${suffix}`)
    .digest('base64')
}

const failed = (status: number, code: string, message: string) =>
  Response.json({ status: 'ERROR', responseObject: { code, message } }, { status })
const ok = (responseObject: object) => Response.json({ status: 'OK', responseObject })

/** A PowerAuth server: `/pa/v3/status`, `/pa/v3/token/remove`, and an API behind tokens everywhere else. */
export function createPowerAuthDouble({ now = () => Date.now() } = {}) {
  const tokens = new Map<string, Token>()
  const nonces = new Set<string>()
  /** Why requests were refused, and which headers came, in order. */
  const refusals: string[] = []
  const headers: string[] = []
  const counts = { created: 0, removed: 0, status: 0, accepted: 0, refused: 0 }
  const faults = new Map<string, (() => Response)[]>()

  function refusalOf(header: string | null): string | undefined {
    if (header === null) return 'HEADER_MISSING'
    headers.push(header)
    const fields = parseHeader(header)
    const problem = malformed(fields)
    if (problem) return problem
    const { token_id = '', nonce = '', timestamp, version } = fields
    const aheadMs = Number(timestamp) - now()
    if (aheadMs < -MAX_AGE_MS) return 'ERR0030 too old'
    if (aheadMs > MAX_AHEAD_MS[version as keyof typeof MAX_AHEAD_MS]) return 'ERR0044 too far ahead'
    const token = tokens.get(token_id)
    if (!token) return 'ERR0016 unknown token'
    if (nonces.has(token_id + nonce)) return 'ERR0024 replay'
    nonces.add(token_id + nonce)
    return expectedDigest(token.tokenSecret, fields) === fields['token_digest']
      ? undefined
      : 'wrong digest'
  }

  function answerApi(request: Request): Response {
    const refusal = refusalOf(request.headers.get('x-powerauth-token'))
    if (!refusal) {
      counts.accepted += 1
      return ok({ path: new URL(request.url).pathname })
    }
    counts.refused += 1
    refusals.push(refusal)
    return failed(401, 'ERR_AUTHENTICATION', 'POWER_AUTH_TOKEN_INVALID')
  }

  async function remove(request: Request): Promise<Response> {
    if (!request.headers.has('x-powerauth-authorization')) {
      return failed(401, 'ERR_AUTHENTICATION', 'POWER_AUTH_SIGNATURE_INVALID')
    }
    const { requestObject } = (await request.json()) as { requestObject: { tokenId: string } }
    tokens.delete(requestObject.tokenId)
    counts.removed += 1
    return ok(requestObject)
  }

  const control = {
    counts,
    refusals,
    headers,
    /** What the app's activation keys would bring about. */
    createToken(activationId = 'activation-1'): Token {
      counts.created += 1
      const secret = Buffer.from(`${CANARY}-${String(counts.created).padStart(4, '0')}`)
      const token = { tokenId: randomUUID(), tokenSecret: secret.toString('base64'), activationId }
      tokens.set(token.tokenId, token)
      return token
    },
    /** As an administrator would: tokens, or all of an activation. */
    revoke(id?: string) {
      for (const { tokenId, activationId } of tokens.values()) {
        if (id === undefined || id === tokenId || id === activationId) tokens.delete(tokenId)
      }
    },
    /** The next requests of `path` are answered so. */
    answerNext(path: string, ...answers: (() => Response)[]) {
      faults.set(path, answers)
    },
  }

  async function answer(input: Request | URL | string, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const fault = faults.get(pathname)?.shift()
    if (fault) return fault()
    if (pathname === '/pa/v3/token/remove') return remove(request)
    if (pathname !== '/pa/v3/status') return answerApi(request)
    counts.status += 1
    return ok({ serverTime: now(), application: { name: 'double' } })
  }
  return { fetch: answer, control }
}

export type PowerAuthDouble = ReturnType<typeof createPowerAuthDouble>
