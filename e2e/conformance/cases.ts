import { accessTokenCases } from './access-token-cases.ts'
import { apiTokenCases } from './api-token-cases.ts'
import { credentialCases } from './credential-cases.ts'
import { recordCases } from './record-cases.ts'
import { refreshCases } from './refresh-cases.ts'
import { revocationCases } from './revocation-cases.ts'
import { signInCases } from './sign-in-cases.ts'
import type { ConformanceCase } from './target.ts'

/**
 * What Latchkey relies on when it talks to NocoDB 0.301.3, one fact per case. The same list runs
 * against the real server and against the double, so that the double cannot drift.
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...signInCases,
  ...refreshCases,
  ...accessTokenCases,
  ...credentialCases,
  ...apiTokenCases,
  ...revocationCases,
  ...recordCases,
]
