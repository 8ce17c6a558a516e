/**
 * Stays signed in to Sharetribe's Marketplace and Integration APIs.
 *
 * @module
 */
export type { UserCredentials } from './grants.ts'
export {
  sharetribeIntegration,
  type SharetribeIntegrationOptions,
} from './sharetribe/integration.ts'
export {
  type SharetribeMarketplace,
  sharetribeMarketplace,
  type SharetribeMarketplaceOptions,
} from './sharetribe/marketplace.ts'
export type { SharetribeTokenStore, SharetribeTokens } from './sharetribe/sdk-token-store.ts'
