import { describe, expect, test, vi } from 'vitest'
import { canRedraw, createScreen, type Output, wantsColors } from '../demo/src/screen.ts'
import { clientWith, recordAt } from './support/record.ts'

const terminal = { isTTY: true, columns: 80, rows: 24, write: () => true }
const pipe = { write: () => true }

type Case = [where: string, output: Output, env: Record<string, string>, expected: boolean]

describe('redrawing in place', () => {
  test.each<Case>([
    ['in a terminal', terminal, {}, true],
    ['in a pipe', pipe, {}, false],
    ['in CI', terminal, { CI: 'true' }, false],
    ['in a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['in a narrow terminal', { ...terminal, columns: 77 }, {}, false],
    ['in a low terminal', { ...terminal, rows: 19 }, {}, false],
  ])('%s', (_, output, env, expected) => {
    expect(canRedraw(output, env)).toBe(expected)
  })
})

describe('colours', () => {
  test.each<Case>([
    ['in a terminal', terminal, {}, true],
    ['with NO_COLOR', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['in a pipe', pipe, {}, false],
    ['with FORCE_COLOR in a pipe', pipe, { FORCE_COLOR: '1' }, true],
    ['with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['in a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ])('%s', (_, output, env, expected) => {
    expect(wantsColors(output, env)).toBe(expected)
  })
})

test('at the end the picture is removed from the screen, and the cursor is visible again', () => {
  vi.useFakeTimers()
  try {
    let written = ''
    const output = { ...terminal, write: (text: string) => void (written += text) }
    const record = recordAt(0)
    clientWith(record, 'ky', {})
    const stop = createScreen(output, {}).watch(record)
    vi.advanceTimersByTime(1000)
    stop()
    expect(written.startsWith('\u001B[?25l')).toBe(true)
    expect(written.endsWith('\u001B[J\u001B[?25h')).toBe(true)
    const length = written.length
    vi.advanceTimersByTime(1000)
    expect(written).toHaveLength(length)
  } finally {
    vi.useRealTimers()
  }
})

test('a log has a line for each second and for each event, and no control characters', () => {
  vi.useFakeTimers()
  try {
    const lines: string[] = []
    const output = { ...pipe, write: (text: string) => void lines.push(text) }
    let now = 0
    const record = { ...recordAt(0), now: () => now }
    clientWith(record, 'ky', { requests: 3, waited: 1 })
    const stop = createScreen(output, {}).watch(record)
    const pass = (ms: number) => {
      now += ms
      vi.advanceTimersByTime(ms)
    }
    pass(1000)
    record.notes.push({ at: 1500, kind: 'token', text: 'token 1' })
    pass(1000)
    stop()
    expect(lines).toEqual([
      '\n',
      '    1.0 s  ky 3 requests; 1 waited, 0 replays, 0 failed\n',
      '    1.5 s  token 1\n',
      '    2.0 s  ky 3 requests; 1 waited, 0 replays, 0 failed\n',
    ])
  } finally {
    vi.useRealTimers()
  }
})
