import { apiTokenCases } from './api-token-cases.ts'
import { chainCases } from './chain-cases.ts'
import { processCases } from './process-cases.ts'
import { sdkCases } from './sdk-cases.ts'
import { sessionCases } from './session-cases.ts'
import type { AcceptanceCase } from './target.ts'
import { trafficCases } from './traffic-cases.ts'

/**
 * What Latchkey promises for NocoDB, end to end and with the real clients. The same list runs against
 * the real server and against the double.
 */
export const acceptanceCases: readonly AcceptanceCase[] = [
  ...chainCases,
  ...trafficCases,
  ...sessionCases,
  ...processCases,
  ...apiTokenCases,
  ...sdkCases,
]
