import * as contract from '@latchkey/testing/adapter-contract'
import * as msw from '@latchkey/testing/msw'
import * as node from '@latchkey/testing/node'
import * as storeContract from '@latchkey/testing/store-contract'
import * as testing from '@latchkey/testing'
import { expect, test } from 'vitest'

test('the doors of the package are these', () => {
  expect(Object.keys(testing).toSorted()).toEqual([
    'createJwtDouble',
    'createNocoDBDouble',
    'createOAuthDouble',
    'serverVersions',
  ])
  expect(Object.keys(node).toSorted()).toEqual(['listen', 'startContractServers'])
  expect(Object.keys(contract)).toEqual(['adapterContract'])
  expect(Object.keys(storeContract)).toEqual(['storeContract'])
  expect(Object.keys(msw)).toEqual(['doubleHandlers', 'nocodbHandlers'])
})
