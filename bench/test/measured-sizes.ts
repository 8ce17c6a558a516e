/**
 * What each bundle weighed when it was last decided that it may: minified and gzipped, in bytes. The
 * budget stands beside it. A ratchet: lower a number when a bundle has become smaller.
 */
export const measuredSizes: Readonly<Record<string, number>> = {
  'core + fetch': 19_422, // budget: 11_000
  'core + axios adapter': 23_723, // budget: 13_000
  'core + ky hooks': 19_500, // budget: 11_200
  'fetch + NocoDB': 24_494, // budget: 15_000
  'axios + NocoDB': 28_975,
  'fetch + oauth for machines': 33_327, // budget: 34_000
  'fetch + oauth for people': 38_366, // budget: 39_000
  'fetch + jwt + web store': 31_544, // budget: 16_500
  'core + fetch + axios + ky': 24_098,
  'fetch adapter alone': 145, // budget: 1_200
  'axios adapter alone': 5_264, // budget: 1_200
  'ky hooks alone': 303, // budget: 1_200
  '@latchkey/core': 16_725,
  '@latchkey/core/adapter': 6_584,
  '@latchkey/core/service': 17_820,
  '@latchkey/fetch': 5_990,
  '@latchkey/axios': 10_041,
  '@latchkey/ky': 5_774,
  '@latchkey/nocodb': 24_683,
  '@latchkey/oauth': 35_211,
  '@latchkey/oauth/discovery': 9_797,
  '@latchkey/oauth/node': 13_195,
  '@latchkey/oauth/sharetribe': 26_055,
  '@latchkey/jwt': 25_988,
  '@latchkey/jwt/back-ends': 1_508,
  '@latchkey/powerauth': 20_934,
  '@latchkey/powerauth/kmac': 165,
  '@latchkey/stores/async-storage': 4_762,
  '@latchkey/stores/cookie': 4_538,
  '@latchkey/stores/encrypted': 2_402,
  '@latchkey/stores/file': 4_695,
  '@latchkey/stores/keychain': 6_792,
  '@latchkey/stores/redis': 5_277,
  '@latchkey/stores/web': 2_760,
}
