import { clientCases } from './client-cases.ts'
import { codeCases } from './code-cases.ts'
import { deviceCases } from './device-cases.ts'
import { dpopCases } from './dpop-cases.ts'
import { sessionCases } from './session-cases.ts'
import type { OAuthCase } from './target.ts'

/**
 * What clients rely on when they talk to an OAuth server, one fact per case. The same list runs against
 * oidc-provider and against the double, so that the double cannot drift.
 */
export const oauthCases: readonly OAuthCase[] = [
  ...clientCases,
  ...codeCases,
  ...sessionCases,
  ...deviceCases,
  ...dpopCases,
]
