/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 13_053, // budget: 5_000
  'core + axios adapter': 14_918, // budget: 5_500
  'core + ky hooks': 13_129, // budget: 5_500
  'NocoDB preset + core + fetch': 17_879, // budget: 7_000
  'NocoDB preset + core + axios adapter': 19_925,
  'core + fetch + axios + ky': 15_188,
  'fetch adapter alone': 140, // budget: 1_200
  'axios adapter alone': 2_666, // budget: 1_200
  'ky hooks alone': 283, // budget: 1_200
  '@latchkey/core': 14_789,
  '@latchkey/fetch': 2_791,
  '@latchkey/axios': 4_885,
  '@latchkey/ky': 2_886,
  '@latchkey/nocodb': 17_495,
  '@latchkey/oauth': 20_608,
  '@latchkey/oauth/sharetribe': 20_807,
  '@latchkey/jwt': 17_156,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 15_467,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_601,
  '@latchkey/stores/cookie': 3_804,
  '@latchkey/stores/file': 4_293,
  '@latchkey/stores/keychain': 6_310,
  '@latchkey/stores/redis': 4_003,
  '@latchkey/stores/web': 2_526,
}
