import type { Cookies, SetCookie } from 'cookie'

/** The cookies of one exchange with a browser, or of one page. */
export interface Jar {
  /** As the browser's next request would bring them: what was written here counts already. */
  read(): Cookies
  /** @throws {StoreError} `ERR_STORE_DENIED`. */
  write(cookie: WrittenCookie): void
  /** What a cookie written here should be; `Secure` and its life are the store's matter. */
  readonly attributes: Pick<SetCookie, 'httpOnly' | 'sameSite'>
}

interface WrittenCookie {
  name: string
  /** Undefined: to be removed. */
  value: string | undefined
  /** As a `Set-Cookie` header has it. */
  line: string
}
