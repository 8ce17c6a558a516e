import { StoreError } from './store-error.ts'

/**
 * Returns `app` if it is safe inside a key or a cookie's name.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`.
 */
export function checkApp(app: string): string {
  if (typeof app === 'string' && /^[\w-]{1,64}$/.test(app)) return app
  throw new StoreError(
    'ERR_INVALID_OPTION',
    '`app` must be 1 to 64 letters, digits, `_` or `-`: a short name for your app.',
  )
}
