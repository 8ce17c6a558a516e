import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { main } from './support/latchkey.ts'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)

describe('run', () => {
  const show = [
    '-e',
    'console.log(JSON.stringify([process.env.LATCHKEY_HEADER, process.argv.slice(1)]))',
  ]

  it('puts the token into the environment, not into the arguments', async () => {
    await scene.signIn()
    const { stdout } = await run('run', '--', process.execPath, ...show, 'one', '--two')
    expect(JSON.parse(stdout)).toEqual([expect.stringMatching(/^xc-auth: eyJ/), ['one', '--two']])
  })

  it('exits with the exit code of the command', async () => {
    await scene.signIn()
    expect((await run('run', '--', process.execPath, '-e', 'process.exit(7)')).code).toBe(7)
    const kill = 'process.kill(process.pid, "SIGTERM")'
    expect((await run('run', '--', process.execPath, '-e', kill)).code).toBe(143)
  })

  it('a command that does not exist ends with 127, as under env and nohup', async () => {
    await scene.signIn()
    expect((await run('run', '--', 'no-such-command')).code).toBe(127)
  })

  it('an API token is also in the variables that nocodbFromEnv reads', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    await scene.home.run(['sign-in', scene.url, '--api-token', '--stdin'], { stdin: token })
    const code = 'console.log(process.env.NOCODB_URL, process.env.NOCODB_API_TOKEN)'
    const { stdout } = await run('run', '--', process.execPath, '-e', code)
    expect(stdout).toBe(`${scene.url} ${token}\n`)
  })

  it('Ctrl-C in a terminal reaches the command once', async () => {
    await scene.signIn()
    const { shown, code } = await scene.home.type(
      ['run', '--', process.execPath, '-e', countUntilTerminated],
      [
        ['ready', '\u0003'],
        ['got 1', 'go on'],
      ],
    )
    expect(shown).toContain('total 1')
    expect(code).toBe(5)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s from a supervisor reaches the command',
    async (signal) => {
      await scene.signIn()
      const args = [main, 'run', '--', process.execPath, '-e', countSignals(signal)]
      const child = spawn(process.execPath, args, { env: scene.home.env, stdio: 'pipe' })
      const ended = once(child, 'close')
      let shown = ''
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        shown += chunk
        if (shown.endsWith('ready\n')) child.kill(signal)
        if (shown.endsWith('got 1\n')) child.stdin.end('go on\n')
      }
      await ended
      expect(shown).toContain('total 1')
      expect(child.exitCode).toBe(5)
    },
  )
})

/** A command that counts a signal until it reads a line. */
const countSignals = (signal: string) => `
  let got = 0
  process.on('${signal}', () => console.log('got', (got += 1)))
  process.stdin.once('data', () => { console.log('total', got); process.exit(5) })
  console.log('ready')`

/** One that counts Ctrl-C until what its parent was sent after it has come: then it has had all of it. */
const countUntilTerminated = `
  let got = 0
  process.on('SIGINT', () => console.log('got', (got += 1)))
  process.on('SIGTERM', () => { console.log('total', got); process.exit(5) })
  process.stdin.once('data', () => process.kill(process.ppid, 'SIGTERM'))
  console.log('ready')`
