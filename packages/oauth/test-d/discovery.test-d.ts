import { expectTypeOf, test } from 'vitest'
import { discoverResource, registerClient } from '../src/discovery.ts'
import { oauth, type OAuth } from '../src/index.ts'

test('what is found out can be spread into the options of oauth()', async () => {
  const found = await discoverResource('https://mcp.example.com/mcp')
  const registered = await registerClient(found.issuer, { clientName: 'An agent' })
  expectTypeOf(oauth({ ...found, ...registered, scope: 'read' })).toEqualTypeOf<OAuth>()
})

test('misuse does not compile', () => {
  // @ts-expect-error an address as text, so that it can be compared with what the API calls itself
  void discoverResource(new URL('https://mcp.example.com/mcp'))
  // @ts-expect-error no such way of authentication
  void registerClient('https://login.example.com', { clientAuthentication: 'jwt' })
})
