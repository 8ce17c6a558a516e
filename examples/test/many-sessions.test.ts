import { expect, test } from 'vitest'
import { runScript } from './support/run-script.ts'

test('four sessions in one store stay apart: at first, when all expire, and when one ends', async () => {
  const { code, output } = await runScript('many-sessions/src/main.ts', [], {})
  expect(output).toContain('At first:     12 of 12 requests')
  expect(output).toContain('All expired:  12 of 12 requests')
  expect(output).toContain('sign-ins: 2, renewals: 2, machine tokens: 2, PowerAuth tokens: 1')
  expect(output).toContain('Ada is out:   9 of 9 requests')
  expect(output).toContain('Ada gets ERR_SIGN_IN_REQUIRED')
  const [before = '', after = ''] = [...output.matchAll(/One store: +(.*)/g)].map(([, all]) => all)
  const names = (list: string) => list.split(', ').map((name) => name.replace(/\/.*\//, '/'))
  const rest = ['grace@example.com', 'machine', 'powerauth/balance']
  expect(names(before).toSorted()).toEqual(['ada@example.com', ...rest])
  expect(names(after).toSorted()).toEqual(rest)
  expect(code).toBe(0)
})
