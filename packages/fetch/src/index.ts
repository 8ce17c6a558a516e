/**
 * A `fetch` that stays signed in.
 *
 * @module
 */
export { wrapFetch } from './wrap-fetch.ts'
