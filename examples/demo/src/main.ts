import { parseArguments, help, UsageError, type Arguments } from './arguments.ts'
import { reasonOf } from './load.ts'
import { runDemo } from './run.ts'
import { createScreen, type Screen } from './screen.ts'
import { openDouble } from './targets/double.ts'
import { openNocoDB } from './targets/nocodb.ts'
import { openOwn } from './targets/own.ts'
import type { Target } from './targets/target.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const screen = createScreen(process.stdout, process.env)
  try {
    const wanted = parseArguments(argv)
    if (wanted.help) {
      screen.say(help)
      return 0
    }
    return await demonstrate(wanted, screen)
  } catch (error) {
    const { red } = screen.colors
    console.error(`${red('✗')} ${reasonOf(error, () => undefined)}`)
    if (!(error instanceof UsageError)) return 1
    console.error('  npm run demo -- --help tells what there is.')
    return 2
  }
}

async function demonstrate(wanted: Arguments, screen: Screen): Promise<number> {
  const { bold, dim } = screen.colors
  screen.say(`\n  ${bold('Latchkey')}  axios, ky and fetch share one session\n`)
  const target = await open(wanted, screen)
  for (const line of target.about) screen.say(`  ${dim(line)}`)
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    const { seconds } = wanted
    const { failures } = await runDemo(target, { seconds, screen, signal: stop.signal })
    return failures.length > 0 ? 1 : 0
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    await target.close()
  }
}

function open({ target, url = '' }: Arguments, { say }: Screen): Promise<Target> {
  if (target === 'double') return openDouble()
  if (target === 'nocodb') return openNocoDB(say)
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY
  return openOwn({ url, env: process.env, say, isInteractive })
}
