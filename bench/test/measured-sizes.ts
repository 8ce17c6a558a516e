/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 20_127, // budget: 11_000
  'core + axios adapter': 24_523, // budget: 13_000
  'core + ky hooks': 20_214, // budget: 11_200
  'fetch + NocoDB': 25_313, // budget: 15_000
  'axios + NocoDB': 29_930,
  'fetch + oauth for machines': 34_243, // budget: 35_000
  'fetch + oauth for people': 39_273, // budget: 40_000
  'fetch + jwt + web store': 32_940, // budget: 16_500
  'core + fetch + axios + ky': 24_904,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_382, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 17_455,
  '@latchkey/core/adapter': 6_896,
  '@latchkey/core/service': 18_452,
  '@latchkey/fetch': 6_315,
  '@latchkey/axios': 10_450,
  '@latchkey/ky': 6_111,
  '@latchkey/nocodb': 25_526,
  '@latchkey/oauth': 35_947,
  '@latchkey/oauth/discovery': 10_116,
  '@latchkey/oauth/node': 13_517,
  '@latchkey/oauth/sharetribe': 26_841,
  '@latchkey/jwt': 27_065,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 21_517,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_867,
  '@latchkey/stores/cookie': 4_600,
  '@latchkey/stores/encrypted': 2_425,
  '@latchkey/stores/file': 4_807,
  '@latchkey/stores/keychain': 6_992,
  '@latchkey/stores/redis': 5_353,
  '@latchkey/stores/web': 2_912,
}
