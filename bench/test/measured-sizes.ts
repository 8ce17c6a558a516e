/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 17_232, // budget: 5_000
  'core + axios adapter': 21_212, // budget: 5_500
  'core + ky hooks': 17_327, // budget: 5_500
  'NocoDB preset + core + fetch': 21_937, // budget: 7_000
  'NocoDB preset + core + axios adapter': 26_260,
  'core + fetch + axios + ky': 21_644,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_042, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 14_611,
  '@latchkey/core/adapter': 6_306,
  '@latchkey/core/service': 15_381,
  '@latchkey/fetch': 5_843,
  '@latchkey/axios': 9_643,
  '@latchkey/ky': 5_657,
  '@latchkey/nocodb': 22_114,
  '@latchkey/oauth': 21_679,
  '@latchkey/oauth/sharetribe': 22_006,
  '@latchkey/jwt': 20_092,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 18_740,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/file': 4_515,
  '@latchkey/stores/keychain': 6_616,
  '@latchkey/stores/redis': 4_034,
  '@latchkey/stores/web': 2_634,
}
