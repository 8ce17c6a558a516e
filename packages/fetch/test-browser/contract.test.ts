import { adapterContract, type AdapterSubject } from '@latchkey/testing/adapter-contract'
import { describe, inject, test } from 'vitest'
import { fetchSubject } from '../test/support/fetch-subject.ts'

/** What Chromium does not let a page do. */
const BROWSER = {
  hidesRedirects: true,
  hasNoAsyncContext: true,
  resendsOnReset: true,
  maxConnections: 6,
}

function runContract(subject: AdapterSubject): void {
  const cases = adapterContract().map((one) => [one.name, one] as const)
  test.for(cases)('%s', async ([, { run }], { expect }) => {
    await expect(run(subject, { url: inject('controlUrl') })).resolves.toBeUndefined()
  })
}

describe('fetch, in a browser', () => {
  runContract(fetchSubject(BROWSER))
})
