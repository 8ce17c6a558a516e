import { createClock, type DoubleClock } from '../double/clock.ts'
import { randomText } from '../double/random.ts'
import { type Clients, createClients } from './clients.ts'
import type { OAuthError } from './oauth-error.ts'
import type { OAuthSettings } from './oauth-options.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSigner, type Signer } from './signer.ts'

/** A user of the double. Holds a password: never hand it out. */
export interface User {
  readonly username: string
  readonly password: string
}

/** What the API demands under one path, beyond a token that is good. */
export interface Demand {
  /** Every one of these scopes, separated by spaces; otherwise 403 `insufficient_scope`. */
  scope?: string
  /** One of these, separated by spaces, as the strength of the sign-in (RFC 9470). */
  acrValues?: string
  /** A sign-in no longer ago than this. */
  maxAgeMs?: number
}

/** Everything one double knows. Its routes read and change this, and nothing else. */
export interface OAuthWorld extends DoubleClock {
  readonly settings: OAuthSettings
  readonly clients: Clients
  readonly users: Map<string, User>
  readonly sessions: Sessions
  readonly signer: Signer
  /** By path. */
  readonly demands: Map<string, Demand>
  /** Ids of the DPoP proofs that have been accepted. */
  readonly proofs: Set<string>
  /** Why a request was refused, for the log. */
  readonly refusals: WeakMap<Request, OAuthError>
  dpopNonce: string
  /** How many of the next sign-ins by code the user calls off. */
  denials: number
}

export function createOAuthWorld(settings: OAuthSettings): OAuthWorld {
  return {
    ...createClock(settings.now),
    settings,
    clients: createClients(),
    users: new Map(),
    sessions: createSessions(),
    signer: createSigner(),
    demands: new Map(),
    proofs: new Set(),
    refusals: new WeakMap(),
    dpopNonce: randomText(21),
    denials: 0,
  }
}

/** @returns the user of this name, else the first. */
export function userOf(world: OAuthWorld, username?: string): User | undefined {
  if (username) return world.users.get(username)
  return world.users.values().next().value
}

/** @returns the issuer as the sender of a request sees it: its origin, and the issuer's path. */
export function issuerOf({ settings }: OAuthWorld, request: Request): string {
  return new URL(request.url).origin + settings.issuerPath
}
