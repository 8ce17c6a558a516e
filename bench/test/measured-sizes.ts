/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 18_486, // budget: 11_000
  'core + axios adapter': 22_564, // budget: 13_000
  'core + ky hooks': 18_566, // budget: 11_200
  'fetch + NocoDB': 23_668, // budget: 15_000
  'axios + NocoDB': 28_057,
  'fetch + jwt + web store': 30_332, // budget: 16_500
  'core + fetch + axios + ky': 23_062,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_157, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 15_838,
  '@latchkey/core/adapter': 6_438,
  '@latchkey/core/service': 16_883,
  '@latchkey/fetch': 5_975,
  '@latchkey/axios': 9_839,
  '@latchkey/ky': 5_771,
  '@latchkey/nocodb': 23_847,
  '@latchkey/oauth': 23_518,
  '@latchkey/oauth/sharetribe': 23_852,
  '@latchkey/jwt': 24_879,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_044,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/file': 4_566,
  '@latchkey/stores/keychain': 6_673,
  '@latchkey/stores/redis': 4_034,
  '@latchkey/stores/web': 2_634,
}
