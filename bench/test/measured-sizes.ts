/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 18_656, // budget: 11_000
  'core + axios adapter': 22_777, // budget: 13_000
  'core + ky hooks': 18_742, // budget: 11_200
  'fetch + NocoDB': 23_797, // budget: 15_000
  'axios + NocoDB': 28_197,
  'fetch + jwt + web store': 30_586, // budget: 16_500
  'core + fetch + axios + ky': 23_257,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_165, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 15_999,
  '@latchkey/core/adapter': 6_431,
  '@latchkey/core/service': 17_065,
  '@latchkey/fetch': 5_970,
  '@latchkey/axios': 9_836,
  '@latchkey/ky': 5_765,
  '@latchkey/nocodb': 23_968,
  '@latchkey/oauth': 23_673,
  '@latchkey/oauth/sharetribe': 24_049,
  '@latchkey/jwt': 25_139,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_218,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_639,
  '@latchkey/stores/cookie': 3_849,
  '@latchkey/stores/encrypted': 2_263,
  '@latchkey/stores/file': 4_566,
  '@latchkey/stores/keychain': 6_673,
  '@latchkey/stores/redis': 5_171,
  '@latchkey/stores/web': 2_634,
}
