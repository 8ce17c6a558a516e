import { stdin, stderr } from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

interface TextQuestion {
  /** What the answer already is, to be changed or taken. */
  initial?: string | undefined
  /** Throws when an answer is none; its message is shown, and the question stays. */
  check?(answer: string): unknown
}

/**
 * Asks on the terminal; the questions go to stderr, so that stdout stays the command's own.
 *
 * @param option What to use where there is no terminal.
 */
export async function ask(
  question: string,
  option: string,
  { initial, check }: TextQuestion = {},
): Promise<string> {
  refuseWithoutTerminal(question, option)
  const { text } = await import('@clack/prompts')
  const validate = (answer: string | undefined) => {
    if (!answer?.trim()) return 'Please answer.'
    try {
      check?.(answer)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : 'Please give another answer.'
    }
  }
  const answer = await text({
    message: question,
    output: stderr,
    validate,
    ...(initial !== undefined && { initialValue: initial }),
  })
  return given(answer).trim()
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
      `Pipe the ${what} into this command. Without --stdin you are asked for it.`,
    )
  }
  const secret = (await readAll(stdin)).replace(/\r?\n$/, '')
  if (secret === '') throw new Failure(ExitCode.usage, `stdin is empty: pipe in the ${what}.`)
  if (!/[\r\n]/.test(secret)) return secret
  throw new Failure(ExitCode.usage, `stdin has more than one line: pipe in the ${what} alone.`)
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
