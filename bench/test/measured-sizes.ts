/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 18_439, // budget: 5_000
  'core + axios adapter': 22_518, // budget: 5_500
  'core + ky hooks': 18_518, // budget: 5_500
  'NocoDB preset + core + fetch': 23_611, // budget: 7_000
  'NocoDB preset + core + axios adapter': 28_003,
  'core + fetch + axios + ky': 23_023,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_157, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 15_790,
  '@latchkey/core/adapter': 6_415,
  '@latchkey/core/service': 16_837,
  '@latchkey/fetch': 5_952,
  '@latchkey/axios': 9_839,
  '@latchkey/ky': 5_771,
  '@latchkey/nocodb': 23_804,
  '@latchkey/oauth': 23_450,
  '@latchkey/oauth/sharetribe': 23_776,
  '@latchkey/jwt': 24_338,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 19_998,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/file': 4_566,
  '@latchkey/stores/keychain': 6_673,
  '@latchkey/stores/redis': 4_034,
  '@latchkey/stores/web': 2_634,
}
