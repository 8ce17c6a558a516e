/**
 * The promises of every store, as test cases.
 *
 * @module
 */

import { changeCases } from './store-contract/change-cases.ts'
import { garbageCases } from './store-contract/garbage-cases.ts'
import { lockCases } from './store-contract/lock-cases.ts'
import { managerCases } from './store-contract/manager-cases.ts'
import { nameCases } from './store-contract/name-cases.ts'
import { sessionCases } from './store-contract/session-cases.ts'
import type { StoreCase } from './store-contract/subject.ts'

export type { Lack, StoreCase, StorePlace, StoreSubject } from './store-contract/subject.ts'

/**
 * Returns the promises of every Latchkey store, as a list of named cases for any test runner, in Node and in pages.
 * Each case has its own place. Run them one after the other, because some pollute `Object.prototype` for a moment,
 * which the whole process sees.
 *
 * @example
 * const subject: StoreSubject = {
 *   place() {
 *     const store = memoryStore()
 *     return { open: () => store }
 *   },
 *   lacks: ['sharing', 'subscribe'],
 * }
 * test.for(storeContract())('$name', async ({ run }, { skip }) => {
 *   if ((await run(subject)) === 'skipped') skip()
 * })
 */
export function storeContract(): StoreCase[] {
  return [
    ...sessionCases,
    ...nameCases,
    ...garbageCases,
    ...lockCases,
    ...changeCases,
    ...managerCases,
  ]
}
