import { adapterContract, type AdapterSubject } from '@latchkey/testing/adapter-contract'
import * as ky from 'ky'
import { describe, inject, test } from 'vitest'
import { kySubject } from '../test/support/ky-subject.ts'

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

describe('ky, in a browser', () => {
  runContract(kySubject(ky, BROWSER))
})
