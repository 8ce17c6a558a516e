import { stdin, stderr } from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** Asks on the terminal; the questions go to stderr, so that stdout stays the command's own. */
export async function ask(question: string, option: string, initial?: string): Promise<string> {
  refuseWithoutTerminal(question, option)
  const { text } = await import('@clack/prompts')
  const validate = (answer: string | undefined) => (answer ? undefined : 'Please answer.')
  const answer = await text({
    message: question,
    output: stderr,
    validate,
    ...(initial !== undefined && { initialValue: initial }),
  })
  return given(answer)
}

/** Asks for a secret, which does not show while it is typed. */
export async function askSecret(question: string, option: string): Promise<string> {
  refuseWithoutTerminal(question, option)
  const { password } = await import('@clack/prompts')
  const validate = (answer: string | undefined) => (answer ? undefined : 'Please answer.')
  return given(await password({ message: question, output: stderr, validate }))
}

/** A secret from stdin, without the line break that `echo` adds. */
export async function readSecret(what: string): Promise<string> {
  if (stdin.isTTY) {
    throw new Failure(
      ExitCode.usage,
      `Pipe the ${what} into this command, or leave the option out and be asked.`,
    )
  }
  const secret = (await readAll(stdin)).replace(/\r?\n$/, '')
  if (secret) return secret
  throw new Failure(ExitCode.usage, `There is no ${what} on stdin.`)
}

function given(answer: string | symbol): string {
  if (typeof answer === 'string') return answer
  throw new Failure(ExitCode.interrupted, 'Nothing was changed.')
}

function refuseWithoutTerminal(question: string, option: string): void {
  if (stdin.isTTY && stderr.isTTY) return
  throw new Failure(
    ExitCode.usage,
    `"${question}" cannot be asked without a terminal. Use ${option}.`,
  )
}
