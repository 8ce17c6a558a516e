/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 16_804, // budget: 5_000
  'core + axios adapter': 20_704, // budget: 5_500
  'core + ky hooks': 16_890, // budget: 5_500
  'NocoDB preset + core + fetch': 21_586, // budget: 7_000
  'NocoDB preset + core + axios adapter': 25_875,
  'core + fetch + axios + ky': 21_160,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 4_994, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 14_147,
  '@latchkey/core/adapter': 5_834,
  '@latchkey/core/service': 14_847,
  '@latchkey/fetch': 5_374,
  '@latchkey/axios': 9_265,
  '@latchkey/ky': 5_346,
  '@latchkey/nocodb': 21_768,
  '@latchkey/oauth': 23_213,
  '@latchkey/oauth/sharetribe': 23_566,
  '@latchkey/jwt': 19_722,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 18_375,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/file': 4_515,
  '@latchkey/stores/keychain': 6_616,
  '@latchkey/stores/redis': 4_034,
  '@latchkey/stores/web': 2_634,
}
