import { expect, test } from 'vitest'
import { runScript } from './support/run-script.ts'

test('eight tool calls after a revocation make one token request', async () => {
  const { code, output } = await runScript('mcp/src/main.ts', [], {})
  expect(output).toContain('Tools: whoami')
  expect(output).toContain('8 calls: [{"type":"text","text":"example"}]')
  expect(output).toContain('Token requests for them: 1')
  expect(code).toBe(0)
})
