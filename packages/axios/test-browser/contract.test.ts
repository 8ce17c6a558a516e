import { adapterContract, type AdapterSubject } from '@latchkey/testing/adapter-contract'
import * as axios from 'axios'
import { describe, inject, test } from 'vitest'
import { axiosSubject } from '../test/support/axios-subject.ts'

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

describe('axios with the fetch adapter, in a browser', () => {
  runContract(axiosSubject(axios, { adapter: 'fetch', platform: BROWSER }))
})

// XMLHttpRequest for `Authorization`, fetch for a token in a header of its own.
describe("axios' own choice of adapter, in a browser", () => {
  runContract(axiosSubject(axios, { platform: BROWSER }))
})

// Asked for by name it is refused for any other scheme: docs/project/decisions/0008.
describe('axios with the xhr adapter, in a browser', () => {
  runContract(
    axiosSubject(axios, {
      adapter: 'xhr',
      platform: { ...BROWSER, bearerOnly: true },
    }),
  )
})
