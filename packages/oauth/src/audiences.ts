import { isLatchkeyError, LatchkeyError, type Scheme, type TokenSet } from '@latchkey/core'
import { invalidOption, parseAddress, readObject } from '@latchkey/core/service'

/** What to ask for, so that a token is for one API. */
export interface Audience {
  /** The API's identifier (RFC 8707). */
  resource?: string | undefined
  /** Its scopes, where the server tells APIs apart by them (Microsoft Entra ID). */
  scope?: string | undefined
}

/** One of them, and where its token goes. The first one's is the access token of the token set. */
export interface AudienceAt extends Audience {
  origin: string
}

/** How long a token set is used in which the token of one API is missing, in milliseconds: then all are renewed. */
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
 * The tokens of all audiences, given those of the first. One after the other, since each of them may replace the
 * refresh token that the next one needs. What has been obtained is never lost: where one fails, its API is left
 * out, and all are renewed soon.
 *
 * @param obtain One more token, with the refresh token of the set that it is given where it has one.
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

/** Stands for a token that could not be had. No token has a space in it (RFC 6750 section 2.1). */
const MISSING = 'missing: '

/** A set lives as long as the first of its tokens. */
function endingBy(tokens: TokenSet, expiresAt: number | undefined): TokenSet {
  const ends = [tokens.expiresAt, expiresAt].filter((one) => Number.isFinite(one)) as number[]
  return ends.length > 0 ? { ...tokens, expiresAt: Math.min(...ends) } : tokens
}

/** The scopes to ask a person for: the usual ones, and those of all APIs. */
export function scopesOfAll(
  usual: string | undefined,
  audiences: readonly AudienceAt[],
): string | undefined {
  const all = [usual, ...audiences.map(({ scope }) => scope)].filter((one) => one !== undefined)
  return all.length > 0 ? all.join(' ') : undefined
}

/** `scheme`, with the token of the API that a request goes to. */
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
      const why = accessToken?.slice(MISSING.length) ?? 'the session began without it'
      throw new LatchkeyError(
        'ERR_AUDIENCE_UNAVAILABLE',
        `There is no token for ${origin} (${why}). The session goes on; \`refresh()\` asks for it again.`,
      )
    },
  }
}

/** The access tokens of a set besides the first, by origin. They come from a store, and are read with distrust. */
export function otherTokens({ audienceTokens = '{}' }: TokenSet): Record<string, string> {
  const read = Object.entries(readObject(audienceTokens)).filter(([, token]) => isText(token))
  return Object.assign(Object.create(null), Object.fromEntries(read)) as Record<string, string>
}

/** Whether it is none that stands for a token that could not be had. */
export const isToken = (one: string): boolean => !one.startsWith(MISSING)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
