/** What a token end point gives; the same to everybody who is compared. */
export interface Tokens {
  accessToken: string
  refreshToken: string
  /** Epoch milliseconds. */
  expiresAt: number
}

/** A JWT as back ends issue them (nobody verifies its signature), so that who decodes tokens has one. */
export function issueTokens(count: number, lifeMs: number): Tokens {
  const now = Date.now()
  const expiresAt = now + lifeMs
  const payload = { sub: '3f1c8a52', count, iat: Math.floor(now / 1000), exp: expiresAt / 1000 }
  const parts = [{ alg: 'HS256', typ: 'JWT' }, payload].map((part) => base64url(part))
  const accessToken = [...parts, 'c2lnbmF0dXJlLW9mLXRoaXJ0eS10d28tYnl0ZXMtLS0'].join('.')
  return { accessToken, refreshToken: `refresh-${count}`, expiresAt }
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
