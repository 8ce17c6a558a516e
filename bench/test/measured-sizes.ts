/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 19_225, // budget: 11_000
  'core + axios adapter': 23_528, // budget: 13_000
  'core + ky hooks': 19_303, // budget: 11_200
  'fetch + NocoDB': 24_344, // budget: 15_000
  'axios + NocoDB': 28_820,
  'fetch + jwt + web store': 31_252, // budget: 16_500
  'core + fetch + axios + ky': 23_909,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_269, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 16_544,
  '@latchkey/core/adapter': 6_597,
  '@latchkey/core/service': 17_641,
  '@latchkey/fetch': 5_996,
  '@latchkey/axios': 10_051,
  '@latchkey/ky': 5_782,
  '@latchkey/nocodb': 24_515,
  '@latchkey/oauth': 30_364,
  '@latchkey/oauth/discovery': 9_762,
  '@latchkey/oauth/sharetribe': 24_897,
  '@latchkey/jwt': 25_693,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_724,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_751,
  '@latchkey/stores/cookie': 3_963,
  '@latchkey/stores/file': 4_673,
  '@latchkey/stores/keychain': 6_778,
  '@latchkey/stores/redis': 4_147,
  '@latchkey/stores/web': 2_740,
}
