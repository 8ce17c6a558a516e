import * as msw from '@latchkey/testing/msw'
import * as node from '@latchkey/testing/node'
import * as testing from '@latchkey/testing'
import { expect, test } from 'vitest'

test('the doors of the package are these', () => {
  expect(Object.keys(testing)).toEqual(['createNocoDBDouble', 'serverVersions'])
  expect(Object.keys(node)).toEqual(['listen'])
  expect(Object.keys(msw)).toEqual(['nocodbHandlers'])
})
