import { LatchkeyError } from '@latchkey/core'
import { expect, it } from 'vitest'
import { ExitCode } from '../src/exit-code.ts'
import { exitCodeOf } from '../src/failure.ts'

it.each([
  ['ERR_REPLAY_TOO_LATE', 'unavailable'], // its message: send it again
  ['ERR_FRESH_TOKEN_REJECTED', 'signedOut'],
] as const)('the exit code of %s is that of "%s"', (code, name) => {
  expect(exitCodeOf(new LatchkeyError(code, 'x'))).toBe(ExitCode[name])
})
