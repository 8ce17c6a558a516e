/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 13_854, // budget: 5_000
  'core + axios adapter': 15_826, // budget: 5_500
  'core + ky hooks': 13_923, // budget: 5_500
  'NocoDB preset + core + fetch': 18_723, // budget: 7_000
  'NocoDB preset + core + axios adapter': 20_929,
  'core + fetch + axios + ky': 16_142,
  'fetch adapter alone': 138, // budget: 1_200
  'axios adapter alone': 2_838, // budget: 1_200
  'ky hooks alone': 260, // budget: 1_200
  '@latchkey/core': 15_626,
  '@latchkey/fetch': 3_088,
  '@latchkey/axios': 5_185,
  '@latchkey/ky': 3_051,
  '@latchkey/nocodb': 18_899,
  '@latchkey/oauth': 21_229,
  '@latchkey/oauth/sharetribe': 21_476,
  '@latchkey/jwt': 17_886,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 16_304,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/file': 4_339,
  '@latchkey/stores/keychain': 6_455,
  '@latchkey/stores/redis': 4_042,
  '@latchkey/stores/web': 2_560,
}
