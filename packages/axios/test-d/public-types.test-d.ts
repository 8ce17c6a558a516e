import { apiToken, bearer, createTokenManager } from '@latchkey/core'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import { Api } from 'nocodb-sdk'
import { expectTypeOf, test } from 'vitest'
import { type AxiosLike, registerAuth } from '../src/index.ts'

const origin = 'https://api.test'
const manager = createTokenManager({ origin, scheme: bearer(), grants: [apiToken('x')] })

test('registerAuth() accepts instances of axios and does not change their type', () => {
  const api = axios.create({ baseURL: origin })
  expectTypeOf(registerAuth(api, manager)).toEqualTypeOf<() => void>()
  registerAuth(axios, manager)
  axiosRetry(api, { retries: 1 })
  registerAuth(api, manager)()
})

test("registerAuth() accepts the instance inside NocoDB's SDK, which has its own copy of axios", () => {
  registerAuth(new Api({ baseURL: origin }).instance, manager)
})

test('registerAuth() accepts any object with interceptors like theirs', () => {
  expectTypeOf(registerAuth).toBeCallableWith({} as AxiosLike<{ url: string }>, manager)
})

test('misuse does not compile', () => {
  const api = axios.create()
  // @ts-expect-error without a manager it would send bare
  registerAuth(api)
  // @ts-expect-error the instance comes first
  registerAuth(manager, api)
  // @ts-expect-error options are not an instance
  registerAuth({ baseURL: origin }, manager)
})
