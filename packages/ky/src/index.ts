/**
 * Hooks that keep ky signed in. Peer: ky >= 2.
 *
 * @module
 */
export { authHooks } from './auth-hooks.ts'
