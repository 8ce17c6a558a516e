import { cookieStore } from '@latchkey/stores/cookie'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { parseCookie } from 'cookie'
import { afterEach, describe, expect, test } from 'vitest'

const cookieOf = (of: string) => `__Host-latchkey.app.${encodeURIComponent(of)}`

function removeCookies(): void {
  for (const cookie of Object.keys(parseCookie(document.cookie))) {
    document.cookie = `${cookie}=; Path=/; Secure; Max-Age=0`
  }
}

afterEach(removeCookies)

const page: StoreSubject = {
  place() {
    removeCookies()
    return {
      open: () => cookieStore({ document }),
      read: (of) => parseCookie(document.cookie)[cookieOf(of)],
      write(of, text) {
        document.cookie = `${cookieOf(of)}=${encodeURIComponent(text)}; Path=/; Secure`
        if (parseCookie(document.cookie)[cookieOf(of)] !== text) throw new Error('Refused.')
      },
    }
  },
  lacks: ['subscribe'],
}

describe('document.cookie of Chromium', () => {
  test.for(storeContract().map((one) => [one.name, one] as const))(
    '%s',
    async ([, { run }], { skip }) => {
      const outcome = await run(page)
      skip(outcome === 'skipped')
      expect(outcome).toBeUndefined()
    },
  )
})
