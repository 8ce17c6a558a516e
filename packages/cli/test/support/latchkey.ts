import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buffer, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { fileStoreDirectory } from '@latchkey/stores/file'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'

/** The command itself, for tests that start it in their own way. */
export const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Ended {
  code: number | null
  stdout: string
  /** The same, as it came. */
  bytes: Buffer
  stderr: string
}

/** A person's machine: a home of its own, and the command in it. */
export interface Home {
  folder: string
  /** The environment that the command runs in. */
  env: Env
  /** The directory of the sessions, once there is one. */
  sessions(): string
  /** Runs the command without a terminal, `stdin` piped into it. */
  run(args: readonly string[], options?: { stdin?: string; env?: Env }): Promise<Ended>
  /** Runs it into a shell's command, and gives how it ended itself. */
  pipeInto(args: readonly string[], command: string): Promise<Pick<Ended, 'code' | 'stderr'>>
  /** Runs it in a pseudo-terminal, and types each answer once its question shows. */
  type(args: readonly string[], answers: readonly Answer[], env?: Env): Promise<Screen>
  /** As `type`, with its stdout piped into a shell's command. */
  typeInto(args: readonly string[], command: string, answers: readonly Answer[]): Promise<Screen>
  remove(): void
}

/** What is typed once a question shows, or what a person does elsewhere then. */
type Answer = readonly [question: string, answer: string | ((shown: string) => unknown)]

interface Screen {
  code: number
  /** Everything the terminal showed, without control sequences. */
  shown: string
  raw: string
  /** What is left on the screen at the end. */
  screen: string
}

type Env = Record<string, string>

export function createHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey cli '))
  const clean = Object.entries(process.env).filter(
    ([name]) =>
      !/^(NOCODB_|LATCHKEY_|XDG_|NODE_|FORCE_COLOR$|CI$|BROWSER$|(https?|no)_proxy$)/i.test(name),
  )
  const base = {
    ...Object.fromEntries(clean),
    HOME: folder,
    LOCALAPPDATA: folder,
    NO_COLOR: '1',
  } as Env
  return {
    folder,
    env: base,
    sessions: () => fileStoreDirectory(base),
    async run(args, { stdin = '', env = {} } = {}) {
      const child = spawn(process.execPath, [main, ...args], { env: { ...base, ...env } })
      child.stdin.on('error', () => undefined) // it may end without reading
      child.stdin.end(stdin)
      const [bytes, stderr] = await Promise.all([
        buffer(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      return { code: child.exitCode, stdout: bytes.toString(), bytes, stderr }
    },
    async pipeInto(args, command) {
      const script = `"$@" | ${command}; exit "\${PIPESTATUS[0]}"`
      const words = ['-c', script, 'bash', process.execPath, main, ...args]
      const child = spawn('bash', words, { env: base })
      const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
      return { code: child.exitCode, stderr }
    },
    type: (args, answers, env = {}) =>
      typeAnswers([process.execPath, main, ...args], answers, { ...base, ...env }),
    typeInto(args, command, answers) {
      const words = ['bash', '-c', `"$@" | ${command}`, 'bash', process.execPath, main]
      return typeAnswers([...words, ...args], answers, base)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function typeAnswers(
  [file = '', ...args]: readonly string[],
  answers: readonly Answer[],
  env: Env,
): Promise<Screen> {
  const terminal = pty.spawn(file, args, { cols: 120, rows: 50, env })
  const waiting = [...answers]
  const emulator = new xterm.Terminal({ cols: 120, rows: 50, allowProposedApi: true })
  let raw = ''
  let shown = ''
  let asked = 0
  terminal.onData((data) => {
    raw += data
    emulator.write(data)
    // oxlint-disable-next-line no-control-regex -- terminals speak in control sequences
    shown += data.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, '')
    const [next] = waiting
    const at = next ? shown.indexOf(next[0], asked) : -1
    if (!next || at < 0) return
    asked = at + next[0].length
    waiting.shift()
    if (typeof next[1] === 'function') return void next[1](shown)
    // A control character, such as Ctrl-C, is a key of its own.
    terminal.write(next[1] < ' ' ? next[1] : `${next[1]}\r`)
  })
  return new Promise((resolve) => {
    terminal.onExit(({ exitCode }) => {
      // An empty write comes after everything before it has been drawn.
      emulator.write('', () => resolve({ code: exitCode, shown, raw, screen: screenOf(emulator) }))
    })
  })
}

function screenOf(emulator: xterm.Terminal): string {
  const { active } = emulator.buffer
  const lines = Array.from({ length: active.length }, (_, at) =>
    active.getLine(at)?.translateToString(true),
  )
  return lines.join('\n').trim()
}
