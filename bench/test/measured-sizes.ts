/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 19_304, // budget: 11_000
  'core + axios adapter': 23_609, // budget: 13_000
  'core + ky hooks': 19_383, // budget: 11_200
  'fetch + NocoDB': 24_381, // budget: 15_000
  'axios + NocoDB': 28_868,
  'fetch + oauth for machines': 33_216, // budget: 34_000
  'fetch + oauth for people': 38_245, // budget: 39_000
  'fetch + jwt + web store': 31_406, // budget: 16_500
  'core + fetch + axios + ky': 23_981,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_264, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 16_607,
  '@latchkey/core/adapter': 6_584,
  '@latchkey/core/service': 17_699,
  '@latchkey/fetch': 5_990,
  '@latchkey/axios': 10_041,
  '@latchkey/ky': 5_774,
  '@latchkey/nocodb': 24_575,
  '@latchkey/oauth': 35_084,
  '@latchkey/oauth/discovery': 9_797,
  '@latchkey/oauth/node': 13_195,
  '@latchkey/oauth/sharetribe': 25_942,
  '@latchkey/jwt': 25_860,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_803,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_762,
  '@latchkey/stores/cookie': 4_530,
  '@latchkey/stores/encrypted': 2_410,
  '@latchkey/stores/file': 4_691,
  '@latchkey/stores/keychain': 6_795,
  '@latchkey/stores/redis': 5_290,
  '@latchkey/stores/web': 2_759,
}
