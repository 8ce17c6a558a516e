/**
 * Keeps axios signed in: http, fetch, XMLHttpRequest and custom adapters. Peer: axios >= 1.18.
 *
 * @module
 */
export { type AxiosLike, registerAuth } from './register-auth.ts'
