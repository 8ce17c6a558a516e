import { describe, expect, it } from 'vitest'
import { createProgram } from '../src/program.ts'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const program = createProgram()
const leaves = program.commands.flatMap((command) =>
  command.commands.length > 0
    ? command.commands.map((leaf) => [command.name(), leaf.name()])
    : [[command.name()]],
)

describe('help', () => {
  it.each(leaves)('%s %s shows examples', async (...words) => {
    const { code, stdout } = await scene.home.run([...words.filter(Boolean), '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Examples:\n {2}\S/)
  })

  it('an unknown command ends with 2 and suggests a known one', async () => {
    const { code, stderr } = await scene.home.run(['tokn'])
    expect(code).toBe(2)
    expect(stderr).toContain('Did you mean token?')
  })
})

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])(
    'complete %s prints a completion script',
    async (shell) => {
      const { code, stdout } = await scene.home.run(['complete', shell])
      expect(code).toBe(0)
      expect(stdout).toContain('latchkey')
    },
  )

  it('commands and options are completed', async () => {
    expect((await scene.home.run(['complete', '--', 'sign-'])).stdout).toContain('sign-out')
    expect((await scene.home.run(['complete', '--', 'token', '--h'])).stdout).toContain('--header')
  })
})

describe('secrets', () => {
  const commands = [
    ['status'],
    ['status', '--json'],
    ['doctor'],
    ['use', ada.email],
    ['api-tokens', 'list'],
    ['request', 'GET', '/api/v2/meta/bases', '--verbose'],
    ['sign-out'],
  ]
  it.each(commands)('%s %s %s prints neither token nor password', async (...words) => {
    await scene.signIn()
    scene.double.control.createApiToken(ada.email, 'one')
    const token = (await scene.home.run(['token'])).stdout.trim()
    const { stdout, stderr } = await scene.home.run(words.filter(Boolean))
    for (const secret of [token, ada.password]) expect(stdout + stderr).not.toContain(secret)
  })

  it('no option takes a secret, because every user of the machine can read arguments', () => {
    const every = program.commands.flatMap((command) => [command, ...command.commands])
    const flags = every.flatMap(({ options }) => options.map((option) => option.flags))
    expect(flags.length).toBeGreaterThan(30)
    expect(flags.filter((flag) => /(password|token|secret) [<[]/.test(flag))).toEqual([])
  })
})

describe('output', () => {
  it('does not repeat the value of an unknown option', async () => {
    const { code, stderr } = await scene.home.run(['sign-in', '--password=CANARY-7f3a'])
    expect(code).toBe(2)
    expect(stderr).toContain("unknown option '--password'")
    expect(stderr).not.toContain('CANARY')
  })

  it('removes control characters from a name that the server sent', async () => {
    await scene.signIn()
    scene.double.control.createApiToken(ada.email, 'one\u001B[2J\nID')
    const { stdout } = await scene.home.run(['api-tokens', 'list'])
    expect(stdout).toMatch(/^ID .*\n\d+ +one ID\n$/)
  })
})

describe('colours', () => {
  it.each([
    [{ CI: 'true' }, false],
    [{ FORCE_COLOR: '0' }, false],
    [{ FORCE_COLOR: '1' }, true],
  ])('in a pipe with %j, colours are on: %j', async (env, isColoured) => {
    const { stdout } = await scene.home.run(['doctor'], { env: { NO_COLOR: '', ...env } })
    expect(stdout.includes('\u001B[')).toBe(isColoured)
  })

  it('are off on a dumb terminal', async () => {
    const { raw } = await scene.home.type(['doctor'], [], { NO_COLOR: '', TERM: 'dumb' })
    expect(raw).not.toContain('\u001B[3')
  })

  it('are on in a terminal and off in a pipe', async () => {
    await scene.signIn()
    expect((await scene.home.run(['doctor'], { env: { NO_COLOR: '' } })).stdout).not.toContain(
      '\u001B[',
    )
    expect((await scene.home.type(['doctor'], [], { NO_COLOR: '' })).raw).toContain('\u001B[32m')
    expect((await scene.home.type(['doctor'], [])).raw).not.toContain('\u001B[32m')
  })
})
