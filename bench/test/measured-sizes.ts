/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 13_489, // budget: 5_000
  'core + axios adapter': 15_474, // budget: 5_500
  'core + ky hooks': 13_561, // budget: 5_500
  'NocoDB preset + core + fetch': 18_362, // budget: 7_000
  'NocoDB preset + core + axios adapter': 20_548,
  'core + fetch + axios + ky': 15_780,
  'fetch adapter alone': 117, // budget: 1_200
  'axios adapter alone': 2_813, // budget: 1_200
  'ky hooks alone': 260, // budget: 1_200
  '@latchkey/core': 15_271,
  '@latchkey/fetch': 2_901,
  '@latchkey/axios': 5_120,
  '@latchkey/ky': 2_991,
  '@latchkey/nocodb': 18_477,
  '@latchkey/oauth': 20_920,
  '@latchkey/oauth/sharetribe': 21_166,
  '@latchkey/jwt': 17_583,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 16_014,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_601,
  '@latchkey/stores/cookie': 3_819,
  '@latchkey/stores/file': 4_302,
  '@latchkey/stores/keychain': 6_421,
  '@latchkey/stores/redis': 4_003,
  '@latchkey/stores/web': 2_526,
}
