/**
 * The MAC of PowerAuth 4.0, in its own module because it loads another package.
 *
 * @module
 */

import { kmac256 as kmac } from '@noble/hashes/sha3-addons.js'
import type { TokenMac } from './token-digest.ts'

const options = { personalization: new TextEncoder().encode('PA4DIGEST'), dkLen: 32 }

/**
 * KMAC256 (NIST SP 800-185): the MAC of version 4.0, which is a preview and not released by any server.
 * Needs `@noble/hashes`, which no other module loads.
 *
 * @example
 * powerAuth({ origin, createToken, version: '4.0', mac: kmac256 })
 */
export const kmac256: TokenMac = (key, message) => kmac(key, message, options)
