/**
 * A sign-in that has begun, as plain data. `finishSignIn()` checks the answer against it. A server keeps it with
 * the user's visit (in a session, or an encrypted cookie) and never shows it to another user.
 */
export interface PendingSignIn {
  /** Ties the answer to this sign-in (RFC 6749 section 10.12). */
  readonly state: string
  /** Proves that the same program begins and finishes the sign-in (RFC 7636). A secret until it has ended. */
  readonly codeVerifier: string
  /** Ties the ID token to this sign-in, if OpenID is requested. */
  readonly nonce?: string
  /** The URL that the server sends the user back to. */
  readonly redirectUri: string
}

const keyOf = (state: string) => `latchkey.signIn.${state}`

/**
 * Returns the storage of the tab. Only in pages, because a server's storage would belong to all of its users. If
 * a browser blocks it, the caller has to keep `pending`.
 */
function storage(): Storage | undefined {
  try {
    return 'document' in globalThis ? globalThis.sessionStorage : undefined
  } catch {
    return undefined
  }
}

/** Keeps a sign-in for the page that the server sends the user back to. */
export function keepPending(pending: PendingSignIn): void {
  try {
    storage()?.setItem(keyOf(pending.state), JSON.stringify(pending))
  } catch {
    // The storage is full. The caller has `pending`.
  }
}

/** Returns and forgets the sign-in with this `state` that began in this tab, because it can finish only once. */
export function takePending(state: string): PendingSignIn | undefined {
  const kept = storage()?.getItem(keyOf(state)) ?? undefined
  storage()?.removeItem(keyOf(state))
  return kept === undefined ? undefined : (JSON.parse(kept) as PendingSignIn)
}
