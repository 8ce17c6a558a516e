import { randomText } from '../double/random.ts'

/** What one sign-in started. All its tokens end with it. */
export interface Session {
  readonly clientId: string
  /** Undefined: the client acts for itself. */
  readonly username: string | undefined
  readonly scope: readonly string[]
  /** When the user signed in, epoch ms. */
  readonly authenticatedAt: number
  readonly acr: string | undefined
  /** Of the authorization request, for id tokens. */
  readonly nonce: string | undefined
  /** The resources that the user was asked about (RFC 8707). Undefined: any. */
  readonly resources: readonly string[] | undefined
  isOver: boolean
}

export interface AccessToken {
  readonly session: Session
  readonly scope: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
  /** Thumbprint of the key that the token is bound to. */
  readonly keyThumbprint: string | undefined
  /** The resource it was asked for (RFC 8707). */
  readonly audience: string | undefined
}

export interface RefreshToken {
  readonly session: Session
  readonly issuedAt: number
  readonly expiresAt: number
  readonly keyThumbprint: string | undefined
  usedAt: number | undefined
}

export interface AuthorizationCode {
  readonly session: Session
  readonly redirectUri: string
  readonly codeChallenge: string | undefined
  readonly expiresAt: number
  isUsed: boolean
}

/** A device that waits for its user. */
export interface PendingDevice {
  readonly clientId: string
  readonly userCode: string
  readonly scope: readonly string[]
  readonly expiresAt: number
  /** Grows by 5 s with each `slow_down`, as devices are told to slow down. */
  intervalMs: number
  polledAt: number | undefined
  /** The session when the user said yes. */
  outcome: 'pending' | 'denied' | 'used' | Session
}

export type Sessions = ReturnType<typeof createSessions>

/** Everything that the server has issued, in memory. */
export function createSessions() {
  const accessTokens = new Map<string, AccessToken>()
  const refreshTokens = new Map<string, RefreshToken>()
  const codes = new Map<string, AuthorizationCode>()
  const devices = new Map<string, PendingDevice>()
  const add = <Value>(map: Map<string, Value>, value: Value) => {
    const key = randomText(43)
    map.set(key, value)
    return key
  }
  const usable = <Token extends { session: Session }>(token: Token | undefined) =>
    token?.session.isOver === false ? token : undefined

  return {
    addAccessToken: (token: AccessToken) => add(accessTokens, token),
    addRefreshToken: (token: RefreshToken) => add(refreshTokens, token),
    addCode: (code: AuthorizationCode) => add(codes, code),
    addDevice: (device: PendingDevice) => add(devices, device),
    accessToken: (value: string) => usable(accessTokens.get(value)),
    refreshToken: (value: string) => usable(refreshTokens.get(value)),
    code: (value: string) => codes.get(value),
    device: (value: string) => devices.get(value),
    deviceByUserCode: (userCode: string) =>
      [...devices.values()].find((device) => device.userCode === userCode),
    forgetAccessTokens: (isMeant: (session: Session) => boolean) => forget(accessTokens, isMeant),
    forgetRefreshTokens: (isMeant: (session: Session) => boolean) => forget(refreshTokens, isMeant),
    end(isMeant: (session: Session) => boolean): void {
      for (const { session } of [...accessTokens.values(), ...refreshTokens.values()]) {
        if (isMeant(session)) session.isOver = true
      }
    },
  }
}

function forget(
  tokens: Map<string, { session: Session }>,
  isMeant: (session: Session) => boolean,
): void {
  for (const [value, { session }] of tokens) if (isMeant(session)) tokens.delete(value)
}
