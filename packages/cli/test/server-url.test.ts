import { describe, expect, it } from 'vitest'
import { readServerUrl } from '../src/server-url.ts'

const isNocoDB = true

describe('the URL of a server', () => {
  it.each([
    ['https://nocodb.example.com/', 'https://nocodb.example.com'],
    ['https://NOCODB.example.com:443', 'https://nocodb.example.com'],
    [' https://example.com/nocodb// ', 'https://example.com/nocodb'],
    ['https://example.com/dashboard/#/nc/p1/m2', 'https://example.com'],
    ['https://example.com/nocodb/dashboard#/signin', 'https://example.com/nocodb'],
    ['https://app.nocodb.com/#/w1/p2?view=3', 'https://app.nocodb.com'],
    ['http://localhost:8080/dashboard', 'http://localhost:8080'],
  ])('%s is %s', (given, url) => {
    expect(readServerUrl(given, { isNocoDB })).toBe(url)
  })

  it('keeps /dashboard for a server that is not NocoDB', () => {
    expect(readServerUrl('https://example.com/dashboard')).toBe('https://example.com/dashboard')
  })

  it.each([
    ['nocodb.example.com', 'Do you mean https://nocodb.example.com?'],
    ['localhost:8080', 'Do you mean http://localhost:8080?'],
    ['ftp://example.com', 'such as https://'],
    ['http://192.168.1.5:8080', '--allow-insecure'],
  ])('%s is refused, and the message names what to do', (given, advice) => {
    expect(() => readServerUrl(given)).toThrow(advice)
  })

  it('may be plain http to another machine if the user allows it', () => {
    expect(readServerUrl('http://192.168.1.5:8080', { allowInsecure: true })).toMatch(/^http:/)
  })

  it.each(['https://ada:CANARY-7f3a@example.com', 'ada:CANARY-7f3a@example.com'])(
    'holds no password, and none is repeated: %s',
    (given) => {
      expect(() => readServerUrl(given)).toThrow(/^(?!.*CANARY)/s)
    },
  )
})
