import { Axios, type InternalAxiosRequestConfig } from 'axios'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createAddressReader, ownHeaders } from '../src/request.ts'

const bases = [
  undefined,
  '',
  '/',
  '/api',
  '//evil.test',
  'https://api.test',
  'https://api.test/',
  'https://api.test//',
  'https://api.test/v2',
  'https://api.test/v2/',
  'https://api.test/v2?key=',
  'https://api.test@evil.test',
]
const urls = [
  undefined,
  '',
  '/',
  '//',
  '///',
  'items',
  '/items',
  '/items/',
  '//evil.test/items',
  '///evil.test/items',
  '/\\evil.test',
  '/\t/evil.test',
  '/https://evil.test',
  '@evil.test/',
  '/@evil.test/',
  'https://evil.test/items',
  'HTTPS://evil.test/items',
  '?page=2',
]

describe.each(bases)('with the base %j', (baseURL) => {
  test.each(urls)('%j is the URL that axios requests', (url) => {
    for (const allowAbsoluteUrls of [undefined, true, false]) {
      const config = { url, baseURL, allowAbsoluteUrls } as InternalAxiosRequestConfig
      expect(createAddressReader()(config)?.url).toBe(new Axios({}).getUri(config))
    }
  })
})

test('parameters are part of the URL, as axios serialises them', () => {
  const config = { url: '/items', baseURL: 'https://api.test', params: { page: 2, of: ['a', 'b'] } }
  const read = createAddressReader()(config as unknown as InternalAxiosRequestConfig)?.url
  expect(read).toBe(new Axios({}).getUri(config))
  expect(read).toContain('page=2')
})

test('an adapter may call the serializer, as those of axios 0 do', () => {
  const config = { url: '/items', params: { page: 2 } } as unknown as InternalAxiosRequestConfig
  const { paramsSerializer: serialize } = createAddressReader()(config)?.changes ?? {}
  expect((serialize as unknown as () => string)()).toBe('page=2')
})

test('a user in a relative URL is a credential, also in a frame without an address', () => {
  vi.stubGlobal('document', { baseURI: 'https://api.test/' })
  vi.stubGlobal('location', { href: 'about:srcdoc' })
  onTestFinished(() => void vi.unstubAllGlobals())
  const config = { headers: {} } as InternalAxiosRequestConfig
  expect(ownHeaders(config, '//ada:secret@api.test/items').has('authorization')).toBe(true)
})
