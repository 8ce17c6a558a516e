import { isLatchkeyError, LatchkeyError, type Scheme, type TokenSet } from '@latchkey/core'
import { invalidOption, parseAddress, readObject } from '@latchkey/core/service'

/** The resource or scope that limits a token to one API. */
export interface Audience {
  /** The API's identifier (RFC 8707). */
  resource?: string | undefined
  /** Its scopes, if the server distinguishes APIs by scope (Microsoft Entra ID). */
  scope?: string | undefined
}

/** One API with its origin. The first API's token is the access token of the token set. */
export interface AudienceAt extends Audience {
  origin: string
}

/** Lifetime, in milliseconds, of a token set that lacks the token of one API. After that all are renewed. */
const PARTIAL_MS = 60_000

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`. */
export function checkAudiences(
  given: Readonly<Record<string, Audience>> | undefined,
  origins: readonly string[],
  allowInsecure: boolean,
): AudienceAt[] {
  if (given === undefined) return []
  const audiences = Object.entries(Object(given) as typeof given).map(([where, audience]) => {
    const { origin } = parseAddress('audiences', where, { allowInsecure })
    const { resource, scope, ...others } = Object(audience) as Audience
    const isKnown = Object.keys(others).length === 0 && (resource ?? scope) !== undefined
    if (!isKnown || ![resource, scope].every((one) => one === undefined || isText(one))) {
      throw invalidOption(`\`audiences["${origin}"]\` must have a \`resource\` or a \`scope\`.`)
    }
    return { origin, resource, scope }
  })
  const named = audiences.map(({ origin }) => origin)
  const wanted = origins.map((origin) => (URL.canParse(origin) ? new URL(origin).origin : origin))
  if (named.length === 0 || named.toSorted().join() !== wanted.toSorted().join()) {
    throw invalidOption('`audiences` must have an entry for each `origin`, and no others.')
  }
  return audiences
}

/**
 * Obtains the tokens of all audiences after the first. Works one after the other, because each answer may replace
 * the refresh token that the next request needs. If one fails, the others are kept without it, and all are renewed
 * soon.
 *
 * @param obtain Requests one more token, with the refresh token of the given set if it has one.
 */
export async function obtainAll(
  [, ...others]: readonly AudienceAt[],
  first: TokenSet,
  now: number,
  obtain: (audience: AudienceAt, latest: TokenSet) => Promise<TokenSet>,
): Promise<TokenSet> {
  const found: Record<string, string> = {}
  let latest = first
  for (const audience of others) {
    try {
      const { accessToken, refreshToken, expiresAt } = await obtain(audience, latest)
      found[audience.origin] = accessToken
      latest = endingBy({ ...latest, ...(refreshToken && { refreshToken }) }, expiresAt)
    } catch (error) {
      const { code = 'an error' } = isLatchkeyError(error) ? error : {}
      found[audience.origin] = `${MISSING}${code}`
      latest = endingBy(latest, now + PARTIAL_MS)
    }
  }
  return { ...latest, audienceTokens: JSON.stringify(found) }
}

/** Marks a token that could not be obtained. A real token cannot contain a space (RFC 6750 section 2.1). */
const MISSING = 'missing: '

/** A set expires with the first of its tokens. */
function endingBy(tokens: TokenSet, expiresAt: number | undefined): TokenSet {
  const ends = [tokens.expiresAt, expiresAt].filter((one) => Number.isFinite(one)) as number[]
  return ends.length > 0 ? { ...tokens, expiresAt: Math.min(...ends) } : tokens
}

/** Returns the scopes for a person's sign-in: the usual ones, and those of all APIs. */
export function scopesOfAll(
  usual: string | undefined,
  audiences: readonly AudienceAt[],
): string | undefined {
  const all = [usual, ...audiences.map(({ scope }) => scope)].filter((one) => one !== undefined)
  return all.length > 0 ? all.join(' ') : undefined
}

/** Wraps `scheme` so that each request carries the token of its API. */
export function schemeOfAudiences(scheme: Scheme, audiences: readonly AudienceAt[]): Scheme {
  const [first] = audiences
  const { name, header } = scheme
  return {
    name,
    ...(header !== undefined && { header }),
    headers(tokens, request) {
      const { origin } = request.url
      if (origin === first?.origin) return scheme.headers(tokens, request)
      const accessToken = otherTokens(tokens)[origin]
      if (accessToken !== undefined && isToken(accessToken))
        return scheme.headers({ ...tokens, accessToken }, request)
      const why = accessToken?.slice(MISSING.length) ?? 'the session began without one'
      throw new LatchkeyError(
        'ERR_AUDIENCE_UNAVAILABLE',
        `The session lacks a token for ${origin} (${why}). The other APIs are not affected. \`refresh()\` requests it again.`,
      )
    },
  }
}

/** Returns the access tokens after the first, by origin. They come from a store, so each is checked. */
export function otherTokens({ audienceTokens = '{}' }: TokenSet): Record<string, string> {
  const read = Object.entries(readObject(audienceTokens)).filter(([, token]) => isText(token))
  return Object.assign(Object.create(null), Object.fromEntries(read)) as Record<string, string>
}

/** Returns whether it is a real token, not the mark for a missing one. */
export const isToken = (one: string): boolean => !one.startsWith(MISSING)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
