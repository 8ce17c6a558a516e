import { apiToken, bearer, createTokenManager } from '@latchkey/core'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import { Api } from 'nocodb-sdk'
import { expectTypeOf, test } from 'vitest'
import { type AxiosLike, registerAuth } from '../src/index.ts'

const origin = 'https://api.test'
const manager = createTokenManager({ origin, scheme: bearer(), grants: [apiToken('x')] })

test('instances of axios are taken, and given back as they were', () => {
  const api = axios.create({ baseURL: origin })
  expectTypeOf(registerAuth(api, manager)).toEqualTypeOf<() => void>()
  registerAuth(axios, manager)
  axiosRetry(api, { retries: 1 })
  registerAuth(api, manager)()
})

test("so is the instance inside NocoDB's own SDK, which has a copy of axios for itself", () => {
  registerAuth(new Api({ baseURL: origin }).instance, manager)
})

test('and whatever has interceptors like theirs', () => {
  expectTypeOf(registerAuth).toBeCallableWith({} as AxiosLike<{ url: string }>, manager)
})

test('misuse does not compile', () => {
  const api = axios.create()
  // @ts-expect-error without a manager it would send bare
  registerAuth(api)
  // @ts-expect-error the instance comes first
  registerAuth(manager, api)
  // @ts-expect-error options are no instance
  registerAuth({ baseURL: origin }, manager)
})
