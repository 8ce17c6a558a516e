import { isLatchkeyError } from '../errors.ts'

/** Codes that mean "signed out". Any other failure means that the server could not be asked. */
const SIGNED_OUT: ReadonlySet<string> = new Set([
  'ERR_SIGN_IN_REQUIRED',
  'ERR_API_TOKEN_REJECTED',
  'ERR_REFRESH_TOKEN_REJECTED',
  'ERR_WRONG_CREDENTIALS',
  'ERR_CROSS_ORIGIN_REFRESH',
  'ERR_FRESH_TOKEN_REJECTED',
])

/** Returns the result of `ask`, or false if it fails because the user is signed out. @throws any other failure. */
export async function isSignedIn(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask()
  } catch (error) {
    if (isLatchkeyError(error) && SIGNED_OUT.has(error.code)) return false
    throw error
  }
}
