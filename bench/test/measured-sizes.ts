/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 20_251, // budget: 11_000
  'core + axios adapter': 24_857, // budget: 13_000
  'core + ky hooks': 20_333, // budget: 11_200
  'fetch + NocoDB': 25_496, // budget: 15_000
  'axios + NocoDB': 30_319,
  'fetch + oauth for machines': 34_624, // budget: 35_000
  'fetch + oauth for people': 39_654, // budget: 40_000
  'fetch + jwt + web store': 33_137, // budget: 16_500
  'core + fetch + axios + ky': 25_254,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_596, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 17_597,
  '@latchkey/core/adapter': 6_898,
  '@latchkey/core/service': 18_602,
  '@latchkey/fetch': 6_341,
  '@latchkey/axios': 10_653,
  '@latchkey/ky': 6_136,
  '@latchkey/nocodb': 25_699,
  '@latchkey/oauth': 36_289,
  '@latchkey/oauth/discovery': 9_445,
  '@latchkey/oauth/node': 13_496,
  '@latchkey/oauth/sharetribe': 27_155,
  '@latchkey/jwt': 27_218,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 21_660,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_867,
  '@latchkey/stores/cookie': 4_641,
  '@latchkey/stores/encrypted': 2_425,
  '@latchkey/stores/file': 4_807,
  '@latchkey/stores/keychain': 6_992,
  '@latchkey/stores/redis': 5_352,
  '@latchkey/stores/web': 2_912,
}
