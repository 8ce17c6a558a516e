import { bearer } from '@latchkey/core'
import { describe } from 'vitest'
import { runContract } from './support/run-contract.ts'
import { subjects } from './support/subjects.ts'

describe.each(subjects)('$name and OAuth', ({ subject }) => {
  runContract({ ...subject, scheme: bearer() })
})
