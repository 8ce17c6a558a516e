/**
 * A sign-in that has begun: what its end is checked against, as plain data. A server keeps it with the
 * user's visit (in a session, or an encrypted cookie) and never shows it to another user.
 */
export interface PendingSignIn {
  /** Ties the answer to this sign-in (RFC 6749 section 10.12). */
  readonly state: string
  /** Proves that who began the sign-in also ends it (RFC 7636). A secret until the sign-in has ended. */
  readonly codeVerifier: string
  /** Ties the ID token to this sign-in, where OpenID is asked for. */
  readonly nonce?: string
  /** Where the server sends the user back to. */
  readonly redirectUri: string
}

const keyOf = (state: string) => `latchkey.signIn.${state}`

/**
 * The page's own storage, which lasts as long as its tab. Only in pages: a server's belongs to all of its
 * users. Where a browser blocks it, `pending` has to be kept by the caller.
 */
function storage(): Storage | undefined {
  try {
    return 'document' in globalThis ? globalThis.sessionStorage : undefined
  } catch {
    return undefined
  }
}

/** Keeps a sign-in for the page that the server leads back to. */
export function keepPending(pending: PendingSignIn): void {
  try {
    storage()?.setItem(keyOf(pending.state), JSON.stringify(pending))
  } catch {
    // full: the caller has `pending`
  }
}

/** The sign-in of this `state` that was begun in this tab. It is forgotten, since it ends only once. */
export function takePending(state: string): PendingSignIn | undefined {
  const kept = storage()?.getItem(keyOf(state)) ?? undefined
  storage()?.removeItem(keyOf(state))
  return kept === undefined ? undefined : (JSON.parse(kept) as PendingSignIn)
}
