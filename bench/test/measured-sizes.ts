/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 19_244, // budget: 11_000
  'core + axios adapter': 23_549, // budget: 13_000
  'core + ky hooks': 19_322, // budget: 11_200
  'fetch + NocoDB': 24_362, // budget: 15_000
  'axios + NocoDB': 28_839,
  'fetch + oauth for machines': 33_069, // budget: 34_000
  'fetch + oauth for people': 38_140, // budget: 39_000
  'fetch + jwt + web store': 31_368, // budget: 16_500
  'core + fetch + axios + ky': 23_926,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_272, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 16_564,
  '@latchkey/core/adapter': 6_597,
  '@latchkey/core/service': 17_660,
  '@latchkey/fetch': 5_996,
  '@latchkey/axios': 10_051,
  '@latchkey/ky': 5_782,
  '@latchkey/nocodb': 24_532,
  '@latchkey/oauth': 34_965,
  '@latchkey/oauth/discovery': 9_789,
  '@latchkey/oauth/node': 13_146,
  '@latchkey/oauth/sharetribe': 25_856,
  '@latchkey/jwt': 25_816,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_744,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_761,
  '@latchkey/stores/cookie': 4_528,
  '@latchkey/stores/encrypted': 2_388,
  '@latchkey/stores/file': 4_684,
  '@latchkey/stores/keychain': 6_788,
  '@latchkey/stores/redis': 5_293,
  '@latchkey/stores/web': 2_749,
}
