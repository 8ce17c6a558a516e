import type { MaybePromise } from '@latchkey/core'
import type { Credentials, JwtSessionOptions } from './session-options.ts'

/** The configured credentials, and whether the session is still theirs. */
export interface KeptCredentials {
  configured(): MaybePromise<Credentials | undefined>
  /** The same, unless somebody signed in with others: nobody then goes on as somebody else. */
  inUse(): MaybePromise<Credentials | undefined>
  /** Somebody has signed in, with `given` or else with what is configured. */
  entered(given: Credentials | undefined): void
}

export function keepCredentials(option: JwtSessionOptions['credentials']): KeptCredentials {
  let isTheirs = true
  const configured = () => (typeof option === 'function' ? option() : option)
  return {
    configured,
    inUse: () => (isTheirs ? configured() : undefined),
    entered(given) {
      isTheirs = given === undefined || JSON.stringify(given) === JSON.stringify(option)
    },
  }
}
